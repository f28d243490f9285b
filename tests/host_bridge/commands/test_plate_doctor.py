"""What `art3d doctor FILE` says of a plate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from host_bridge.commands import plate_doctor
from host_bridge.commands.finding import Finding
from host_bridge.commands.plate_doctor import look_at
from host_bridge.core.errors import MissingFrameError, PlateError
from host_bridge.io.plates import film, tags, upright
from tests.host_bridge.conftest import MakeRgba, Write
from tests.host_bridge.io.plates.film.test_orientation import rotate
from tests.host_bridge.io.plates.films import Make, make
from tests.host_bridge.io.plates.tagged import cicp, png


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    tags._warn.cache_clear()
    film._opened.cache_clear()


def found(path: Path, start: int | None = None) -> dict[str, Finding]:
    return {finding.name: finding for finding in look_at(str(path), start)}


def test_an_exr_with_depth_and_views(write_exr: Write, rgba: MakeRgba) -> None:
    channels = {**rgba(), "Z": np.linspace(1, 9, 24 * 40).reshape(24, 40).astype(np.float32)}
    header = {"view": "left", "pixelAspectRatio": 2.0, "colorInteropID": "lin_ap1_scene"}
    says = found(write_exr("p.1001.exr", (header, channels), ({"view": "right", "pixelAspectRatio": 2.0}, rgba())))
    assert says["plate"].message == "p.1001.exr: frame 1001"
    assert says["plate size"].message.startswith("40×24 px, pixel aspect 2, R G B A as half")
    assert says["plate colour"].message.startswith("lin_ap1_scene: by its colorInteropID lin_ap1_scene;")
    assert says["plate depth"].message.startswith("Z (")
    assert says["plate views"].message.startswith("left, right; taken: left; the plate is view left")
    assert all(finding.ok for finding in says.values())


def test_a_pq_png(tmp_path: Path) -> None:
    path = png(tmp_path / "p.png", np.full((16, 24, 3), 999, np.uint16), cicp(9, 16))
    says = found(path)
    expected = "pq_rec2020_display: by its cICP 9/16/0/1; decoded to lin_rec709_scene, 1.0 is 100 nits;"
    assert says["plate colour"].message.startswith(expected)
    assert (says["plate colour"].remedy, says["plate size"].message) == ("", "24×16 px, R G B as float")
    assert says["plate depth"].message == "none in the plate: a network estimates it"


def test_an_unknown_tag_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = png(tmp_path / "p.png", np.full((16, 24, 3), 99, np.uint8), cicp(9, 99))
    says = found(path)["plate colour"]
    stated = "srgb_rec709_scene: its cICP 9/99/0/1 is not known here; decoded to lin_rec709_scene"
    assert says.message.startswith(stated)
    assert (says.ok, says.remedy) == (True, "--input-space names another")


def test_no_tag(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    says = found(png(tmp_path / "p.png", np.full((16, 24, 3), 99, np.uint8)))["plate colour"]
    assert says.message.startswith("srgb_rec709_scene: by its format;")
    says = found(write_exr("p.exr", ({}, rgba())))["plate colour"]
    assert says.message.startswith("lin_rec709_scene: the file does not say;")
    assert says.remedy == "--input-space names another"


def test_a_movie(tmp_path: Path) -> None:
    times = tuple(40 * i + (i % 3) * 15 for i in range(12))
    path = make(tmp_path / "a.mp4", Make(codec="libx264", frames=12, times_ms=times))
    says = found(path, start=1001)
    assert says["plate"].message.startswith("a.mp4: frames 1001-1012, movie, ")
    assert "yuv420p" in says["plate"].message
    assert "the frame rate varies" in says["plate"].message
    assert "g24_rec709_display: by its colour 1/1/1" in says["plate colour"].message


def test_missing_frames_are_a_fault(write_exr: Write, rgba: MakeRgba, tmp_path: Path) -> None:
    for number in (1, 2, 5):
        write_exr(f"p.{number:04}.exr", ({}, rgba()))
    says = found(tmp_path / "p.####.exr")["plate"]
    assert (says.ok, says.message) == (False, "p.####.exr: frames 1-5; 2 of 5 frames are missing")


def test_faults_are_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFrameError):
        found(tmp_path / "none.exr")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(PlateError):
        found(tmp_path / "a.png")


def test_a_letterbox_is_told(tmp_path: Path) -> None:
    from PIL import Image

    picture = np.random.default_rng(0).integers(60, 255, (90, 160, 3)).astype(np.uint8)
    picture[:12], picture[-12:] = 0, 0
    Image.fromarray(picture).save(tmp_path / "bars.png")
    assert found(tmp_path / "bars.png")["plate picture"].message == "160×66 px; bars of 12 px above, 12 px below"
    Image.fromarray(picture[12:-12]).save(tmp_path / "whole.png")
    assert found(tmp_path / "whole.png")["plate picture"].message == "the whole frame, no bars"


def test_cuts_of_a_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    scenes = [np.kron(rng.integers(0, 256, (4, 6, 3)), np.ones((8, 8, 1))).astype(np.uint8) for _ in range(2)]
    for number in range(1001, 1017):
        png(tmp_path / f"p.{number}.png", scenes[number >= 1009])
    assert found(tmp_path / "p.####.png")["plate cuts"].message == "cut 1009 in frames 1001-1016"
    monkeypatch.setattr(plate_doctor, "LOOK_FRAMES", 6)
    says = found(tmp_path / "p.####.png")["plate cuts"].message
    assert says == "no cut in frames 1001-1006; `art3d analyse` looks at all frames"
    (tmp_path / "p.1003.png").write_bytes(b"no picture")
    assert "frame 1003" in found(tmp_path / "p.####.png")["plate frame"].message
    assert "plate cuts" not in found(tmp_path / "p.1001.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_turned_upright_is_said(tmp_path: Path, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.new("RGB", (32, 16), (90, 120, 30)).save(tmp_path / "p.jpg", exif=exif)
    said = found(tmp_path / "p.jpg")["plate size"].message
    assert said.startswith("16×32 px" if orientation >= 5 else "32×16 px")
    words = upright.described(orientation)
    assert (f"{words} to stand upright (orientation {orientation})" in said) == (orientation > 1) == bool(words)


def test_a_phones_movie_turned_upright_is_said(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", Make(codec="libx264", frames=3))
    rotate(path, 90)
    assert "turned by 90° counter-clockwise to stand upright" in found(path)["plate size"].message


def test_several_pictures_and_a_lone_channel_are_said(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    one = PIL.Image.new("RGB", (32, 16))
    one.putpixel((3, 4), (200, 30, 20))
    one.save(tmp_path / "p.tif", save_all=True, append_images=[one])
    assert "the file holds several pictures" in found(tmp_path / "p.tif")["plate views"].message
    path = write_exr("m.exr", ({}, {"mask": rgba()["R"]}))
    assert "the only picture channel, mask, is taken as grey" in found(path)["plate views"].message
