"""Videos: frames by seeking are those of a whole pass; damage is told; a smaller look finds the same shots and bars."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from host_bridge.core.errors import BadInputError, PlateError
from training.assignment import FilmSpec
from training.config import CurateConfig
from training.devices import device_named
from training.faults import Faults
from training.films import open_film
from training.scanning import readable
from training.shots import scan_film
from training.small_look import ENOUGH_PX, shrinking
from training.video import Times, Video

FRAMES = 60


def _frame(number: int, width: int = 160, height: int = 90) -> np.ndarray:
    rng = np.random.default_rng(number // 20)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (height, width, 3), dtype=np.uint8), (0, 0), 3)
    return np.roll(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX), number % 20, 1)


def _film(path: Path, frames: list[np.ndarray], times: list[int] | None = None, **options: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24), options={"crf": "12", "g": "12", **options})
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 240)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.mark.parametrize("options", [{}, {"bf": "3", "x264-params": "open-gop=1"}, {"bf": "0"}], ids=str)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sought_frames_are_those_of_a_whole_pass(tmp_path: Path, options: dict[str, str], suffix: str) -> None:
    video = Video(_film(tmp_path / f"film.{suffix}", [_frame(n) for n in range(FRAMES)], None, **options))
    whole = dict(video.pictures(None))
    assert video.times.known and sum(key for _, key in video.times.seen) > 3
    for wanted in ({0}, {59}, {3, 4, 31}, {11, 12, 13, 58}, set(range(0, FRAMES, 7))):
        found = dict(video.pictures(frozenset(wanted)))
        assert sorted(found) == sorted(wanted)
        for number, picture in found.items():
            np.testing.assert_array_equal(picture, whole[number])


def test_frames_of_uneven_times(tmp_path: Path) -> None:
    times = np.cumsum(np.random.default_rng(1).integers(10, 60, FRAMES)).tolist()
    video = Video(_film(tmp_path / "film.mkv", [_frame(n) for n in range(FRAMES)], times=times))
    whole = dict(video.pictures(None))
    assert video.times.known
    for number, picture in video.pictures(frozenset({25, 50})):
        np.testing.assert_array_equal(picture, whole[number])


def test_a_seek_decodes_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = Video(_film(tmp_path / "film.mp4", [_frame(n) for n in range(FRAMES)]))
    list(video.pictures(None))
    entrance = video.times.entrance(50)
    assert 36 < entrance <= 50
    sought: list[int] = []

    def time(self: Times, index: int) -> int | None:
        sought.append(index)
        return self.seen[index][0]

    monkeypatch.setattr(Times, "time", time)
    assert [n for n, _ in video.pictures(frozenset({50}))] == [50]
    assert sought == [entrance]


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    path = _film(tmp_path / "film.mp4", [_frame(n) for n in range(FRAMES)])
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + 1500] = bytes(1500)
    path.write_bytes(data)
    read: list[int] = []
    with pytest.raises(PlateError, match=r"damaged|cannot be read"):
        read.extend(n for n, _ in Video(path).pictures(None))
    assert read == list(range(len(read))) and 0 < len(read) < FRAMES


def test_half_a_pair_of_names() -> None:
    for spec in ("left.mp4::", "::right.mp4", "::", "a.mp4::b.mp4::c.mp4"):
        with pytest.raises(BadInputError, match="is not LEFT::RIGHT"):
            open_film(spec)


def _wide(path: Path) -> Path:
    frames = []
    for number in range(24):
        eye = cv2.resize(_frame(number // 12 * 20 + number % 12), (2 * ENOUGH_PX, 540))
        eye[:41], eye[-41:] = 0, 0
        frames.append(np.hstack([eye, np.roll(eye, -8, 1)]))
    return _film(path, frames, preset="ultrafast")


def test_a_smaller_look_finds_shots_and_bars(tmp_path: Path) -> None:
    path = _wide(tmp_path / "wide_sbs.mp4")
    film = open_film(str(path))
    assert shrinking(film, next(film.pairs(frozenset({0})))) == 2
    full = scan_film(film.pairs(), where="wide", min_shot_frames=6)
    config = CurateConfig(depth="mini", min_shot_frames=6)
    (small,) = readable([FilmSpec(str(path))], tmp_path, config, Faults())
    assert (
        [(s.start, s.stop) for s in small.scan.shots] == [(s.start, s.stop) for s in full.shots] == [(0, 12), (12, 24)]
    )
    for shot, exact in zip(small.scan.shots, full.shots, strict=True):
        assert shot.picture and exact.picture
        a, b = shot.picture.as_tuple(), exact.picture.as_tuple()
        assert a[0] == b[0] and a[2] == b[2]
        assert 0 <= a[1] - b[1] <= 2 and 0 <= b[3] - a[3] <= 2


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_scan_says_how_far_it_is(tmp_path: Path, suffix: str) -> None:
    path = _film(tmp_path / f"film_sbs.{suffix}", [np.hstack([_frame(n)] * 2) for n in range(FRAMES)])
    told: list[tuple[str, int, int | None]] = []
    config = CurateConfig(depth="mini", min_shot_frames=6)
    list(readable([FilmSpec(str(path))], tmp_path, config, Faults(), lambda *now: told.append(now)))
    assert told == [(f"looking at {path}", n + 1, FRAMES) for n in range(FRAMES)]


def test_a_device_that_is_not_here() -> None:
    assert device_named("cpu").type == "cpu"
    for name in ("cuda:99", "abacus", ""):
        with pytest.raises(BadInputError, match="no device of this machine"):
            device_named(name)
