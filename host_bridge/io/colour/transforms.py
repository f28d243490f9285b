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

import numpy as np
import OpenImageIO as oiio

from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Array
from host_bridge.io.colour.config import (
    BUILT_IN_CONFIG,
    NEWEST_CONFIG,
    SAME,
    Located,
    config_name,
    converted,
    ids_by_name,
    located,
    named_in,
    opened,
)
from host_bridge.io.colour.config import LINEAR_REC709 as LINEAR_REC709
from host_bridge.io.colour.config import SRGB as SRGB
from host_bridge.io.colour.curves import cineon_to_linear, srgb_to_linear
from host_bridge.io.colour.interop import Formula, formula

CINEON = "Cineon"
LOOK_SIDE_PX = 1024
# 0 and 1 are steps of it, and a step is an eightieth of a code of twelve bits.
_VIDEO_RANGE, _VIDEO_STEPS = (-0.25, 1.25), 3 * 2**17 + 1
UNTONED_VIEW = "Un-tone-mapped"
_SPELLINGS = {other.lower(): space for space, others in {**SAME, CINEON: ()}.items() for other in (*others, space)}


def canonical(space: str) -> str:
    """One spelling for the spaces that have many; what the config in force calls so keeps its name."""
    if usual := _SPELLINGS.get(space.lower()):
        return usual
    if config_name() != BUILT_IN_CONFIG and located(config_name(), space):
        return space
    return ids_by_name(BUILT_IN_CONFIG).get(space.lower(), space)


def validate_space(space: str) -> str:
    """The canonical name of a colour space that exists.

    Raises:
        BadInputError: neither $OCIO nor the built-in config knows it, nor is it an id of the Color Interop Forum.
    """
    if known(space):
        return canonical(space)
    names = opened(config_name()).getColorSpaceNames()
    near = difflib.get_close_matches(space, names, 3, 0.3) or names[:3]
    raise BadInputError(
        f"no colour space {space!r} in {config_name()}", where="--input-space", remedy=f"try {', '.join(near)}"
    )


def known(space: str) -> bool:
    """Whether there is such a space: one that can be decoded, or that the config in force shows."""
    return decodable(space) or named_in(config_name(), canonical(space)) is not None


def decodable(space: str) -> bool:
    """Whether values in this space can become linear Rec.709."""
    return canonical(space) in (LINEAR_REC709, SRGB, CINEON) or _meaning(canonical(space)) is not None


def _meaning(space: str) -> Located | Formula | None:
    """What a space is: as the config in force defines it, else by the formula of its id, else as a built-in one does.

    A formula is exact, and the same with every config that does not know the id.
    """
    if config_name() != BUILT_IN_CONFIG and (own := located(config_name(), space)):
        return own
    return formula(space) or located(BUILT_IN_CONFIG, space) or located(NEWEST_CONFIG, space)


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
    config = config_name()
    name = named_in(config, space)
    if name is None:
        small = np.ascontiguousarray(decode(small, space))
        config = config if named_in(config, LINEAR_REC709) else BUILT_IN_CONFIG
        name = named_in(config, LINEAR_REC709)
        assert name is not None  # the built-in config knows it
    display, view = _display(config, display, view)
    shown = oiio.ImageBufAlgo.ociodisplay(
        oiio.ImageBuf(small), display, view, fromspace=name, unpremult=False, colorconfig=config
    )
    if shown.has_error:
        raise BadInputError(f"the colour config fails: {shown.geterror()}", where=config, remedy="mend or unset $OCIO")
    return np.asarray(np.nan_to_num(np.asarray(shown.get_pixels("float"))).clip(0, 1))


def _display(config: str, display: str = "", view: str = "") -> tuple[str, str]:
    read = opened(config)
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
    meaning = _meaning(validate_space(space))
    if isinstance(meaning, Formula):
        return np.asarray(meaning.to_rec709(meaning.light(pixels)), np.float32)
    if meaning is None:
        raise BadInputError(
            f"{config_name()} has no linear Rec.709 to decode {space} to",
            where="--input-space",
            remedy="name a space that is published, or give the plate as scene-linear EXR",
        )
    return converted(pixels, meaning)


def decode_codes(codes: Array, top: int, space: str) -> Array:
    """Integer code values as scene-linear Rec.709 float32: as `decode`, by a table where a curve is a channel's own.

    Args:
        codes: (rows, columns, C) unsigned, at most `top`.
        top: the code that means 1.
        space: as `decode`.

    Raises:
        BadInputError: as `decode`.
    """
    meaning = None if space in (LINEAR_REC709, SRGB, CINEON) else _meaning(validate_space(space))
    steps = np.arange(top + 1, dtype=np.float64) / top
    if space in (LINEAR_REC709, SRGB, CINEON):
        return decode(steps, space)[codes]
    if not isinstance(meaning, Formula) or meaning.curve == "hlg":
        return decode(codes / np.float32(top), space)
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
    meaning = None if space in (LINEAR_REC709, CINEON) else formula(validate_space(space))
    if meaning is None or meaning.curve == "hlg" or isinstance(_meaning(space), Located):
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
