"""PNG, JPEG, TIFF, DPX, HDR and what else OpenImageIO reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import LEAST_ASPECT, MOST_ASPECT, Array
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import guard, metadata, tags, upright
from host_bridge.io.plates.image_file import has_further, has_straight_alpha, opened, read_pixels, window_of
from host_bridge.io.plates.logged_once import SEVERAL, log_once
from host_bridge.io.plates.tags import Tag

_LAB = (8, 9, 10)  # TIFF's numbers for CIE, ICC and ITU L*a*b*


@dataclass(frozen=True)
class Image:
    """A picture without parts and views.

    Attributes:
        pixels: (rows, columns, C), premultiplied; floats untouched, integers decoded to scene-linear Rec.709.
        channels: R, G, B and maybe A, or Y and maybe A.
        window, display: px.
        pixel_aspect: pixel width over height.
        tag: what the file says of its values, and the input space that was taken.
        shown_in: the space of `pixels` as they are now.
        header: metadata under OpenEXR's names.
        further: whether the file holds other pictures after this one.
        turn: the orientation that the picture was stored in, 1 to 8.
    """

    pixels: Array
    channels: tuple[str, ...]
    window: Box
    display: Box
    pixel_aspect: float
    tag: Tag
    shown_in: str
    header: Mapping[str, Any]
    further: bool = False
    turn: int = upright.UPRIGHT


def read_image(path: Path, *, space: str | None = None, linear: bool = True) -> Image:
    """Reads one picture.

    Args:
        path: the file.
        space: the input space; None takes the file's own tag.
        linear: whether integers are decoded to scene-linear; otherwise they stay code values 0..1.

    Raises:
        PlateError: not an image, damaged, or without colour.
        LimitError: larger than a plate may be.
    """
    with opened(path) as reader:
        spec = reader.spec()
        if spec.getattribute("tiff:PhotometricInterpretation") in _LAB:
            raise PlateError("holds L*a*b* values, not R, G and B", where=str(path), remedy="save it as RGB")
        pixels = read_pixels(reader, path)
        further = has_further(reader, path)
    if further:
        log_once(path, SEVERAL)
    turn = upright.orientation_of(spec.getattribute("Orientation"))
    pixels = upright.turned(pixels, turn)
    display, window = _upright(spec)
    aspect = 1 / _aspect(spec) if upright.swaps(turn) else _aspect(spec)
    picked, names = _colour(path, pixels, list(spec.channelnames))
    tag = tags.named_by_hand(spec, colour.validate_space(space)) if space else tags.of_image(path, spec)
    decoded = _decoded(picked, names, tag, linear)
    if has_straight_alpha(spec) and names[-1] == "A":
        decoded[..., :-1] *= decoded[..., -1:]
    shown_in = colour.LINEAR_REC709 if linear and pixels.dtype.kind != "f" else tag.space
    return Image(decoded, names, window, display, aspect, tag, shown_in, metadata.of_image(spec), further, turn)


def read_image_windows(path: Path) -> tuple[Box, Box]:
    """Display and data window of what `read_image` reads, from the header alone.

    Raises:
        PlateError: not an image.
    """
    with opened(path) as reader:
        return _upright(reader.spec())


def _upright(spec: oiio.ImageSpec) -> tuple[Box, Box]:
    """Display and data window of the picture as it is seen."""
    window = window_of(spec)
    stored, turn = _display(spec, window), upright.orientation_of(spec.getattribute("Orientation"))
    return upright.turned_window(stored, stored, turn), upright.turned_window(window, stored, turn)


def _display(spec: oiio.ImageSpec, window: Box) -> Box:
    """The display window, or the pixels' own where the file's is no window around them."""
    if min(spec.full_width, spec.full_height) < 1 or max(spec.full_width, spec.full_height) > guard.MAX_SIDE_PX:
        return window
    display = Box.of_size(spec.full_width, spec.full_height).shift(spec.full_x, spec.full_y)
    return window if display.intersect(window).empty else display


def _aspect(spec: oiio.ImageSpec) -> float:
    """Pixel width over height; 1 for a number that no picture has, as headers that nobody filled hold."""
    value = spec.getattribute("PixelAspectRatio")
    usable = isinstance(value, int | float) and LEAST_ASPECT <= value <= MOST_ASPECT
    return float(value) if usable else 1.0


def _colour(path: Path, pixels: Array, names: list[str]) -> tuple[Array, tuple[str, ...]]:
    if all(c in names for c in "RGB"):
        chosen = ["R", "G", "B", *(["A"] if "A" in names else [])]
    elif len(names) <= 2:
        chosen = names
        return np.ascontiguousarray(pixels), ("Y", "A")[: len(names)]
    else:
        raise PlateError(
            f"no colour among the channels {', '.join(names)}", where=str(path), remedy="give R, G and B, or Y"
        )
    order = [names.index(c) for c in chosen]
    return (pixels if order == list(range(len(names))) else np.ascontiguousarray(pixels[..., order])), tuple(chosen)


def _decoded(pixels: Array, names: tuple[str, ...], tag: Tag, linear: bool) -> Array:
    if pixels.dtype.kind == "f":
        return pixels.astype("<f4") if pixels.dtype.itemsize > 4 else pixels
    top = int(np.iinfo(pixels.dtype).max)
    count = len(names) - (names[-1] == "A")
    if not linear:
        return (pixels / np.float32(top)).astype("<f4")
    # Eight bits fit a half without loss once linear, where its steps are finer than theirs everywhere.
    kind = "<f2" if top == 255 and colour.steps_fit_half(tag.space) else "<f4"
    out = np.empty(pixels.shape, kind)
    if tag.narrow or top > 65535:
        step, black, white = ((top + 1) / 256, 16, 235) if tag.narrow else (top, 0, 1)  # ITU-T H.273, 8.3
        values = (pixels[..., :count] / np.float32(step) - np.float32(black)) / np.float32(white - black)
        out[..., :count] = colour.decode(values, tag.space)
    else:
        out[..., :count] = colour.decode_codes(pixels[..., :count], top, tag.space)
    out[..., count:] = pixels[..., count:] / np.float32(top)
    return out
