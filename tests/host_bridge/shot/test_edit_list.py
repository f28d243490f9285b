"""Cuts that an editor already knows."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from host_bridge.core.errors import BadInputError
from host_bridge.shot.edit_list import cuts_in

EDL = """TITLE: REEL
FCM: NON-DROP FRAME

001  AX       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
002  AX       V     C        00:00:05:00 00:00:05:12 01:00:01:00 01:00:01:12
003  AX       V     C        00:00:05:12 00:00:05:12 01:00:01:12 01:00:01:12
003  BX       V     D    008 00:00:02:00 00:00:04:00 01:00:01:12 01:00:03:12
"""


def test_an_edl_starts_at_the_plates_first_frame(tmp_path: Path) -> None:
    """Events begin at 0, 24 and 36; the last one dissolves in over eight frames."""
    path = tmp_path / "reel.edl"
    path.write_text(EDL, encoding="utf-8")
    assert cuts_in(path, first=1001) == (1025, 1041)


def test_an_edl_counts_at_its_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "reel.EDL"
    path.write_text(EDL.split("003")[0], encoding="utf-8")
    assert cuts_in(path, first=1, fps=30) == (31,)


def test_an_otio_timeline_with_a_gap(tmp_path: Path) -> None:
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    for kind, frames in ((otio.schema.Clip, 10), (otio.schema.Gap, 5), (otio.schema.Clip, 20)):
        span = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 24), otio.opentime.RationalTime(frames, 24))
        track.append(kind(source_range=span))
    timeline = otio.schema.Timeline()
    timeline.tracks.append(track)
    path = tmp_path / "reel.otio"
    otio.adapters.write_to_file(timeline, str(path))
    assert cuts_in(path, first=-5) == (5, 10)


def test_frame_numbers_with_remarks(tmp_path: Path) -> None:
    path = tmp_path / "cuts.txt"
    path.write_text("# first frames\n1025 # the door\n1041 1060\n\n", encoding="utf-8")
    assert cuts_in(path, first=1001) == (1025, 1041, 1060)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", "10 ten"), ("a.edl", "001 nonsense"), ("a.edl", ""), ("a.otio", "{}"), ("a.otio", "not json")],
)
def test_what_is_no_list_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError) as error:
        cuts_in(path, first=1)
    assert str(path) in str(error.value) and len(str(error.value).splitlines()) == 1


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    for name in ("none.txt", "none.edl", "none.otio"):
        with pytest.raises(BadInputError, match="none"):
            cuts_in(tmp_path / name, first=1)
