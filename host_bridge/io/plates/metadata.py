"""What a picture's file says beside its pixels, made fit to be carried in an EXR; none of it costs a frame.

Convention:
    A text that is not UTF-8 is a str with its odd bytes as surrogates (PEP 383), from reading to writing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import OpenImageIO as oiio

from host_bridge.io.plates import timecode

STRUCTURE = frozenset(
    {
        *("channels", "compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio", "tiles", "type"),
        *("chunkCount", "maxSamplesPerPixel", "multiView", "name", "view", "version"),
        *("dwaCompressionLevel", "zipCompressionLevel"),
    }
)
"""What an output says anew, or what belongs to the storage and not to the picture."""
_NAMES = {"DateTime": "capDate", "Copyright": "owner", "ImageDescription": "comments", "Make": "cameraMake",
          "Model": "cameraModel", "ExposureTime": "expTime", "FNumber": "aperture"}  # fmt: skip
# OpenEXR gives these a type of their own, and what a picture calls so is text or a number.
_TYPED = frozenset(
    {
        *("chromaticities", "adoptedNeutral", "envmap", "keyCode", "timeCode", "framesPerSecond", "worldToCamera"),
        *("worldToNDC", "deepImageState", "originalDataWindow", "sensorCenterOffset", "sensorOverallDimensions"),
        *("sensorPhotositePitch", "sensorAcquisitionRectangle", "imageCounter", "isoSpeed", "colorInteropID"),
        *("screenWindowCenter", "screenWindowWidth"),
    }
)
_DROPPED = frozenset({"PixelAspectRatio", "ResolutionUnit", "XResolution", "YResolution", "Orientation", "CICP"})
_LONGEST_NAME_BYTES = 255
_INT32 = 2**31
_log = logging.getLogger(__name__)


def of_image(spec: oiio.ImageSpec) -> dict[str, Any]:
    """Texts and numbers of a picture, under OpenEXR's names."""
    kept: dict[str, Any] = {}
    for attribute in spec.extra_attribs:
        try:
            name, value = str(attribute.name), attribute.value
        except (UnicodeError, ValueError, RuntimeError) as error:
            _log.debug("an attribute cannot be read and is left out: %s", error)
            continue
        if isinstance(value, str | int | float) and not name.startswith(("oiio:", "ICCProfile", "art3d/")):
            kept[_NAMES.get(name, name)] = value
    unfit = STRUCTURE | _TYPED | _DROPPED
    return {**fit({name: value for name, value in kept.items() if name not in unfit}), **timecode.of_image(spec)}


def fit(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts and numbers under names, and in a size, that an EXR can hold."""
    named = {_fit_name(name): value for name, value in values.items()}
    return {name: _fit_number(value) for name, value in named.items() if name}


def _fit_number(value: str | int | float) -> str | int | float:
    """Whole numbers have 32 bits in an EXR; a larger one is said as text."""
    return str(value) if isinstance(value, int) and not -_INT32 <= value < _INT32 else value


def _fit_name(name: str) -> str:
    """An attribute's name in UTF-8 and no longer than OpenEXR allows; odd bytes become "?"."""
    clean = name.replace("\0", "?").encode("utf-8", "replace")
    return clean[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore")
