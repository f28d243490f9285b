from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from host_bridge.core.geometry import Box
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.plates import read_plate
from host_bridge.io.plates.plate import Plate

OWNER = b"\xa9 Studio"


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 24, 3)).astype(np.uint8))


def made(path: Path) -> None:
    """A picture whose Copyright is `OWNER`, which is Latin-1 and no UTF-8."""
    if path.suffix in (".jpg", ".webp"):
        exif = Image.Exif()
        exif[0x8298] = OWNER + b"\0"
        picture().save(path, exif=exif)
    elif path.suffix == ".png":
        text = PngInfo()
        text.add_text("Copyright", OWNER.decode("latin-1"))
        picture().save(path, pnginfo=text)
    elif path.suffix == ".tif":
        picture().save(path, tiffinfo={0x8298: "Z Studio"})
        path.write_bytes(path.read_bytes().replace(b"Z Studio", OWNER))
    else:
        spec = oiio.ImageSpec(24, 16, 3, "uint10")
        spec.attribute("Copyright", "Z Studio")
        writer = oiio.ImageOutput.create(str(path))
        assert writer is not None
        assert writer.open(str(path), spec) and writer.write_image(np.full((16, 24, 3), 0.5, np.float32))
        writer.close()
        path.write_bytes(path.read_bytes().replace(b"Z Studio", OWNER))


def written(path: Path, plate: Plate, parts: int = 2) -> bytes:
    names = plate.frame.channels
    planes = {c: plate.frame.layers["color"][..., i].copy() for i, c in enumerate(names)}
    box = Box.of_size(24, 16)
    write_exr(path, [OutPart(f"p{n}", "", box, box, planes, attributes=plate.header) for n in range(parts)])
    return path.read_bytes()


def owners(path: Path) -> list[bytes]:
    """As OpenEXR's file layout has them."""
    data = path.read_bytes()
    found, at = [], data.find(b"owner\0string\0")
    while at >= 0:
        size = int.from_bytes(data[at + 13 : at + 17], "little")
        found.append(data[at + 17 : at + 17 + size])
        at = data.find(b"owner\0string\0", at + 1)
    return found


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "dpx", "webp"])
def test_latin1_is_carried_byte_for_byte(tmp_path: Path, ending: str) -> None:
    made(tmp_path / f"p.{ending}")
    plate = read_plate(tmp_path / f"p.{ending}")
    out = tmp_path / "out.exr"
    written(out, plate)
    assert owners(out) == [OWNER, OWNER]
    reader = oiio.ImageInput.open(str(out))
    assert reader is not None
    assert reader.read_image(1, 0, 0, 3, "half").shape == (16, 24, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "\udca9", "ü \udcfc", "a\udc80" * 1000, "\udcff\udcfe\0\0", "Zürich"])
def test_any_text_is_carried(tmp_path: Path, text: str) -> None:
    made(tmp_path / "p.png")
    plate = read_plate(tmp_path / "p.png")
    plate.header["owner"] = text  # type: ignore[index]
    written(tmp_path / "out.exr", plate)
    assert owners(tmp_path / "out.exr") == [text.encode("utf-8", "surrogateescape")] * 2


def test_a_file_is_whole_before_it_has_its_name(tmp_path: Path) -> None:
    made(tmp_path / "p.jpg")
    written(tmp_path / "out.exr", read_plate(tmp_path / "p.jpg"))
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".exr"] == ["out.exr"]


@pytest.mark.parametrize(
    "key",
    ["channels", "dataWindow", "chromaticities", "timeCode", "name", "type", "K" * 79, "K\xa9", "worldToCamera",
     "tiles", "colorInteropID", "art3d/recipe", "envmap", "chunkCount", "version", "preview", "framesPerSecond"],
)  # fmt: skip
def test_a_text_under_any_key_costs_no_frame(tmp_path: Path, key: str) -> None:
    text = PngInfo()
    text.add_text(key, "anything")
    picture().save(tmp_path / "p.png", pnginfo=text)
    plate = read_plate(tmp_path / "p.png")
    written(tmp_path / "out.exr", plate)
    header = OpenEXR.File(str(tmp_path / "out.exr")).parts[0].header
    assert header["dataWindow"][1].tolist() == [23, 15]
    assert "art3d/recipe" not in header


def test_numbers_beyond_an_exrs_are_said_as_text(tmp_path: Path) -> None:
    made(tmp_path / "p.dpx")
    data = bytearray((tmp_path / "p.dpx").read_bytes())
    data[1712:1716] = b"\xfe\xfd\xfc\xfb"  # frame position
    (tmp_path / "p.dpx").write_bytes(data)
    plate = read_plate(tmp_path / "p.dpx")
    big = [v for v in plate.header.values() if isinstance(v, str) and v.isdigit() and int(v) >= 2**31]
    assert big
    written(tmp_path / "out.exr", plate)


@pytest.mark.parametrize("filler", [b"\xff", b"\xfe\xfd\x7f\x80", b"\x00\x01", b"\xa9", b"\x7f"])
def test_a_dpx_header_that_nobody_filled(tmp_path: Path, filler: bytes) -> None:
    made(tmp_path / "p.dpx")
    data = bytearray((tmp_path / "p.dpx").read_bytes())
    for start, stop in ((36, 660), (1408, 1664), (1664, 2048)):
        data[start:stop] = (filler * (stop - start))[: stop - start]
    (tmp_path / "p.dpx").write_bytes(data)
    plate = read_plate(tmp_path / "p.dpx")
    assert (plate.frame.data.width, plate.frame.data.height) == (24, 16)
    assert plate.frame.pixel_aspect == pytest.approx(1.0) or 0.05 <= plate.frame.pixel_aspect <= 20
    written(tmp_path / "out.exr", plate)


@pytest.mark.parametrize(
    "aspect", [b"\xff\xff\xff\xff" * 2, b"\0\0\0\0\0\0\0\1", b"\0\0\0\1\0\0\0\0", b"\x7f\xff\xff\xff\0\0\0\1"]
)
def test_an_aspect_that_no_picture_has(tmp_path: Path, aspect: bytes) -> None:
    made(tmp_path / "p.dpx")
    data = bytearray((tmp_path / "p.dpx").read_bytes())
    data[1628:1636] = aspect
    (tmp_path / "p.dpx").write_bytes(data)
    assert read_plate(tmp_path / "p.dpx").frame.pixel_aspect == 1.0
