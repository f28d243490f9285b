from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import PIL.Image
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.io.colour import curves
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates import PlateSequence, logged_once, read_plate
from host_bridge.io.plates.depth_picture import read_depth
from host_bridge.io.plates.view_picture import read_view


def picture_of(path: str, kind: str) -> npt.NDArray[Any]:
    """What OpenImageIO reads of a file."""
    reader = oiio.ImageInput.open(path)
    assert reader is not None
    return np.asarray(reader.read_image(kind))


def save(path: Path, pixels: npt.NDArray[Any], kind: str | None, **attributes: Any) -> Path:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)  # type: ignore[arg-type]
    for name, value in attributes.items():
        spec.attribute(name, value)
    writer = oiio.ImageOutput.create(str(path))
    assert writer is not None
    assert writer.open(str(path), spec)
    assert writer.write_image(np.ascontiguousarray(pixels))
    writer.close()
    return path


@pytest.fixture
def codes() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (16, 24, 3)).astype(np.uint8)


def test_eight_bits_are_linearised_and_come_back_exactly(tmp_path: Path, codes: npt.NDArray[np.uint8]) -> None:
    plate = read_plate(save(tmp_path / "p.png", codes, "uint8"))
    assert plate.input_space == "srgb_rec709_scene"
    assert plate.pixel_space == "lin_rec709_scene"
    color = plate.frame.layers["color"]
    assert color.dtype == np.float16
    assert color.astype(np.float64) == pytest.approx(curves.srgb_to_linear(codes / 255.0), rel=1e-3, abs=1e-7)
    write_picture(tmp_path / "q.png", color)
    again = picture_of(str(tmp_path / "q.png"), "uint8")
    assert again is not None
    assert (again == codes).all()


def test_sixteen_bits_come_back_exactly(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(0, 65536, (16, 24, 3)).astype(np.uint16)
    plate = read_plate(save(tmp_path / "p.tif", codes, "uint16"))
    assert plate.frame.layers["color"].dtype == np.float32
    write_picture(tmp_path / "q.tif", plate.frame.layers["color"])
    assert (picture_of(str(tmp_path / "q.tif"), "uint16") == codes).all()


def test_code_values_for_measuring(tmp_path: Path, codes: npt.NDArray[np.uint8]) -> None:
    plate = read_plate(save(tmp_path / "p.png", codes, "uint8"), linear=False)
    assert plate.frame.layers["color"] == pytest.approx(codes / 255.0, abs=1e-7)


def test_floats_are_untouched(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 4, (16, 24, 3)).astype(np.float32)
    plate = read_plate(save(tmp_path / "p.tif", values, "float"))
    assert plate.frame.layers["color"].tobytes() == values.tobytes()


def test_alpha_is_not_a_colour(tmp_path: Path) -> None:
    codes = np.full((16, 24, 4), 255, np.uint8)
    codes[..., 3] = 128
    plate = read_plate(save(tmp_path / "p.tif", codes, "uint8"))
    assert plate.frame.channels == ("R", "G", "B", "A")
    assert plate.frame.layers["color"][..., 3] == pytest.approx(128 / 255, abs=1e-3)


def test_grey_is_a_picture(tmp_path: Path, codes: npt.NDArray[np.uint8]) -> None:
    plate = read_plate(save(tmp_path / "p.png", codes[..., :1], "uint8"))
    assert plate.frame.channels == ("Y",)
    assert plate.frame.layers["look"].shape == (16, 24, 3)


def test_dpx(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(0, 65536, (16, 24, 3)).astype(np.uint16)
    plate = read_plate(save(tmp_path / "p.dpx", codes, "uint10"), input_space="ARRI LogC3 (EI800)")
    assert plate.input_space == "ARRI LogC3 (EI800)"
    assert plate.frame.layers["color"].max() > 10  # a camera log holds more than display white


def test_cineon_black_and_white() -> None:
    assert curves.cineon_to_linear(np.array([95, 685]) / 1023) == pytest.approx([0, 1], abs=1e-9)


def test_too_few_channels(tmp_path: Path) -> None:
    path = save(tmp_path / "p.tif", np.zeros((16, 24, 3), np.uint8), "uint8")
    spec = oiio.ImageSpec(24, 16, 3, "uint8")
    spec.channelnames = ("u", "v", "w")
    writer = oiio.ImageOutput.create(str(path))
    assert writer is not None
    writer.open(str(path), spec)
    writer.write_image(np.zeros((16, 24, 3), np.uint8))
    writer.close()
    try:
        plate = read_plate(path)
    except PlateError as error:
        assert "no colour among the channels" in str(error)
    else:
        assert plate.frame.channels == ("R", "G", "B")  # TIFF does not store channel names


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "p.tif", "p.dpx"])
def test_truncated(tmp_path: Path, codes: npt.NDArray[np.uint8], name: str) -> None:
    path = save(tmp_path / name, np.kron(codes, np.ones((8, 8, 1), np.uint8)), "uint8")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(PlateError) as caught:
        read_plate(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lab_is_refused_by_name(tmp_path: Path) -> None:
    PIL.Image.new("LAB", (32, 16), (120, 130, 140)).save(tmp_path / "lab.tif")
    with pytest.raises(PlateError, match="L\\*a\\*b\\*"):
        read_plate(tmp_path / "lab.tif")


@pytest.mark.parametrize("name", ["pages.tif", "moves.gif", "moves.webp", "moves.png", "pair.mpo"])
def test_further_pictures_of_a_file_are_said(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Once, by whoever reads the file first: as a plate, as an eye that is judged, as depth."""
    one, two = (PIL.Image.fromarray(np.full((16, 32, 3), level, np.uint8)) for level in (60, 200))
    one.save(tmp_path / name, save_all=True, append_images=[two])
    several, alone = tmp_path / name, tmp_path / "alone" / f"one.{name.split('.')[1]}"
    alone.parent.mkdir()
    one.save(alone)
    readers: tuple[Callable[[Path], object], ...] = (
        read_plate,
        lambda path: read_view(PlateSequence.open(str(path)), 1, space=None),
        read_depth,
    )
    for read in readers:
        logged_once._logged.clear()
        caplog.clear()
        for path in (several, several, alone):
            read(path)
        assert [r.message for r in caplog.records] == [f"{several}: {logged_once.SEVERAL}"]


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"exif": True}])
@pytest.mark.parametrize("part", [0.5, 0.98])
def test_a_jpeg_that_is_cut_short_is_no_grey_picture(tmp_path: Path, how: dict[str, Any], part: float) -> None:
    picture = PIL.Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8))
    path = tmp_path / "p.jpg"
    picture.resize((16, 16)).save(path)
    segment = b"Exif\0\0" + path.read_bytes()  # a thumbnail, which has an end of its own
    picture.save(path, quality=90, **({"exif": segment} if "exif" in how else how))
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(100))
    assert read_plate(path).frame.display.width == 96
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(PlateError, match=r"the JPEG is damaged \(Premature end"):
        read_plate(path)


def test_a_format_that_is_not_read_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "p.avif"
    path.write_bytes(b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B" + bytes(64))
    with pytest.raises(PlateError, match=r"p\.avif: a format that is not read; save it as"):
        read_plate(path)


@pytest.mark.parametrize("name", ["p.png", "p.tif", "p.tga"])
@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_straight_alpha_multiplies_light(tmp_path: Path, name: str, kind: str) -> None:
    """Light is multiplied, not the code values of it; where nothing covers, there is none."""
    top = 255 if kind == "uint8" or name.endswith("tga") else 65535
    codes = np.zeros((16, 24, 4), np.float64)
    codes[...] = (0.8, 0.4, 0.2, 0.5)
    codes[8:, :, 3] = 0.0
    stored = (codes * (255 if kind == "uint8" else 65535)).round().astype(kind)
    path = save(tmp_path / name, stored, kind, **{"oiio:UnassociatedAlpha": 1})
    exact = (codes * top).round() / top
    plate = read_plate(path)
    assert plate.frame.channels == ("R", "G", "B", "A")
    color = plate.frame.layers["color"]
    assert color[..., 3] == pytest.approx(exact[..., 3], abs=1e-3)
    assert color[..., :3] == pytest.approx(curves.srgb_to_linear(exact[..., :3]) * exact[..., 3:], rel=5e-3, abs=1e-6)


def test_premultiplied_alpha_stays(tmp_path: Path) -> None:
    codes = np.full((16, 24, 4), (100, 50, 25, 128), np.uint8)
    color = read_plate(save(tmp_path / "p.tif", codes, "uint8")).frame.layers["color"]
    assert color[..., :3] == pytest.approx(curves.srgb_to_linear(codes[..., :3] / 255.0), rel=1e-3)


@pytest.mark.parametrize("name", ["q.png", "q.tif", "q.tga", "q.exr"])
def test_light_beside_alpha_comes_back(tmp_path: Path, name: str) -> None:
    alpha = np.linspace(0.25, 1.0, 24, dtype=np.float32)[None, :, None].repeat(16, 0)
    light = np.concatenate([np.array([0.7, 0.3, 0.1], np.float32) * alpha, alpha], -1)
    write_picture(tmp_path / name, light)
    assert read_plate(tmp_path / name).frame.layers["color"] == pytest.approx(light, abs=0.006)


def test_depth_is_not_multiplied_by_alpha(tmp_path: Path) -> None:
    codes = np.zeros((16, 24, 2), np.uint16)
    codes[..., 0] = np.linspace(1000, 60000, 24)
    codes[..., 1] = 30000
    depth = read_depth(save(tmp_path / "d.png", codes, "uint16", **{"oiio:UnassociatedAlpha": 1}))
    assert depth.pixels == pytest.approx(codes[..., 0] / 65535.0, abs=1e-6)
