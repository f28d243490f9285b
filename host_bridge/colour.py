"""Colour: the plate's values stay; only the small copy that networks look at becomes display-referred.

Convention:
    A plate's input space is explicit: `--input-space`, else the file's own tag (`plates.tags`), else scene-linear
    Rec.709. An id of the Color Interop Forum is what the config in force says, else its formula. The look copy goes
    through $OCIO, else through the built-in config named here, to the un-tone-mapped display view.
"""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from host_bridge.curves import cineon_to_linear, srgb_to_linear
from host_bridge.errors import BadInputError
from host_bridge.frame import Array
from host_bridge.interop import Formula, formula
from host_bridge.recipe import content_hash

LINEAR_REC709 = "lin_rec709_scene"
SRGB = "srgb_rec709_scene"
CINEON = "Cineon"
BUILT_IN_CONFIG = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
# Asked last, for what only it knows by an interop id: camera logs.
NEWEST_CONFIG = "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
LOOK_SIDE_PX = 1024
# 0 and 1 are steps of it, and a step is an eightieth of a code of twelve bits.
_VIDEO_RANGE, _VIDEO_STEPS = (-0.25, 1.25), 3 * 2**17 + 1
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


def config_identity() -> str:
    """What a recipe says of the config: its name, and of a file its bytes, for a studio edits it in place."""
    name = config_name()
    path = Path(name)
    return f"{name} {content_hash(path)}" if path.is_file() else name


def canonical(space: str) -> str:
    """One spelling for the spaces that have many; what the config in force calls so keeps its name."""
    if usual := _SPELLINGS.get(space.lower()):
        return usual
    if config_name() != BUILT_IN_CONFIG and _in(config_name(), space):
        return space
    return _ids(BUILT_IN_CONFIG).get(space.lower(), space)


def check_space(space: str) -> str:
    """The canonical name of a colour space that exists.

    Raises:
        BadInputError: neither $OCIO nor the built-in config knows it, nor is it an id of the Color Interop Forum.
    """
    if known(space):
        return canonical(space)
    names = _config(config_name()).getColorSpaceNames()
    near = difflib.get_close_matches(space, names, 3, 0.3) or names[:3]
    raise BadInputError(
        f"no colour space {space!r} in {config_name()}", where="--input-space", remedy=f"try {', '.join(near)}"
    )


def known(space: str) -> bool:
    """Whether values in this space can be understood."""
    return canonical(space) in (LINEAR_REC709, SRGB, CINEON) or _meaning(canonical(space)) is not None


@dataclass(frozen=True)
class _Located:
    config: str
    name: str
    linear: str  # what the config calls linear Rec.709


def _meaning(space: str) -> _Located | Formula | None:
    """What a space is: as the config in force defines it, else by the formula of its id, else as a built-in one does.

    A formula is exact, and the same with every config that does not know the id.
    """
    if config_name() != BUILT_IN_CONFIG and (mine := _in(config_name(), space)):
        return mine
    return formula(space) or _in(BUILT_IN_CONFIG, space) or _in(NEWEST_CONFIG, space)


@functools.lru_cache(maxsize=256)
def _in(config: str, space: str) -> _Located | None:
    """The space in a config, by its name, alias, interop id or another spelling; None without linear Rec.709 there."""
    name, linear = _named_in(config, space), _named_in(config, LINEAR_REC709)
    return _Located(config, name, linear) if name and linear else None


def _named_in(config: str, space: str) -> str | None:
    bare = space.rpartition(":")[2]
    for name in dict.fromkeys((space, bare, *_SAME.get(space, ()))):
        if _config(config).getColorSpaceIndex(name) >= 0:
            return name
    by_id = {interop_id.lower(): name for name, interop_id in reversed(_interop_ids(config))}
    return by_id.get(space.lower()) or by_id.get(bare.lower())


@functools.lru_cache(maxsize=4)
def _interop_ids(config: str) -> tuple[tuple[str, str], ...]:
    """Names of a config's spaces with their interop ids, in its order."""
    read = _config(config)
    pairs = ((str(name), str(read.get_color_interop_id(name) or "")) for name in read.getColorSpaceNames())
    return tuple((name, interop_id) for name, interop_id in pairs if interop_id)


@functools.lru_cache(maxsize=4)
def _ids(config: str) -> Mapping[str, str]:
    """Interop ids by the names and aliases that a config has for them, in lower case."""
    found: dict[str, str] = {}
    for name, interop_id in _interop_ids(config):
        if formula(interop_id):
            for spelling in (name, *_config(config).getAliases(name), interop_id):
                found.setdefault(str(spelling).lower(), interop_id)
    return found


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
    """Colour as a person sees it, un-tone-mapped; (rows, columns, 3) uint8. Arguments as of `display_values`."""
    return np.ascontiguousarray((display_values(color, channels, space) * 255 + 0.5).astype(np.uint8))


def display_values(color: Array, channels: tuple[str, ...], space: str, *, display: str = "", view: str = "") -> Array:
    """Colour through a display and view of the config.

    Args:
        color: (rows, columns, C) float32 in `space`.
        channels: names of C.
        space: canonical input space.
        display: a display of the config; "" takes its default.
        view: a view of that display; "" takes the un-tone-mapped one where there is one, else its default.

    Returns:
        (rows, columns, 3) float32 in 0..1.

    Raises:
        BadInputError: the config has no such display or view, or fails.
    """
    rgb = [channels.index(c) for c in "RGB"] if "G" in channels else [0, 0, 0]
    small = np.ascontiguousarray(color[..., rgb])
    found = _in(config_name(), space)
    if found is None:
        small = decode(small, space)
        found = _in(config_name(), LINEAR_REC709) or _in(BUILT_IN_CONFIG, LINEAR_REC709)
    assert found is not None
    display, view = _display(found.config, display, view)
    shown = oiio.ImageBufAlgo.ociodisplay(
        oiio.ImageBuf(small), display, view, fromspace=found.name, unpremult=False, colorconfig=found.config
    )
    if shown.has_error:
        raise BadInputError(
            f"the colour config fails: {shown.geterror()}", where=found.config, remedy="mend or unset $OCIO"
        )
    return np.asarray(np.nan_to_num(np.asarray(shown.get_pixels("float"))).clip(0, 1))


def _display(config: str, display: str = "", view: str = "") -> tuple[str, str]:
    read = _config(config)
    displays = read.getDisplayNames()
    if display and display not in displays:
        raise BadInputError(f"no display {display!r} in {config}", where="--display",
                            remedy=f"choose one of: {', '.join(displays)}")  # fmt: skip
    display = display or read.getDefaultDisplayName()
    views = read.getViewNames(display)
    if view and view not in views:
        raise BadInputError(f"no view {view!r} for {display}", where="--display-view",
                            remedy=f"choose one of: {', '.join(views)}")  # fmt: skip
    return display, view or (UNTONED_VIEW if UNTONED_VIEW in views else read.getDefaultViewName(display))


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


def decode(pixels: Array, space: str) -> Array:
    """Code values 0..1 of an image format in `space`, as scene-linear Rec.709 float32.

    Args:
        pixels: (..., C) float, colour alone: 3 channels, or 1 of grey.
        space: the name of a space that exists.

    Raises:
        BadInputError: the config cannot convert them.
    """
    if space == LINEAR_REC709:
        return np.asarray(pixels, np.float32)
    if space in (SRGB, CINEON):
        return np.asarray((srgb_to_linear if space == SRGB else cineon_to_linear)(pixels), np.float32)
    meaning = _meaning(check_space(space))
    if isinstance(meaning, Formula):
        return np.asarray(meaning.to_rec709(meaning.light(pixels)), np.float32)
    assert meaning is not None
    return _converted(pixels, meaning)


def decode_codes(codes: Array, top: int, space: str) -> Array:
    """Integer code values as scene-linear Rec.709 float32: as `decode`, by a table where a curve is a channel's own.

    Args:
        codes: (rows, columns, C) unsigned, at most `top`.
        top: the code that means 1.
        space: as `decode`.

    Raises:
        BadInputError: as `decode`.
    """
    meaning = None if space in (LINEAR_REC709, SRGB, CINEON) else _meaning(check_space(space))
    if isinstance(meaning, _Located) or (isinstance(meaning, Formula) and meaning.curve == "hlg"):
        return decode(codes / np.float32(top), space)
    steps = np.arange(top + 1, dtype=np.float64) / top
    if meaning is None:
        return decode(steps, space)[codes]
    return meaning.to_rec709(meaning.light(steps).astype(np.float32)[codes])


def decode_video(values: Array, space: str) -> Array:
    """Float code values of video, which reach a little beyond 0 and 1, as scene-linear Rec.709 float32.

    Curves are read from a fine table between `_VIDEO_RANGE`; what lies beyond is as light as its ends.

    Args:
        values: (rows, columns, C) float32, 3 channels or 1 of grey.
        space: as `decode`.

    Raises:
        BadInputError: as `decode`.
    """
    meaning = None if space in (LINEAR_REC709, CINEON) else formula(check_space(space))
    if meaning is None or meaning.curve == "hlg" or isinstance(_meaning(space), _Located):
        return decode(values, space)
    low, high = _VIDEO_RANGE
    step = (high - low) / (_VIDEO_STEPS - 1)
    index = ((values - np.float32(low)) * np.float32(1 / step) + np.float32(0.5)).astype(np.int32)
    light = _video_table(meaning)[index.clip(0, _VIDEO_STEPS - 1, out=index)]
    return meaning.to_rec709(light)


@functools.lru_cache(maxsize=4)
def _video_table(meaning: Formula) -> Array:
    return np.asarray(meaning.light(np.linspace(*_VIDEO_RANGE, _VIDEO_STEPS)), np.float32)


def steps_fit_half(space: str) -> bool:
    """Whether the steps of eight bits in this space are all coarser than a half's: not those of absolute light."""
    meaning = _meaning(space)
    return not (isinstance(meaning, Formula) and meaning.absolute)


def _converted(pixels: Array, place: _Located) -> Array:
    grey = pixels.shape[-1] == 1
    given = np.repeat(pixels, 3, axis=-1) if grey else pixels
    out = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(np.ascontiguousarray(given, np.float32)),
        place.name,
        place.linear,
        unpremult=False,
        colorconfig=place.config,
    )
    if out.has_error:
        raise BadInputError(
            f"the colour config fails: {out.geterror()}", where=place.config, remedy="try another space"
        )
    return np.asarray(out.get_pixels("float"), np.float32)[..., : 1 if grey else 3]
