"""PNG, JPEG, TIFF, DPX, HDR and what else OpenImageIO reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from host_bridge import colour
from host_bridge.errors import PlateError
from host_bridge.frame import Array
from host_bridge.geometry import Box
from host_bridge.plates import guard, tags
from host_bridge.plates.tags import Tag
from host_bridge.quiet import silenced

_NAMES = {"DateTime": "capDate", "Copyright": "owner", "ImageDescription": "comments", "Make": "cameraMake",
          "Model": "cameraModel", "ExposureTime": "expTime", "FNumber": "aperture"}  # fmt: skip


@dataclass(frozen=True)
class Image:
    """A picture without parts and views.

    Attributes:
        pixels: (rows, columns, C); floats untouched, integers decoded to scene-linear Rec.709.
        channels: R, G, B and maybe A, or Y and maybe A.
        window, display: px.
        pixel_aspect: pixel width over height.
        tag: what the file says of its values, and the input space that was taken.
        shown_in: the space of `pixels` as they are now.
        header: metadata under OpenEXR's names.
    """

    pixels: Array
    channels: tuple[str, ...]
    window: Box
    display: Box
    pixel_aspect: float
    tag: Tag
    shown_in: str
    header: Mapping[str, Any]


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
    guard.first_bytes(path)
    with silenced():
        reader = oiio.ImageInput.open(str(path))
    if reader is None:
        raise _unreadable(path, oiio.geterror())
    spec = reader.spec()
    window = Box.of_size(spec.width, spec.height).shift(spec.x, spec.y)
    guard.check_size(path, window, spec.nchannels * spec.format.size())
    with silenced():
        pixels = reader.read_image(0, 0, 0, spec.nchannels, "unknown")
    if pixels is None:
        raise _unreadable(path, reader.geterror())
    display = Box.of_size(spec.full_width, spec.full_height).shift(spec.full_x, spec.full_y)
    picked, names = _colour(path, pixels, list(spec.channelnames))
    tag = tags.named_by_hand(spec, colour.check_space(space)) if space else tags.of_image(path, spec)
    decoded = _decoded(picked, names, tag, linear)
    aspect = spec.getattribute("PixelAspectRatio") or 1.0
    reader.close()
    shown_in = colour.LINEAR_REC709 if linear and pixels.dtype.kind != "f" else tag.space
    return Image(decoded, names, window, display, float(aspect), tag, shown_in, _header(spec))


def _unreadable(path: Path, reason: str) -> PlateError:
    why = reason.strip().splitlines()[0] if reason.strip() else "unknown format"
    return PlateError(f"not a picture that can be read ({why})", where=str(path), remedy=guard.AGAIN)


def _colour(path: Path, pixels: Array, names: list[str]) -> tuple[Array, tuple[str, ...]]:
    if all(c in names for c in "RGB"):
        wanted = ["R", "G", "B", *(["A"] if "A" in names else [])]
    elif len(names) <= 2:
        wanted = names
        return np.ascontiguousarray(pixels), ("Y", "A")[: len(names)]
    else:
        raise PlateError(
            f"no colour among the channels {', '.join(names)}", where=str(path), remedy="give R, G and B, or Y"
        )
    order = [names.index(c) for c in wanted]
    return (pixels if order == list(range(len(names))) else np.ascontiguousarray(pixels[..., order])), tuple(wanted)


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
        values = pixels[..., :count] / np.float32(top)
        out[..., :count] = colour.decode((values - 16 / 255) * (255 / 219) if tag.narrow else values, tag.space)
    else:
        out[..., :count] = colour.decode_codes(pixels[..., :count], top, tag.space)
    out[..., count:] = pixels[..., count:] / np.float32(top)
    return out


def _header(spec: oiio.ImageSpec) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for attribute in spec.extra_attribs:
        if isinstance(attribute.value, str | int | float) and not attribute.name.startswith("oiio:"):
            kept[_NAMES.get(attribute.name, attribute.name)] = attribute.value
    for name in ("compression", "PixelAspectRatio", "ResolutionUnit", "XResolution", "YResolution", "Orientation"):
        kept.pop(name, None)
    return kept
