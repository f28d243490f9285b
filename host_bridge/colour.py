"""Colour: the plate's values stay; only the small copy that networks look at becomes display-referred.

Convention:
    A plate's input space is explicit: `--input-space`, else the file's own tag, else scene-linear Rec.709. The look
    copy goes through $OCIO, else through the built-in config named here, to the un-tone-mapped display view.
"""

from __future__ import annotations

import difflib
import functools
import logging
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio

from host_bridge.errors import BadInputError
from host_bridge.frame import Array

LINEAR_REC709 = "lin_rec709_scene"
SRGB = "srgb_rec709_scene"
CINEON = "Cineon"
BUILT_IN_CONFIG = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
LOOK_SIDE_PX = 1024
UNTONED_VIEW = "Un-tone-mapped"
_SAME = {
    LINEAR_REC709: ("lin_rec709", "lin_srgb", "Linear Rec.709 (sRGB)", "Utility - Linear - sRGB", "linear"),
    SRGB: ("srgb_texture", "sRGB", "Utility - sRGB - Texture"),
    "lin_ap0_scene": ("ACES2065-1", "ACES - ACES2065-1"),
    "lin_ap1_scene": ("ACEScg", "ACES - ACEScg"),
    "lin_rec2020_scene": ("lin_rec2020", "Linear Rec.2020", "Utility - Linear - Rec.2020"),
    "lin_p3d65_scene": ("lin_p3d65", "Linear P3-D65", "Utility - Linear - P3-D65"),
}
_SPELLINGS = {other.lower(): space for space, others in _SAME.items() for other in (*others, space)}
_log = logging.getLogger(__name__)


def config_name() -> str:
    """The colour config in force: `$OCIO`, else the named built-in one."""
    return os.environ.get("OCIO", "").strip() or BUILT_IN_CONFIG


@functools.lru_cache(maxsize=4)
def _config(name: str) -> oiio.ColorConfig:
    config = oiio.ColorConfig(name)
    fault = config.geterror()
    if fault:
        raise BadInputError(
            f"the colour config cannot be read ({fault.splitlines()[0]})",
            where=name,
            remedy="mend or unset $OCIO",
        )
    return config


def canonical(space: str) -> str:
    """One spelling for the spaces that have many."""
    return _SPELLINGS.get(space.lower(), space)


def tagged_space(header: Mapping[str, Any]) -> str:
    """The input space that an EXR header states: `colorInteropID`, else its chromaticities, else linear Rec.709."""
    tag = header.get("colorInteropID")
    if isinstance(tag, str) and tag not in ("", "unknown", "data"):
        return canonical(tag)
    primaries = header.get("chromaticities")
    if primaries is None:
        return LINEAR_REC709
    known = OpenEXR.chromaticitiesToColorInteropID(primaries)
    if known is None:
        _log.warning("unknown primaries %s are looked at as Rec.709; name them with --input-space", primaries)
    return str(known or LINEAR_REC709)


def check_space(space: str) -> str:
    """The canonical name of a colour space that exists.

    Raises:
        BadInputError: neither $OCIO nor the built-in config knows it.
    """
    if canonical(space) in (*_SAME, CINEON):
        return canonical(space)
    if _locate(space) is None:
        names = _config(config_name()).getColorSpaceNames()
        near = difflib.get_close_matches(space, names, 3, 0.3) or names[:3]
        raise BadInputError(
            f"no colour space {space!r} in {config_name()}", where="--input-space", remedy=f"try {', '.join(near)}"
        )
    return space


def _locate(space: str) -> tuple[str, str] | None:
    """Config and name under which a space is known, the config in force first."""
    for config in dict.fromkeys((config_name(), BUILT_IN_CONFIG)):
        for name in (space, *_SAME.get(canonical(space), ())):
            if _config(config).getColorSpaceIndex(name) >= 0:
                return config, name
    return None


def needs_look(space: str, channels: tuple[str, ...]) -> bool:
    """Whether the host must make the look copy; a plain linear Rec.709 picture's is made by the server."""
    return bool(os.environ.get("OCIO", "").strip()) or space != LINEAR_REC709 or channels[:3] != ("R", "G", "B")


def make_look(color: Array, channels: tuple[str, ...], space: str) -> Array:
    """The small display-referred copy.

    Args:
        color: (rows, columns, C) in `space`; NaN and infinity are left out of it.
        channels: names of C.
        space: canonical input space.

    Returns:
        (rows', columns', 3) uint8, long side at most `LOOK_SIDE_PX`.
    """
    return to_display(shrink(color, LOOK_SIDE_PX), channels, space)


def to_display(color: Array, channels: tuple[str, ...], space: str) -> Array:
    """Colour as a person sees it, un-tone-mapped.

    Args:
        color: (rows, columns, C) float32 in `space`.
        channels: names of C.
        space: canonical input space.

    Returns:
        (rows, columns, 3) uint8.

    Raises:
        BadInputError: the colour config fails.
    """
    rgb = [channels.index(c) for c in "RGB"] if "G" in channels else [0, 0, 0]
    small = np.ascontiguousarray(color[..., rgb])
    found = _locate(space) or (BUILT_IN_CONFIG, LINEAR_REC709)
    display, view = _display(found[0])
    shown = oiio.ImageBufAlgo.ociodisplay(
        oiio.ImageBuf(small), display, view, fromspace=found[1], unpremult=False, colorconfig=found[0]
    )
    if shown.has_error:
        raise BadInputError(
            f"the colour config fails: {shown.geterror()}", where=found[0], remedy="mend or unset $OCIO"
        )
    pixels = np.nan_to_num(np.asarray(shown.get_pixels("float")))
    return np.ascontiguousarray((pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def _display(config: str) -> tuple[str, str]:
    display = _config(config).getDefaultDisplayName()
    views = _config(config).getViewNames(display)
    return display, UNTONED_VIEW if UNTONED_VIEW in views else _config(config).getDefaultViewName(display)


def shrink(pixels: Array, side_px: int) -> Array:
    """Block means until no side exceeds `side_px`; (rows, columns, C) float32, non-finite samples as 0."""
    step = -(-max(pixels.shape[:2]) // side_px)
    rows, columns = (max(1, size // step) for size in pixels.shape[:2])
    total = np.zeros((rows, columns, pixels.shape[2]), np.float32)
    across, down = min(step, pixels.shape[1]), min(step, pixels.shape[0])
    for y in range(down):
        for x in range(across):
            part = pixels[y::step, x::step][:rows, :columns].astype(np.float32)
            total += np.nan_to_num(part, copy=False, nan=0.0, posinf=65504.0, neginf=0.0)
    total /= across * down
    return total


def srgb_to_linear(values: Array) -> Array:
    """IEC 61966-2-1 decoding, 0..1 to 0..1; values outside are continued by symmetry."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), values)


def linear_to_srgb(values: Array) -> Array:
    """IEC 61966-2-1 encoding, the inverse of `srgb_to_linear`."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055), values)


def cineon_to_linear(values: Array) -> Array:
    """Printing density to scene-linear, black 95 and white 685 of 1023, 0.002 density a code, gamma 0.6.

    Formula: Kodak, Grayscale Transformations of Cineon Digital Film Data (1993).
    """
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    return (10 ** ((values * 1023 - 685) * 0.002 / 0.6) - black) / (1 - black)


def decode(pixels: Array, space: str) -> Array:
    """Code values 0..1 of an image format in `space`, as scene-linear Rec.709 float32.

    Raises:
        BadInputError: the config cannot convert them.
    """
    if space == LINEAR_REC709:
        return np.asarray(pixels, np.float32)
    if space in (SRGB, CINEON):
        return np.asarray((srgb_to_linear if space == SRGB else cineon_to_linear)(pixels), np.float32)
    found = _locate(check_space(space)) or (BUILT_IN_CONFIG, space)
    linear = _locate_in(found[0], LINEAR_REC709)
    out = oiio.ImageBufAlgo.colorconvert(oiio.ImageBuf(pixels), found[1], linear, unpremult=False, colorconfig=found[0])
    if out.has_error:
        raise BadInputError(f"the colour config fails: {out.geterror()}", where=found[0], remedy="try another space")
    return np.asarray(out.get_pixels("float"), np.float32)


def _locate_in(config: str, space: str) -> str:
    names = (space, *_SAME[space])
    return next((name for name in names if _config(config).getColorSpaceIndex(name) >= 0), space)
