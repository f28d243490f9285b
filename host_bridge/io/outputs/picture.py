"""One picture in an image format: PNG, JPEG, TIFF, DPX, HDR or a plain EXR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import OutputError
from host_bridge.core.frame import Array
from host_bridge.core.utf8_paths import utf8_path
from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.silence import silenced

LINEAR_FORMATS = {".exr": "half", ".hdr": "float", ".pfm": "float"}
# Their alpha is straight by definition: colour is stored without it.
STRAIGHT_FORMATS = (".png", ".tga", ".webp")
SIXTEEN_BIT = (".tif", ".tiff", ".dpx", ".png16")


def write_picture(path: Path, pixels: Array, *, channels: tuple[str, ...] = ()) -> None:
    """Writes a picture.

    Args:
        path: the file; its ending chooses the format.
        pixels: (rows, columns, C); uint8 and uint16 are written as they are (JPEG in 8 bits), floats are scene-linear
            Rec.709 and encoded as sRGB where the format holds integers. An alpha of floats is premultiplied.
        channels: names of C, where they are not grey, RGB or RGBA in order.

    Raises:
        OutputError: an unknown ending, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    values, kind = _encoded(pixels, suffix)
    with replacing(path) as scratch, utf8_path(scratch) as temporary:
        writer = oiio.ImageOutput.create(temporary)
        if writer is None:
            oiio.geterror()  # what is not fetched is printed at exit
            raise OutputError(
                "no such image format", where=str(path), remedy="end the name in .exr, .png, .jpg or .tif"
            )
        spec = oiio.ImageSpec(values.shape[1], values.shape[0], values.shape[2], kind)
        if channels and len(channels) == values.shape[2]:
            spec.channelnames = channels
        if suffix in STRAIGHT_FORMATS:
            spec.attribute("oiio:UnassociatedAlpha", 1)
        spec.attribute("oiio:ColorSpace", colour.LINEAR_REC709 if suffix in LINEAR_FORMATS else colour.SRGB)
        done = writer.open(temporary, spec) and writer.write_image(values) and writer.close()
        if not done or not _readable(temporary):
            reason = writer.geterror().strip() or "it does not read back"
            raise OutputError(
                f"cannot be written ({reason.splitlines()[0]})",
                where=str(path),
                remedy="check the folder, its permissions and the space on the disk",
            )


def _readable(path: str) -> bool:
    """Whether every row reads back: the PNG writer does not notice a full disk."""
    with silenced():
        reader = oiio.ImageInput.open(path)
        is_readable = reader is not None and reader.read_image(0, 0, 0, reader.spec().nchannels, "unknown") is not None
    (reader.geterror if reader is not None else oiio.geterror)()
    return is_readable


def _encoded(pixels: Array, suffix: str) -> tuple[Array, str]:
    if suffix in (".jpg", ".jpeg"):
        pixels = pixels[..., :3]
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels), "uint8"
    if pixels.dtype == np.uint16:
        return np.ascontiguousarray(pixels), "uint16"  # a format of 8 bits takes the upper ones
    if suffix in LINEAR_FORMATS:
        return np.ascontiguousarray(pixels, np.float32), LINEAR_FORMATS[suffix]
    count = 3 if pixels.shape[2] >= 3 else 1
    out = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    if suffix in STRAIGHT_FORMATS and pixels.shape[2] == count + 1:
        alpha = out[..., count:]
        np.divide(out[..., :count], alpha, out=out[..., :count], where=alpha > 0)
    out[..., :count] = curves.linear_to_srgb(out[..., :count])
    top, kind = (65535, np.uint16) if suffix in SIXTEEN_BIT else (255, np.uint8)
    return np.ascontiguousarray((out.clip(0, 1) * top + 0.5).astype(kind)), np.dtype(kind).name
