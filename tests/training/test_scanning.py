"""A film is looked through once by all that share a folder: in turn, side by side, and after a process that died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.conftest import small_bench
from training.assignment import FilmSpec, Part
from training.curate import curate
from training.faults import Faults
from training.films import OffsetFilm, StereoFrame, SwappedFilm, TwinFilm, open_asked, open_film
from training.frame_times import plain_times, restore_times, videos_of
from training.locks import BusyError, held
from training.scan_notes import scan_note
from training.scanning import readable
from training.shards import read_manifests
from training.shots import Scan, scan_film
from training.video import Video


def _parts_of(film: Path, out: Path, parts: int = 2) -> None:
    for number in range(1, parts + 1):
        curate([FilmSpec(str(film), style="measured")], out, small_bench(), part=Part(number, parts))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The films that were looked through, in turn."""
    seen: list[str] = []

    def looked(frames: Iterator[StereoFrame], *, where: str, min_shot_frames: int) -> Scan:
        seen.append(where)
        return scan_film(frames, where=where, min_shot_frames=min_shot_frames)

    monkeypatch.setattr("training.scanning.scan_film", looked)
    return seen


def test_parts_share_one_scan(film: Path, tmp_path: Path, looks: list[str]) -> None:
    _parts_of(film, tmp_path)
    assert looks == [str(film)]
    first, second = read_manifests(tmp_path)
    assert first["films"] == second["films"]
    assert not (tmp_path / "scans").exists(), "the manifests hold it now"


def test_a_scan_of_other_settings_is_another(film: Path, tmp_path: Path) -> None:
    asked = FilmSpec(str(film))
    same = scan_note(tmp_path, FilmSpec(str(film), style="other", rights="made"), 2)
    assert same == scan_note(tmp_path, asked, 2)
    others = [scan_note(tmp_path, asked, 3)] + [
        scan_note(tmp_path, FilmSpec(str(film), **{name: value}), 2)  # type: ignore[arg-type]
        for name, value in (("layout", "sbs"), ("swap_eyes", True), ("input_space", "ACEScg"), ("right_late", 1))
    ]
    assert len({note.path for note in [same, *others]}) == 6


def test_pairs_of_a_shared_scan_are_sought(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second part never decodes from the start to its last frame."""
    curate([FilmSpec(str(film), style="measured")], tmp_path, small_bench(), part=Part(1, 2))

    def whole(*_: object) -> None:
        raise AssertionError("decoded from the start")

    wanted_one = Video._until
    monkeypatch.setattr(
        Video, "_until", lambda self, c, s, wanted: wanted_one(self, c, s, wanted) if wanted == {0} else whole()
    )
    curate([FilmSpec(str(film), style="measured")], tmp_path, small_bench(), part=Part(2, 2))


_CURATE = """
import sys
from pathlib import Path
from tests.training.conftest import small_bench
from training.assignment import FilmSpec
from training.curate import curate
def seen(film, done, _):
    print(done, flush=True)
    if done == int(sys.argv[3]):
        sys.stdin.read()
curate([FilmSpec(sys.argv[1], style="measured")], Path(sys.argv[2]), small_bench(), watching=seen)
"""


def _curating_process(film: Path, out: Path, root: Path, stop_at: int) -> subprocess.Popen[str]:
    """A process that curates a film and stands still at a frame of its scan until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CURATE, str(film), str(out), str(stop_at)],
        cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == stop_at:
            return process
    raise AssertionError(f"the scan ended with {process.wait()}")


def test_the_scan_of_a_process_that_died_is_made_by_the_next(
    film: Path, shards: Path, root: Path, tmp_path: Path, looks: list[str]
) -> None:
    with _curating_process(film, tmp_path, root, 3) as process:
        os.kill(process.pid, signal.SIGKILL)
    curate([FilmSpec(str(film), style="measured")], tmp_path, small_bench())
    assert looks == [str(film)]
    assert read_manifests(tmp_path) == read_manifests(shards)


def test_what_another_process_looks_through_is_left_to_it(
    film: Path, root: Path, tmp_path: Path, looks: list[str]
) -> None:
    """The other films are looked through meanwhile; then it is waited for."""
    beside = tmp_path / "second.mp4"
    beside.symlink_to(film)
    note = scan_note(tmp_path, FilmSpec(str(film)), small_bench().config.min_shot_frames)
    films = [FilmSpec(str(film)), FilmSpec(str(beside))]
    told: list[str] = []
    with _curating_process(film, tmp_path, root, 3) as process:
        with pytest.raises(BusyError), held(note.lock, wait=False):
            pass

        def watching(text: str, *_: int | None) -> None:
            if "waiting for" in text:
                told.append(text)
                assert process.stdin is not None
                process.stdin.close()

        config = small_bench(depth="mini").config
        scanned = list(readable(films, tmp_path, config, Faults(), watching))
    assert process.returncode == 0
    assert [each.film for each in scanned] == films
    assert looks == [str(beside)], "the first film's scan is the other process's"
    assert told == [f"waiting for the process that looks at {film}"]


def test_a_part_that_is_started_twice_is_made_once(film: Path, root: Path, tmp_path: Path, looks: list[str]) -> None:
    with _curating_process(film, tmp_path, root, 3) as process:
        told: list[str] = []

        def watching(text: str, *_: int | None) -> None:
            told.append(text)
            assert process.stdin is not None
            process.stdin.close()

        manifest = curate([FilmSpec(str(film), style="measured")], tmp_path, small_bench(), watching=watching)
    assert process.returncode == 0
    assert told == ["waiting for the process that curates part 1 of 1"]
    assert looks == [] and manifest["samples"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["manifest-p1of1.json", "pairs-p1of1-00000.tar",
                                                          "pairs-p1of1-00001.tar", "previews"]  # fmt: skip


def test_times_are_told_and_restored(film: Path) -> None:
    opened = open_asked(FilmSpec(str(film)))
    assert plain_times(opened) == [], "nothing is known before the frames were read"
    frames = list(opened.pairs())
    plain = plain_times(opened)
    again = open_asked(FilmSpec(str(film)))
    restore_times(again, plain)
    assert videos_of(again)[0].times == videos_of(opened)[0].times
    last = frames[-1]
    (sought,) = again.pairs(frozenset({last.index}))
    assert (sought.left == last.left).all() and (sought.right == last.right).all()


def test_videos_of_every_kind_of_film(film: Path) -> None:
    packed = open_film(str(film))
    twin = open_film(f"{film}::{film}")
    assert isinstance(twin, TwinFilm)
    assert [len(videos_of(f)) for f in (packed, twin, SwappedFilm(twin), OffsetFilm(packed, 2))] == [1, 2, 2, 1]
