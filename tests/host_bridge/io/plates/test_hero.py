from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.io.plates import PlateSequence
from host_bridge.io.plates.hero import settle_hero
from tests.host_bridge.conftest import MakeRgba, Write


@pytest.fixture
def right_first(write_exr: Write, rgba: MakeRgba) -> Path:
    for number in (1, 2):
        parts = [({"view": v, "name": f"rgba.{v}"}, rgba(seed=s)) for s, v in enumerate(("right", "left"))]
        write_exr(f"p.{number:04d}.exr", *parts)
    return write_exr("p.0003.exr", *parts).with_name("p.####.exr")


@pytest.mark.parametrize(
    ("view", "told", "expected"),
    [
        ("", None, ("right", "right")),
        ("left", None, ("left", "left")),
        ("right", None, ("right", "right")),
        ("", "left", ("left", "left")),
        ("", "none", ("right", "none")),
        ("right", "left", ("right", "left")),
    ],
)
def test_a_right_first_plate_is_a_right_hero_unless_told_otherwise(
    right_first: Path, view: str, told: str | None, expected: tuple[str, str]
) -> None:
    sequence, hero = settle_hero(PlateSequence.open(str(right_first), view=view), told)
    assert (sequence.view, hero) == expected
    assert sequence.read(2).view == expected[0]


@pytest.mark.parametrize(
    "names", [("RIGHT", "LEFT"), ("R", "L"), ("r", "l"), ("cam_right", "cam_left"), ("camR", "camL")]
)
def test_eyes_by_other_spellings_of_their_names(write_exr: Write, rgba: MakeRgba, names: tuple[str, str]) -> None:
    path = write_exr("p.exr", *[({"view": v, "name": f"part {v}"}, rgba(seed=s)) for s, v in enumerate(names)])
    assert [settle_hero(PlateSequence.open(str(path)), hero)[1] for hero in (None, "left")] == ["right", "left"]
    assert [settle_hero(PlateSequence.open(str(path)), hero)[0].view for hero in (None, "left")] == list(names)


def test_a_view_without_a_picture_is_passed_over(write_exr: Write, rgba: MakeRgba) -> None:
    """A renderer may list the eye first of which the file holds depth alone."""
    z = {"Z": rgba()["R"].astype("<f4")}
    parts = [({"view": "left", "name": "depth"}, z), ({"view": "right", "name": "rgba"}, rgba())]
    sequence, hero = settle_hero(PlateSequence.open(str(write_exr("p.exr", *parts))), None)
    assert (sequence.view, hero, sequence.read(1).view) == ("right", "right", "right")


def test_the_first_frame_that_can_be_read_decides(right_first: Path) -> None:
    right_first.with_name("p.0001.exr").write_bytes(b"\x76\x2f\x31\x01 and no more")
    assert settle_hero(PlateSequence.open(str(right_first)), None)[1] == "right"


def test_a_plate_without_views_is_the_left_eye(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({}, rgba()))
    sequence, hero = settle_hero(PlateSequence.open(str(path)), None)
    assert (sequence.view, hero) == ("", "left")
    assert settle_hero(sequence, "right")[1] == "right"


def test_a_view_that_is_no_eye_is_staged_as_the_left_one(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({"view": "center"}, rgba()), ({"view": "left"}, rgba(seed=1)))
    sequence, hero = settle_hero(PlateSequence.open(str(path)), None)
    assert (sequence.view, hero) == ("center", "left")


def test_files_of_the_right_eye_alone(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    write_exr("right/p.0001.exr", ({}, rgba()))
    sequence = PlateSequence.open(str(tmp_path / "%V" / "p.####.exr"), view="right")
    assert settle_hero(sequence, None)[1] == "right"
