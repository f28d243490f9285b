"""Pictures damaged inside: no wrong picture where the format can tell, one line that names the file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import PIL.Image
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.io.plates.depth_picture import read_depth
from host_bridge.io.plates.read import read_plate

GREY, BLOCK = (120, 160), 256


def picture(mode: str = "RGB") -> PIL.Image.Image:
    """Noise over shapes: its files are long enough to be damaged in their middle."""
    y, x = np.mgrid[: GREY[0], : GREY[1]]
    shapes = np.stack([128 + 90 * np.sin(x / 9), 128 + 80 * np.cos(y / 7), x + y * 0.5], -1)
    noisy = shapes + np.random.default_rng(3).normal(0, 9, shapes.shape)
    return PIL.Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).convert(mode)


def half_float(path: Path, compression: str) -> None:
    spec = oiio.ImageSpec(GREY[1], GREY[0], 3, "half")
    spec.attribute("compression", compression)
    writer = oiio.ImageOutput.create(str(path))
    assert writer is not None and writer.open(str(path), spec)
    writer.write_image(np.asarray(picture(), np.float32) / 255)
    writer.close()


WRITE: dict[str, Callable[[Path], object]] = {
    "base.jpg": lambda path: picture().save(path, quality=92),
    "progressive.jpg": lambda path: picture().save(path, quality=92, progressive=True),
    "restarts.jpg": lambda path: picture().save(path, quality=92, restart_marker_rows=2),
    "grey.jpg": lambda path: picture("L").save(path, quality=92),
    "cmyk.jpg": lambda path: picture("CMYK").save(path, quality=92),
    "rgb.png": lambda path: picture().save(path),
    "palette.png": lambda path: picture("P").save(path),
    "deflate.tif": lambda path: picture().save(path, compression="tiff_adobe_deflate"),
    "lzw.tif": lambda path: picture().save(path, compression="tiff_lzw"),
    "jpeg.tif": lambda path: picture().save(path, compression="jpeg", quality=92),
    "zip.exr": lambda path: half_float(path, "zip"),
}


@pytest.mark.parametrize("name", WRITE)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("harm", ["overwritten", "lost"])
def test_a_picture_damaged_in_its_middle_is_refused(tmp_path: Path, name: str, share: float, harm: str) -> None:
    path = tmp_path / name
    WRITE[name](path)
    assert read_plate(path).frame.display.width == GREY[1]
    data = bytearray(path.read_bytes())
    at = int(len(data) * share)
    data[at : at + BLOCK] = np.random.default_rng(at).bytes(BLOCK) if harm == "overwritten" else b""
    path.write_bytes(data)
    with pytest.raises(PlateError) as caught:
        read_plate(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_zeros_in_a_jpeg_are_no_picture(tmp_path: Path, share: float) -> None:
    """What a disk or a network lost and filled up."""
    path = tmp_path / "p.jpg"
    picture().resize((640, 480)).save(path, quality=92)
    data = bytearray(path.read_bytes())
    at = int(len(data) * share)
    data[at : at + 4096] = bytes(4096)
    path.write_bytes(data)
    with pytest.raises(PlateError, match="the JPEG is damaged"):
        read_plate(path)


@pytest.mark.parametrize("name", ["rgb.png", "palette.png"])
def test_a_wrong_checksum_in_a_png_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITE[name](path)
    data = bytearray(path.read_bytes())
    at = data.index(b"IDAT")
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    data[end] ^= 1
    path.write_bytes(data)
    with pytest.raises(PlateError, match=r"CRC|damaged|not a picture that can be read"):
        read_plate(path)


@pytest.mark.parametrize("kind", ["dpx", "tif", "bmp", "tga", "hdr", "exr", "pfm", "ppm", "webp", "gif"])
@pytest.mark.parametrize("share", [0.4, 0.9, 0.99])
def test_a_file_without_its_end_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / f"p.{kind}"
    if kind in ("webp", "gif", "bmp", "tga", "ppm"):
        picture().save(path)
    else:
        buffer = oiio.ImageBuf(np.asarray(picture(), np.float32) / 255)
        assert buffer.write(str(path), "uint8" if kind in ("dpx", "tif") else "float")
    data = path.read_bytes()
    assert read_plate(path).frame.display.width == GREY[1]
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PlateError):
        read_plate(path)


@pytest.mark.parametrize("name", ["d.png", "d.tif", "d.pfm", "d.npy", "d.exr", "d.jpg"])
def test_depth_pictures_are_held_to_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    values = np.asarray(picture("L"), np.float32) / 255
    if name.endswith(".npy"):
        np.save(path, values)
    elif name.endswith(".jpg"):
        picture("L").save(path, quality=92)
    else:
        oiio.ImageBuf(values[..., None]).write(str(path), "uint16" if name.endswith((".png", ".tif")) else "float")
    data = path.read_bytes()
    assert read_depth(path).varies
    path.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(PlateError) as caught:
        read_depth(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_odd_headers_cost_no_jpeg(tmp_path: Path) -> None:
    """libjpeg warns of them as well, and the picture is whole."""
    stream = io.BytesIO()
    picture().save(stream, "JPEG", icc_profile=b"no profile" * 9)
    whole = stream.getvalue()
    profile = whole.index(b"ICC_PROFILE\0") + 12
    for at, value in ((profile, 9), (11, 7)):  # a part that is missing; a revision of JFIF that nobody made
        path = tmp_path / f"{at}.jpg"
        path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
        assert read_plate(path).frame.display.width == GREY[1]
