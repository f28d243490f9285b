"""The stereo EXR: views, disparity, occlusion and layers as Nuke's stereo tools read them.

Convention:
    `disparityR.x` lies on the left grid and is x_R − x_L = −disparity_left; `disparityL.x` lies on the right grid and
    is +disparity_right; `.y` is 0; both 32-bit float, in px. Views are `left` and `right`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.outputs.done import RECIPE
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.outputs.hero_parts import hero_parts, unique
from host_bridge.io.outputs.result import EYES, Result, Writing
from host_bridge.io.plates import Layer, Pattern
from host_bridge.io.plates.exr_header import Attribute

DISPARITY_LAYER = {"left": "disparityR", "right": "disparityL"}
DISPARITY_SIGN = {"left": -1.0, "right": 1.0}
# For pictures, and for what Art3D measured. "auto" keeps every bit of a picture, and 24 of a measured number's 32: its
# noise alone makes a third of the file and takes a fifth of the writing.
COMPRESSIONS = {
    "auto": ("zip", "pxr24"),
    "zip": ("zip", "zip"),
    "zips": ("zips", "zips"),
    "piz": ("piz", "piz"),
    "rle": ("rle", "rle"),
    "dwaa": ("dwaa", "zip"),
    "dwab": ("dwab", "zip"),
    "none": ("none", "none"),
}
# What a part says that Art3D made from the plate: all that is short, and speaks of the scene rather than of one file.
SHORT_BYTES = 16 << 10
_OF_ONE_PART = ("preview", "idmanifest")
_MANIFESTS = "cryptomatte/"
# Channels are told apart in rows that stay in a core's cache, so that each pixel comes from memory once.
_BAND_ROWS = 16
HERO = "art3d/hero"
# Left top, left bottom, right top, right bottom, %: of masks that darken the views, or that lie in layers of their own.
WINDOW, WINDOW_LAYER = "art3d/floatingWindow", "art3d/windowMasks"


def write_stereo(out: Pattern, result: Result, writing: Writing) -> tuple[Path, ...]:
    """Writes one frame: one file a view when the pattern has `%V`, else one multi-view file.

    Returns:
        The files.

    Raises:
        OutputError: a file cannot be written, and none of it is left behind; or the result lacks a layer.
        BadInputError: an unknown compression.
    """
    _validate(result, writing)
    by_eye = {eye: _eye_parts(result, eye, writing) for eye in EYES}
    number = result.plate.number
    if out.has_view:
        files = {out.path(number, eye): parts for eye, parts in by_eye.items()}
    else:
        files = {out.path(number): [by_eye["left"][0], by_eye["right"][0], *by_eye["left"][1:], *by_eye["right"][1:]]}
    for path, parts in files.items():
        write_exr(path, unique(parts))
    return tuple(files)


def write_view(path: Path, result: Result, eye: str, writing: Writing) -> None:
    """Writes one eye alone, with its disparity and occlusion.

    Raises:
        OutputError: as `write_stereo`.
    """
    _validate(result, writing)
    write_exr(path, unique(_eye_parts(result, eye, writing)))


def _validate(result: Result, writing: Writing) -> None:
    if writing.compression not in COMPRESSIONS:
        raise BadInputError(f"no compression {writing.compression!r}", remedy=f"choose of: {', '.join(COMPRESSIONS)}")
    if lacking := [name for name in writing.layers if name not in result.planes]:
        raise OutputError(f"the result has no layer {lacking[0]!r}", remedy="ask for it: convert(…, layers=…)")


def attributes(result: Result, writing: Writing) -> dict[str, Any]:
    """What the file says of its making."""
    stats = result.stats
    values = {
        "art3d/version": writing.version,
        RECIPE: result.recipe,
        HERO: result.hero,
        "art3d/inputSpace": result.plate.input_space,
        "art3d/view": result.plate.view or None,
        "art3d/picture": result.plate.picture or None,
        "art3d/style": stats.get("style_id"),
        "art3d/model": stats.get("model_id"),
        "art3d/depthSource": stats.get("depth_source"),
        "art3d/depthFrom": stats.get("depth_from"),
        "art3d/zMeaning": stats.get("z_meaning"),
        "art3d/zHow": stats.get("z_how"),
        "art3d/zAgreement": stats.get("z_agreement"),
        "art3d/fitScale": stats.get("fit_scale"),
        "art3d/fitShift": stats.get("fit_shift"),
        "art3d/parallaxMinPct": stats.get("parallax_min_pct"),
        "art3d/parallaxMaxPct": stats.get("parallax_max_pct"),
        "art3d/budget": stats.get("budget"),
        WINDOW_LAYER if "window_left" in result.planes else WINDOW: _numbers(stats.get("floating_window")),
        "art3d/windowHidesPct": _numbers(stats.get("window_hides_pct")),
    }
    return {name: float(v) if isinstance(v, float | int) else str(v) for name, v in values.items() if v is not None}


def _numbers(values: Sequence[float] | None) -> str | None:
    return None if values is None else " ".join(f"{value:g}" for value in values)


def _eye_parts(result: Result, eye: str, writing: Writing) -> list[OutPart]:
    making = attributes(result, writing)
    of_pictures, of_measures = COMPRESSIONS[writing.compression]
    common = {**_common(result), **making}
    part = partial(_part, result, eye, common, of_measures)
    if eye == result.hero:
        parts = hero_parts(result, making, of_pictures, free=writing.compression == "auto")
    else:
        pixels, window = result.view(eye)
        color = _named(pixels, result.plate.frame.channels, result.plate.types)
        beside = {layer.name: layer.pixels for layer in _carried(result, eye)}
        parts = [_part(result, eye, common, of_pictures, eye, {**beside, **color}, window)]
    disparity = DISPARITY_LAYER[eye]
    parts.append(part(disparity, _disparity(disparity, result.planes[f"disparity_{eye}"], eye)))
    if eye != result.hero:
        mask = result.planes[f"occlusion_{eye}"][..., 0].astype(np.float16, copy=False)
        parts.append(part(f"occlusion.{eye}", {"occlusion.mask": mask}))
    if f"window_{eye}" in result.planes:
        coverage = result.planes[f"window_{eye}"][..., 0].astype(np.float16, copy=False)
        parts.append(part(f"window.{eye}", {"window.mask": coverage}))
    if eye == (result.hero if result.hero in EYES else "left"):
        parts += [part(n, _named(result.planes[n], (f"{n}.x",), ("<f4",))) for n in writing.layers]
    return parts


def _part(
    result: Result,
    eye: str,
    common: Mapping[str, Any],
    compression: str,
    name: str,
    pixels: Mapping[str, Array],
    window: Box | None = None,
) -> OutPart:
    frame = result.plate.frame
    return OutPart(name, eye, frame.display, window or result.box, pixels, compression, common, frame.pixel_aspect)


def _common(result: Result) -> dict[str, Any]:
    """What every part says of the plate; what is long, or of the plate's own pixels, stays with the hero eye."""
    return {
        name: value
        for name, value in result.plate.header.items()
        if not (isinstance(value, Attribute) and (value.kind in _OF_ONE_PART or len(value.data) > SHORT_BYTES))
        and not (isinstance(value, str) and len(value) > SHORT_BYTES)
        and not name.startswith(_MANIFESTS)
    }


def _carried(result: Result, eye: str) -> tuple[Layer, ...]:
    """The plate's layers in the new view, each in its own type again."""
    extra = result.planes.get(f"{eye}_extra")
    if extra is None:
        return ()
    types = {layer.name: layer.pixels.dtype.str for layer in result.plate.layers}
    named = _named(extra, result.plate.extra, tuple(types[name] for name in result.plate.extra))
    return tuple(Layer(name, pixels, result.box) for name, pixels in named.items())


def _named(pixels: Array, names: Sequence[str], types: Sequence[str]) -> dict[str, Array]:
    """Channels as planes of their own, each in its type; views of the pixels where they all have it."""
    if {np.dtype(kind) for kind in types} == {pixels.dtype}:
        return {name: pixels[..., i] for i, name in enumerate(names)}
    planes = [np.empty(pixels.shape[:2], kind) for kind in types]
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(pixels), _BAND_ROWS):
            band = slice(first, first + _BAND_ROWS)
            for i, plane in enumerate(planes):
                np.copyto(plane[band], pixels[band, :, i], casting="unsafe")
    return dict(zip(names, planes, strict=True))


def _disparity(layer: str, pixels: Array, eye: str) -> dict[str, Array]:
    # One pass over the pixels; either way −0 becomes 0.
    zero, px = np.float32(0.0), pixels[..., 0]
    across = zero - px if DISPARITY_SIGN[eye] < 0 else zero + px
    return {f"{layer}.x": across, f"{layer}.y": np.broadcast_to(zero, across.shape)}
