"""The stereo EXR: views, disparity, occlusion and layers as Nuke's stereo tools read them.

Convention:
    `disparityR.x` lies on the left grid and is x_R − x_L = −disparity_left; `disparityL.x` lies on the right grid and
    is +disparity_right; `.y` is 0; both 32-bit float, in px. Views are `left` and `right`.
"""

from __future__ import annotations

import ctypes
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from host_bridge.errors import OutputError
from host_bridge.frame import Array
from host_bridge.geometry import Box
from host_bridge.outputs import raw_text
from host_bridge.outputs.atomic import replacing
from host_bridge.outputs.result import EYES, Result, Writing
from host_bridge.plates import Layer, Pattern

DISPARITY_LAYER = {"left": "disparityR", "right": "disparityL"}
DISPARITY_SIGN = {"left": -1.0, "right": 1.0}
# For pictures, and for what Art3D measured. "auto" keeps every bit of a picture, and 24 of a measured number's 32: its
# noise alone makes a third of the file and takes a fifth of the writing.
COMPRESSIONS = {
    "auto": (OpenEXR.ZIP_COMPRESSION, OpenEXR.PXR24_COMPRESSION),
    "zip": (OpenEXR.ZIP_COMPRESSION,) * 2,
    "zips": (OpenEXR.ZIPS_COMPRESSION,) * 2,
    "piz": (OpenEXR.PIZ_COMPRESSION,) * 2,
    "rle": (OpenEXR.RLE_COMPRESSION,) * 2,
    "dwaa": (OpenEXR.DWAA_COMPRESSION, OpenEXR.ZIP_COMPRESSION),
    "dwab": (OpenEXR.DWAB_COMPRESSION, OpenEXR.ZIP_COMPRESSION),
    "none": (OpenEXR.NO_COMPRESSION,) * 2,
}
DEFLATE_LEVEL = 1
_UNWRITABLE = re.compile(r"""attribute ['"]([^'"]+)['"]""")
_log = logging.getLogger(__name__)


def _deflate(level: int) -> None:
    """Sets the effort of ZIP and PXR24 for this process: a public function of OpenEXR's core that its Python lacks."""
    core = ctypes.CDLL(OpenEXR.__file__)
    if hasattr(core, "exr_set_default_zip_compression_level"):
        core.exr_set_default_zip_compression_level(ctypes.c_int(level))


# A third less time than the library's own level, 4, for files 3 to 7 % larger.
_deflate(DEFLATE_LEVEL)


def write_stereo(out: Pattern, result: Result, writing: Writing) -> tuple[Path, ...]:
    """Writes one frame: one file a view when the pattern has `%V`, else one multi-view file.

    Returns:
        The files.

    Raises:
        OutputError: a file cannot be written; none of it is left behind.
    """
    by_eye = {eye: _eye_parts(result, eye, writing) for eye in EYES}
    number = result.plate.number
    if out.has_view:
        files = {out.path(number, eye): parts for eye, parts in by_eye.items()}
    else:
        files = {out.path(number): [by_eye["left"][0], by_eye["right"][0], *by_eye["left"][1:], *by_eye["right"][1:]]}
    for path, parts in files.items():
        write_parts(path, parts)
    return tuple(files)


def write_view(path: Path, result: Result, eye: str, writing: Writing) -> None:
    """Writes one eye alone, with its disparity and occlusion.

    Raises:
        OutputError: as `write_stereo`.
    """
    write_parts(path, _eye_parts(result, eye, writing))


def attributes(result: Result, writing: Writing) -> dict[str, Any]:
    """What the file says of its making."""
    stats = result.stats
    said = {
        "art3d/version": writing.version,
        "art3d/recipe": result.recipe,
        "art3d/hero": result.hero,
        "art3d/inputSpace": result.plate.input_space,
        "art3d/view": result.plate.view or None,
        "art3d/picture": result.plate.picture or None,
        "art3d/style": stats.get("style_id"),
        "art3d/model": stats.get("model_id"),
        "art3d/depthSource": stats.get("depth_source"),
        "art3d/fitScale": stats.get("fit_scale"),
        "art3d/fitShift": stats.get("fit_shift"),
        "art3d/parallaxMinPct": stats.get("parallax_min_pct"),
        "art3d/parallaxMaxPct": stats.get("parallax_max_pct"),
        "art3d/budget": stats.get("budget"),
    }
    return {name: float(v) if isinstance(v, float | int) else str(v) for name, v in said.items() if v is not None}


def _eye_parts(result: Result, eye: str, writing: Writing) -> list[OpenEXR.Part]:
    common = {**result.plate.header, **attributes(result, writing)}
    of_pictures, of_measures = COMPRESSIONS[writing.compression]

    def part(name: str, window: Box, channels: Mapping[str, Array], compression: Any = of_measures) -> OpenEXR.Part:
        header = {**common, **_structure(result, window, eye), "compression": compression}
        return OpenEXR.Part(header, dict(channels), name)

    pixels, window = result.view(eye)
    layers = result.plate.layers if eye == result.hero else _carried(result, eye)
    color = _named(pixels, result.plate.frame.channels, result.plate.types)
    beside = {layer.name: layer.pixels for layer in layers if layer.window == window}
    parts = [part(eye, window, {**beside, **color}, of_pictures)]
    for odd in sorted({layer.window for layer in layers if layer.window != window}):
        group = {layer.name: layer.pixels for layer in layers if layer.window == odd}
        parts.append(part(f"{eye}.{next(iter(group))}", odd, group, of_pictures))
    disparity = DISPARITY_LAYER[eye]
    parts.append(part(disparity, result.box, _disparity(disparity, result.planes[f"disparity_{eye}"], eye)))
    if eye != result.hero:
        mask = result.planes[f"occlusion_{eye}"][..., 0].astype(np.float16)
        parts.append(part(f"occlusion.{eye}", result.box, {"occlusion.mask": mask}))
    if eye == (result.hero if result.hero in EYES else "left"):
        parts += [part(n, result.box, _named(result.planes[n], (f"{n}.x",), ("<f4",))) for n in writing.layers]
    return parts


def _carried(result: Result, eye: str) -> tuple[Layer, ...]:
    """The plate's layers in the new view, each in its own type again."""
    extra = result.planes.get(f"{eye}_extra")
    if extra is None:
        return ()
    types = {layer.name: layer.pixels.dtype.str for layer in result.plate.layers}
    named = _named(extra, result.plate.extra, tuple(types[name] for name in result.plate.extra))
    return tuple(Layer(name, pixels, result.box) for name, pixels in named.items())


def _named(pixels: Array, names: Sequence[str], types: Sequence[str]) -> dict[str, Array]:
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            name: pixels[..., i].astype(kind, order="C")
            for i, (name, kind) in enumerate(zip(names, types, strict=True))
        }


def _disparity(layer: str, pixels: Array, eye: str) -> dict[str, Array]:
    # Adding 0 turns −0 into 0.
    across = (DISPARITY_SIGN[eye] * pixels[..., 0] + 0.0).astype(np.float32)
    return {f"{layer}.x": across, f"{layer}.y": np.zeros_like(across)}


def _structure(result: Result, window: Box, eye: str) -> dict[str, Any]:
    return {
        "type": OpenEXR.scanlineimage,
        "view": eye,
        "pixelAspectRatio": result.plate.frame.pixel_aspect,
        "displayWindow": _corners(result.plate.frame.display),
        "dataWindow": _corners(window),
    }


def _corners(box: Box) -> tuple[Array, Array]:
    x_min, y_min, x_max, y_max = box.to_exr()
    return np.array([x_min, y_min], np.int32), np.array([x_max, y_max], np.int32)


def write_parts(path: Path, parts: Sequence[OpenEXR.Part]) -> None:
    """Writes an EXR whole or not at all; an attribute of a kind OpenEXR cannot write is left out with a warning.

    Raises:
        OutputError: as `atomic.replacing`.
    """
    odd = raw_text.stand_in(parts)
    with replacing(path) as temporary:
        while True:
            try:
                OpenEXR.File(list(parts)).write(str(temporary))
                raw_text.put_right(temporary, odd)
                return
            except (RuntimeError, TypeError, ValueError) as error:
                found = _UNWRITABLE.search(str(error))
                if found is None or found.group(1) not in parts[0].header:
                    raise OutputError(
                        f"cannot be written ({_reason(error)})",
                        where=str(path),
                        remedy="check the folder, its permissions and the space on the disk",
                    ) from error
                _log.warning("%s: the attribute %s cannot be written again and is left out", path, found.group(1))
                for part in parts:
                    part.header.pop(found.group(1), None)


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".").rpartition('". ')[2]
