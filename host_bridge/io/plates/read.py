"""One plate file to a `Plate`: colour, depth, layers, metadata, and the look copy where it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.core.errors import Art3DError, PlateError
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import guard, tags
from host_bridge.io.plates.choice import Picture, choose_picture, lone_grey, pictures
from host_bridge.io.plates.depth_channels import depth_channels
from host_bridge.io.plates.depth_read import over, pick_varying
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.io.plates.film import Film
from host_bridge.io.plates.images import Image, read_image, read_image_windows
from host_bridge.io.plates.logged_once import LONE_GREY, log_once
from host_bridge.io.plates.luma import REC709, luminance_weights, to_rgb
from host_bridge.io.plates.naming import Channel, apart, is_id
from host_bridge.io.plates.passthrough import attributes_of, passthrough_parts, stamp_of
from host_bridge.io.plates.plate import Layer, Plate
from host_bridge.io.plates.views import view_of

EXR_NAMES = (".exr", ".sxr", ".mxr")
OWN_LAYERS = ("disparityL", "disparityR", "occlusion", "inverse_depth", "scale", "shift", "disparity_local")


def read_plate(
    path: Path | str,
    *,
    number: int = 1,
    view: str = "",
    layer: str = "",
    input_space: str | None = None,
    linear: bool = True,
    depth_channel: str = "",
) -> Plate:
    """Reads one view of one file.

    Args:
        path: the file; EXR by its name or its first bytes, else what OpenImageIO reads.
        number: frame number, for messages and outputs.
        view: the view; "" takes the file's first.
        layer: the layer or part of an EXR that is the picture; "" takes the beauty.
        input_space: colour space of the values; None takes the file's own tag, else scene-linear Rec.709.
        linear: whether integer formats are decoded to scene-linear.
        depth_channel: the channel of an EXR that holds depth; "" looks for the usual names.

    Raises:
        PlateError: a file that cannot be read, or holds no such view, layer or channel, or no colour.
        MissingFrameError: no file.
        LimitError: larger than a plate may be.
        BadInputError: an unknown input space.
    """
    path = Path(path)
    try:
        if path.suffix.lower() in EXR_NAMES or guard.first_bytes(path, 4) == MAGIC:
            return _read_exr(open_exr(path), number, view, layer, input_space, depth_channel)
        if depth_channel:
            raise PlateError("only an EXR has channels of depth beside its colour", remedy="leave --depth-channel out")
        return _read_other(path, number, view, input_space, linear)
    except MemoryError as error:
        raise PlateError("not enough memory for this picture", where=str(path), remedy=guard.AGAIN) from error
    except Art3DError as error:
        error.where = error.where or str(path)
        raise


def read_windows(path: Path, *, view: str = "", layer: str = "") -> tuple[Box, Box]:
    """Display and data window of what `read_plate` reads, from the header alone.

    Raises:
        Art3DError: as `read_plate`, as far as the header tells.
    """
    if path.suffix.lower() not in EXR_NAMES and guard.first_bytes(path, 4) != MAGIC:
        return read_image_windows(path)
    file = open_exr(path)
    _, channels = view_of(file, view)
    return file.display, chosen_picture(path, channels, pictures(channels), layer).channels[0].window


def _read_other(path: Path, number: int, view: str, space: str | None, linear: bool) -> Plate:
    return plate_of(read_image(path, space=space, linear=linear), path, number, view)


def read_film(film: Film, position: int, number: int, view: str = "", input_space: str | None = None) -> Plate:
    """Reads one frame of a movie.

    Args:
        film: the movie.
        position: of the frame in it, from 0.
        number: frame number, for messages and outputs.
        view: the eye it stands for, where the movie is one of two.
        input_space: as `read_plate`.

    Raises:
        PlateError: it cannot be decoded.
    """
    try:
        return plate_of(film.read(position, space=input_space), film.path, number, view)
    except MemoryError as error:
        raise PlateError("not enough memory for this picture", where=str(film.path), remedy=guard.AGAIN) from error
    except Art3DError as error:
        error.where = f"{error.where or film.path}, frame {number}"
        raise


def plate_of(image: Image, path: Path, number: int, view: str = "") -> Plate:
    """The plate of a picture without parts, with its look where it needs one.

    Raises:
        PlateError: too small, or without a finite pixel.
    """
    guard.validate_picture(path, image.display)
    layers = {"color": validated_finite(path, image.pixels)}
    if colour.needs_look(image.shown_in, image.channels):
        layers["look"] = colour.make_look(image.pixels, image.channels, image.shown_in)
    frame = Frame(image.display, image.window, layers, image.channels, image.pixel_aspect)
    types = (image.pixels.dtype.str,) * len(image.channels)
    spaces = (image.tag.space, image.shown_in)
    kept = (image.header, *spaces)
    return Plate(
        path, number, view, (), frame, types, (), (), *kept, tag=image.tag, further=image.further, turn=image.turn
    )


def _read_exr(file: ExrFile, number: int, view: str, layer: str, space: str | None, depth_channel: str) -> Plate:
    guard.validate_picture(file.path, file.display)
    stamp = stamp_of(file.path)
    chosen, channels = view_of(file, view)
    available = pictures(channels)
    picture = chosen_picture(file.path, channels, available, layer)
    picked, channels = picture.channels, apart(channels, picture.channels)
    header = file.headers[picture.part]
    pixels, names = _color(file, picked, header)
    data = picked[0].window
    tag = tags.Tag(colour.validate_space(space), tags.BY_HAND) if space else tags.of_exr(header)
    layers = {"color": validated_finite(file.path, pixels)}
    if colour.needs_look(tag.space, names):
        layers["look"] = colour.make_look(pixels, names, tag.space)
    others = _others(file, channels, picked)
    extra = _ride(others, data)
    if extra:
        layers["extra"] = _stacked(extra)
    depth = pick_varying(file, channels, channel=depth_channel, others=others)
    if depth is not None:
        layers["depth"] = over(depth.pixels, depth.channel.window, data)
    return Plate(
        path=file.path,
        number=number,
        view=chosen,
        views=file.views,
        frame=Frame(file.display, data, layers, names, float(header.get("pixelAspectRatio", 1.0))),
        types=_stored_types(picked, pixels),
        layers=others,
        extra=tuple(rider.name for rider in extra),
        header=attributes_of(file.parts[picture.part]),
        parts=passthrough_parts(file, picture.part, _names(picked, names, others), stamp),
        input_space=tag.space,
        pixel_space=tag.space,
        tag=tag,
        picture=picture.label,
        pictures=tuple(p.label for p in available),
        grey=picked[0].name if len(names) <= 2 and picked[0].component != "Y" else "",
        depth_name=depth.channel.name if depth else "",
        depth_meaning=depth.meaning if depth else "auto",
        depth_varies=depth is not None and depth.varies,
    )


def chosen_picture(path: Path, channels: Sequence[Channel], available: Sequence[Picture], layer: str) -> Picture:
    """The picture among those of a view.

    Raises:
        PlateError: there is none, or none of that name.
    """
    picture = choose_picture(available, layer)
    if picture is None:
        picture = lone_grey(channels, layer)
        if picture is not None:
            log_once(path, LONE_GREY.format(picture.channels[0].name))
    if picture is not None:
        return picture
    if layer and available:
        labels = ", ".join(p.label for p in available)
        raise PlateError(f"no colour in a layer {layer!r}", where=str(path), remedy=f"--layer may be: {labels}")
    if available:
        data = ", ".join(p.label for p in available)
        raise PlateError(
            f"no colour but layers whose names say depth, vectors or ids: {data}",
            where=str(path),
            remedy="--layer takes one all the same",
        )
    remedy = "give depth with --depth, beside a plate" if depth_channels(channels) else "give R, G and B, or Y"
    raise PlateError(f"no colour among the channels {_listed(channels)}", where=str(path), remedy=remedy)


def _listed(channels: Sequence[Channel]) -> str:
    names = [c.name for c in channels]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _color(file: ExrFile, picked: Sequence[Channel], header: Mapping[str, Any]) -> tuple[Array, tuple[str, ...]]:
    if any(c.component == "RY" for c in picked):
        return from_luma(file, picked, header)
    return file.read_stack(picked), plain_names(picked)


def plain_names(picked: Sequence[Channel]) -> tuple[str, ...]:
    """What channels of colour are called everywhere else: R, G, B, A or Y."""
    upper = {"red": "R", "green": "G", "blue": "B", "alpha": "A"}
    names = tuple(upper.get(c.component.lower(), c.component.upper()) for c in picked)
    return names if len(names) > 2 else ("Y", "A")[: len(names)]


def from_luma(file: ExrFile, picked: Sequence[Channel], header: Mapping[str, Any]) -> tuple[Array, tuple[str, ...]]:
    """R, G, B and maybe A of luminance and chroma, (rows, columns, channels), and their names."""
    planes = file.read(picked)
    rgb = to_rgb(planes[0], planes[1], planes[2], luminance_weights(header.get("chromaticities", REC709)))
    if len(planes) == 3:
        return rgb, ("R", "G", "B")
    return np.concatenate([rgb, planes[3][..., None].astype(rgb.dtype)], -1), ("R", "G", "B", "A")


def _stored_types(picked: Sequence[Channel], pixels: Array) -> tuple[str, ...]:
    """Types to write colour in: each channel's own, but where RGB was computed or holds integers."""
    if any(c.component == "RY" or c.dtype == "<u4" for c in picked):
        return (str(pixels.dtype.str),) * len(pixels[0, 0])
    return tuple(c.dtype for c in picked)


def _others(file: ExrFile, channels: Sequence[Channel], picked: Sequence[Channel]) -> tuple[Layer, ...]:
    taken = {(c.part, c.stored) for c in picked}
    rest = [
        c
        for c in channels
        if (c.part, c.stored) not in taken and c.sampling == (1, 1) and c.layer.partition(".")[0] not in OWN_LAYERS
    ]
    return tuple(Layer(c.name, p, c.window, c.part, c.stored) for c, p in zip(rest, file.read(rest), strict=True))


def _names(picked: Sequence[Channel], names: Sequence[str], others: Sequence[Layer]) -> list[tuple[int, str, str]]:
    """Part, stored name and name on the way out; luminance and chroma are no channels of RGB."""
    own = zip(picked, names, strict=True) if not any(c.component == "RY" for c in picked) else ()
    colours = [(c.part, c.stored, name) for c, name in own] or [(picked[0].part, "", "")]
    return [*colours, *((layer.part, layer.stored, layer.name) for layer in others)]


def _ride(others: Sequence[Layer], data: Box) -> list[Layer]:
    """Layers that can be carried into the new view: floats on the colour's own pixels, and no hashed ids."""
    return [layer for layer in others if layer.window == data and not is_id(layer.name, layer.pixels.dtype.str)]


def _stacked(layers: Sequence[Layer]) -> Array:
    kind = "<f2" if all(layer.pixels.dtype.str == "<f2" for layer in layers) else "<f4"
    if len(layers) == 1:
        return np.ascontiguousarray(layers[0].pixels[..., None], kind)
    return np.stack([layer.pixels for layer in layers], -1).astype(kind, copy=False)


def validated_finite(path: Path, pixels: Array) -> Array:
    """The pixels, of which one at least is finite.

    Raises:
        PlateError: none is.
    """
    if not np.isfinite(pixels[::16, ::16]).any() and not np.isfinite(pixels).any():
        raise PlateError("every pixel is NaN or infinite", where=str(path), remedy="render the frame again")
    return pixels
