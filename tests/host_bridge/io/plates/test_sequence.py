from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.core.errors import BadInputError, MissingFrameError, PlateError
from host_bridge.io.plates import Pattern, PlateSequence, parse_frames


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x")


def test_a_pattern_names_the_file_of_a_frame() -> None:
    assert Pattern.parse("a/plate.####.exr").path(7) == Path("a/plate.0007.exr")
    assert Pattern.parse("a/plate.%04d.exr").path(12345) == Path("a/plate.12345.exr")
    assert Pattern.parse("a/plate.%d.exr").path(7) == Path("a/plate.7.exr")
    assert Pattern.parse("a/one.exr").path(7) == Path("a/one.exr")


def test_a_pattern_names_the_file_of_a_view() -> None:
    pattern = Pattern.parse("%V/shot_%v.####.exr")
    assert pattern.has_view
    assert pattern.path(3, "left") == Path("left/shot_l.0003.exr")
    assert pattern.path(3, "right") == Path("right/shot_r.0003.exr")


def test_a_pattern_may_declare_its_frames() -> None:
    assert Pattern.parse("plate.1001-1007x3####.exr").declared == (1001, 1004, 1007)
    assert Pattern.parse("plate.1001-1002%04d.exr").path(1002) == Path("plate.1002.exr")


@pytest.mark.parametrize("text", ["", "folder/"])
def test_a_folder_is_no_plate(text: str) -> None:
    with pytest.raises(BadInputError, match="folder"):
        Pattern.parse(text)


@pytest.mark.parametrize("text", ["abc", "1-", "1--", "1001-1010x"])
def test_a_range_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadInputError, match="not a frame range"):
        parse_frames(text)


@pytest.mark.parametrize("text", ["1001.5", "1001-1003x0.5", "1.25,2"])
def test_a_sub_frame_is_no_frame(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a frame range"):
        parse_frames(text)


def test_a_range_without_bounds_is_refused() -> None:
    with pytest.raises(BadInputError):
        parse_frames("1-2000000")


def test_ranges() -> None:
    assert parse_frames("1001-1005x2") == (1001, 1003, 1005)
    assert parse_frames("5,1-3") == (5, 1, 2, 3)


def test_frames_on_disk_gaps_count_as_missing(tmp_path: Path) -> None:
    touch(tmp_path, "p.0001.exr", "p.0002.exr", "p.0004.exr", "q.0003.exr", "p.3.exr", "p.0003.png")
    found = PlateSequence.open(str(tmp_path / "p.####.exr"))
    assert found.frames == (1, 2, 3, 4)
    assert found.missing == {3}


def test_a_sequence_on_twos_has_no_gaps(tmp_path: Path) -> None:
    touch(tmp_path, "p.0001.exr", "p.0003.exr", "p.0005.exr")
    assert PlateSequence.open(str(tmp_path / "p.####.exr")).missing == frozenset()


def test_asked_frames_win(tmp_path: Path) -> None:
    touch(tmp_path, "p.0001.exr", "p.0002.exr")
    found = PlateSequence.open(str(tmp_path / "p.####.exr"), frames="2-3")
    assert found.frames == (2, 3)
    assert found.missing == {3}


def test_a_frame_wider_than_its_padding(tmp_path: Path) -> None:
    touch(tmp_path, "p.9999.exr", "p.10000.exr", "p.00001.exr")
    assert PlateSequence.open(str(tmp_path / "p.####.exr")).frames == (9999, 10000)


def test_odd_characters_in_folders_are_literal(tmp_path: Path) -> None:
    folder = tmp_path / "a#b [1]*%d"
    folder.mkdir()
    touch(folder, "p+x.0007.exr")
    assert PlateSequence.open(str(folder / "p+x.####.exr")).frames == (7,)


@pytest.mark.parametrize("text", ["p.####.png", "p.%04d.png", "p.98-100####.png"])
def test_numbers_that_are_shorter_are_named(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "p.98.png", "p.99.png", "p.100.png")
    with pytest.raises(MissingFrameError, match=r"there are files with shorter numbers: .*#\.png$"):
        PlateSequence.open(str(tmp_path / text))
    assert PlateSequence.open(str(tmp_path / "p.#.png")).frames == (98, 99, 100)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFrameError, match="no file matches"):
        PlateSequence.open(str(tmp_path / "p.####.exr"))
    touch(tmp_path, "p.0001.exr")
    with pytest.raises(MissingFrameError, match=r"none of the 2 requested frames.*frames on disk: 1"):
        PlateSequence.open(str(tmp_path / "p.####.exr"), frames="8-9")
    with pytest.raises(MissingFrameError, match="no such file"):
        PlateSequence.open(str(tmp_path / "q.exr"))


def test_an_unreadable_folder(tmp_path: Path) -> None:
    with pytest.raises(PlateError, match="folder cannot be read"):
        PlateSequence.open(str(tmp_path / "nowhere" / "p.####.exr"))


def test_one_file_is_one_frame_with_its_own_number(tmp_path: Path) -> None:
    touch(tmp_path, "p.0042.exr", "still.exr")
    assert PlateSequence.open(str(tmp_path / "p.0042.exr")).frames == (42,)
    assert PlateSequence.open(str(tmp_path / "still.exr")).frames == (1,)
    with pytest.raises(BadInputError, match="####"):
        PlateSequence.open(str(tmp_path / "p.0042.exr"), frames="1-3")


def test_views_in_separate_files(tmp_path: Path) -> None:
    touch(tmp_path, "p_left.0001.exr", "p_right.0001.exr", "p_right.0002.exr")
    found = PlateSequence.open(str(tmp_path / "p_%V.####.exr"), view="right")
    assert found.frames == (1, 2)
    assert found.path(2) == tmp_path / "p_right.0002.exr"


def test_a_missing_frame_is_held_by_the_nearest_earlier(tmp_path: Path) -> None:
    touch(tmp_path, "p.0002.exr", "p.0003.exr", "p.0006.exr")
    found = PlateSequence.open(str(tmp_path / "p.####.exr"), frames="1-6")
    assert [found.held(n) for n in (1, 4, 5)] == [2, 3, 3]


@settings(deadline=None, max_examples=60)
@given(st.integers(-(10**7), 10**7), st.integers(1, 8))
def test_a_number_found_on_disk_leads_back_to_its_file(number: int, digits: int) -> None:
    import re

    from host_bridge.io.plates.pattern import _frame_regex, _parsed

    name = f"p.{'#' * digits}.exr"
    written = Pattern.parse(name).path(number).name
    match = re.fullmatch(_frame_regex(_parsed(name), ""), written)
    assert match is not None
    assert int(match.group(1)) == number


# --- numbers below zero, and other corners of naming ---------------------------------------------------------------


@pytest.mark.parametrize("spelled", ["-002", "-0002"])
def test_a_negative_frame_is_found_in_either_spelling(tmp_path: Path, spelled: str) -> None:
    touch(tmp_path, f"p.{spelled}.exr", "p.-0001.exr", "p.0000.exr", "p.-000.exr", "p.-02.exr")
    found = PlateSequence.open(str(tmp_path / "p.####.exr"))
    assert found.frames == (-2, -1, 0)
    assert found.path(-2) == tmp_path / f"p.{spelled}.exr"
    assert found.path(-1) == tmp_path / "p.-0001.exr"
    assert PlateSequence.open(str(tmp_path / "p.%04d.exr"), frames="-2--1").frames == (-2, -1)


def test_of_two_spellings_printfs_is_meant(tmp_path: Path) -> None:
    touch(tmp_path, "p.-0002.exr", "p.-002.exr")
    assert PlateSequence.open(str(tmp_path / "p.####.exr")).path(-2) == tmp_path / "p.-002.exr"


def test_a_hyphen_of_the_name_is_no_sign(tmp_path: Path) -> None:
    touch(tmp_path, "p-0002.exr", "p-003.exr", "p--004.exr")
    assert tuple(Pattern.parse(str(tmp_path / "p-####.exr")).on_disk()) == (-4, 2)


@pytest.mark.parametrize("text", ["", " ", ","])
def test_an_empty_range_is_not_everything(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "p.0001.exr")
    for plate in ("p.####.exr", "p.0001.exr"):
        with pytest.raises(BadInputError, match="--frames"):
            PlateSequence.open(str(tmp_path / plate), frames=text)


def test_a_range_on_twos(tmp_path: Path) -> None:
    touch(tmp_path, *(f"p.{n}.exr" for n in range(1001, 1007)))
    for plate, frames in (("p.####.exr", "1001-1006x2"), ("p.1001-1006x2####.exr", None)):
        found = PlateSequence.open(str(tmp_path / plate), frames=frames)
        assert (found.frames, found.missing) == ((1001, 1003, 1005), frozenset())


@pytest.mark.parametrize(
    ("name", "number"),
    [("p.-0002.exr", -2), ("p_-5.exr", -5), ("p--7.exr", -7), ("p-0005.exr", 5), ("p.0042.exr", 42), ("-3.exr", 3),
     ("p1001.exr", 1), ("p.v02.exr", 1)],
)  # fmt: skip
def test_a_single_file_keeps_the_sign_of_its_number(tmp_path: Path, name: str, number: int) -> None:
    touch(tmp_path, name)
    assert PlateSequence.open(str(tmp_path / name)).frames == (number,)


def test_files_of_views_need_a_view_and_name_those_there_are(tmp_path: Path) -> None:
    for view in ("left", "right", "empty"):
        (tmp_path / view).mkdir()
    touch(tmp_path, "left/s_l.0001.exr", "right/s_r.0001.exr", "right/s_l.0002.exr", "still_left.exr")
    with pytest.raises(BadInputError, match=r"name one of left, right with --view"):
        PlateSequence.open(str(tmp_path / "%V" / "s_%v.####.exr"))
    with pytest.raises(BadInputError, match=r"name one of left with --view"):
        PlateSequence.open(str(tmp_path / "still_%V.exr"))
    with pytest.raises(BadInputError, match=r"no view has files there"):
        PlateSequence.open(str(tmp_path / "%V" / "q.####.exr"))
    assert Pattern.parse(str(tmp_path / "right" / "s_%v.####.exr")).views_on_disk() == ("left", "right")


def test_a_name_with_two_places_for_the_frame_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"2 places for a frame number; keep one of ####, %04d"):
        Pattern.parse("p.####.%04d.exr")


@pytest.mark.parametrize("name", ["a<b>", "<UDIM>", "x<y", "tag <i>&amp;</i>".replace("/", "|")])
def test_angle_brackets_are_part_of_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.0007.exr").touch()
    pattern = Pattern.parse(str(tmp_path / f"{name}.####.exr"))
    assert pattern.path(7) == tmp_path / f"{name}.0007.exr"
    assert pattern.on_disk() == {7: tmp_path / f"{name}.0007.exr"}
    assert Pattern.parse(str(tmp_path / f"{name}.3-9####.exr")).declared == (3, 4, 5, 6, 7, 8, 9)


def test_what_stands_in_for_a_frame_is_the_same_in_every_chunk(tmp_path: Path) -> None:
    touch(tmp_path, *(f"p.{number}.exr" for number in (1, 2, 3, 5, 6)))
    text = str(tmp_path / "p.#.exr")
    for frames in (None, "4-6", "1-6x3", "4"):
        opened = PlateSequence.open(text, frames=frames, gap=True)
        assert opened.held(4) == 3, frames
        assert opened.held(4, without=(4, 3, 2)) == 1 and opened.held(4, without=(1, 2, 3)) == 5
    with pytest.raises(MissingFrameError, match="none of the 1 requested frames"):
        PlateSequence.open(text, frames="4")
    with pytest.raises(MissingFrameError, match="none of the 2 requested frames"):
        PlateSequence.open(text, frames="4,9", gap=True)


@pytest.mark.parametrize("name", ["p.$F4.exr", "p.<F4>.exr", "p.*.exr", "p.{frame:04d}.exr"])
def test_frame_numbers_as_others_write_them(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "p.0001.exr")
    with pytest.raises(MissingFrameError, match=r"write the frame number as #### or %04d"):
        PlateSequence.open(str(tmp_path / name))
