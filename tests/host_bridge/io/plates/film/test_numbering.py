"""Frames are numbered by timecode or from 1, in the order they are shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from host_bridge.core.errors import BadInputError, MissingFrameError
from host_bridge.io.plates import PlateSequence
from tests.host_bridge.conftest import MakeRgba, Write
from tests.host_bridge.io.plates.film.kinds import again
from tests.host_bridge.io.plates.films import Make, make


@pytest.mark.parametrize(
    ("name", "timecode", "rate", "first"),
    [
        ("a.mov", "01:00:00:00", Fraction(24), 86400),
        ("a.mp4", "00:00:10:05", Fraction(25), 255),
        ("a.mkv", "10:00:00:12", Fraction(24000, 1001), 864012),
        ("a.mov", "00:01:00;02", Fraction(30000, 1001), 1800),
        ("a.mov", "", Fraction(24), 1),
    ],
)
def test_frames_are_numbered_by_timecode_or_from_1(
    tmp_path: Path, name: str, timecode: str, rate: Fraction, first: int
) -> None:
    how = Make(codec="libx264", frames=3, timecode=timecode, rate=rate)
    sequence = again(make(tmp_path / name, how))
    assert sequence.frames == (first, first + 1, first + 2)
    assert again(tmp_path / name, start=1001).frames == (1001, 1002, 1003)
    assert again(tmp_path / name, start=-1).frames == (-1, 0, 1)


def test_mxf_has_a_timecode_too(tmp_path: Path) -> None:
    how = Make(codec="mpeg2video", frames=3, timecode="01:00:00:00", pixels="yuv422p")
    assert again(make(tmp_path / "a.mxf", how)).frames[0] == 86400


def test_asked_frames(films: dict[str, Path]) -> None:
    sequence = again(films["h264.mp4"], start=1001, frames="1010-1044x2")
    assert sequence.frames[:2] == (1010, 1012)
    assert sequence.missing == frozenset({1042, 1044})
    assert sequence.content(1010) == again(films["h264.mp4"]).content(10)
    with pytest.raises(MissingFrameError, match=r"the movie holds no frame 1044"):
        sequence.content(1044)
    with pytest.raises(MissingFrameError, match=r"none of the 2 requested frames is in the movie; its frames are 1-40"):
        again(films["h264.mp4"], frames="1041-1042")


def test_start_is_for_movies(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.0001.exr", ({}, rgba()))
    with pytest.raises(BadInputError, match="--start"):
        PlateSequence.open(str(path), start=5)


def test_a_varying_rate_is_said_and_numbered_by_presentation(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    times = tuple(40 * i + (i % 3) * 15 for i in range(24))
    path = make(tmp_path / "a.mp4", Make(codec="libx264", times_ms=times))
    sequence = again(path)
    assert sequence.frames == tuple(range(1, 25))
    assert "the frame rate varies: frames are numbered in the order they are shown" in caplog.text
    order = [n for n, frame in enumerate(shown(path), 1) if sequence.film.index.positions[frame.pts] == n - 1]  # type: ignore[union-attr]
    assert order == list(sequence.frames)


def shown(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return sorted(container.decode(video=0), key=lambda frame: frame.pts)


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "prores.mov", "mpeg2.mxf", "ffv1.mkv"])
def test_an_even_rate_is_not_called_varying(
    films: dict[str, Path], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert again(films[name]).film.notes == ()  # type: ignore[union-attr]
    assert not caplog.records


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)])
def test_milliseconds_of_matroska_are_no_varying_rate(tmp_path: Path, rate: Fraction) -> None:
    assert again(make(tmp_path / "a.mkv", Make(frames=120, rate=rate))).film.index.even  # type: ignore[union-attr]


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
@pytest.mark.parametrize(
    "times",
    [
        (0, 40, 200, 210, 400, 900),
        tuple(round(1000 * (n + n // 5 * 3) / 24) for n in range(40)),  # on and off, as a screen that rests
        tuple(range(0, 4000, 500)),
    ],
)
def test_a_varying_rate_promises_no_more_than_there_is(tmp_path: Path, codec: str, times: tuple[int, ...]) -> None:
    """Matroska counts no frames, and says how long they last, and a mean rate."""
    film = again(make(tmp_path / "a.mkv", Make(codec=codec, times_ms=times, frames=len(times))))
    assert film.frames == tuple(range(1, len(times) + 1)) and not film.missing
