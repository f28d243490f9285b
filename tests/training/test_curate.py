"""Films to shards: errors, what is kept, the planted director, resuming, farming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.errors import BadInputError, DepthSourceError, PlateError
from tests.training.conftest import small_bench
from training.asked import FilmSpec, Part
from training.curate import curate
from training.depth import Depth
from training.pairs import Bench, Reject, Sample
from training.shards import Entry, index, read_manifests


def test_a_film_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film at all")
    with pytest.raises(PlateError, match="cannot be read as a video"):
        curate([FilmSpec(str(tmp_path / "film.mp4"), layout="sbs")], tmp_path / "out", small_bench())


def test_another_run_in_the_same_folder(film: Path, shards: Path) -> None:
    with pytest.raises(BadInputError, match="other films or settings"):
        curate([FilmSpec(str(film), style="other")], shards, small_bench())


def test_finished_work_is_not_done_again(film: Path, shards: Path) -> None:
    before = {f.name: f.stat().st_mtime_ns for f in shards.iterdir()}
    manifest = curate([FilmSpec(str(film), style="measured")], shards, small_bench())
    assert manifest["samples"] and {f.name: f.stat().st_mtime_ns for f in shards.iterdir()} == before


def test_manifest_tells_what_there_is(shards: Path) -> None:
    (manifest,) = read_manifests(shards)
    facts = manifest["statistics"]
    assert manifest["films"][0]["shots"] == 6
    assert facts["kept"] + facts["rejected"] == 12
    assert facts["kept"] == sum(s["samples"] for s in manifest["shards"]) >= 8
    assert manifest["films"][0]["picture"] == [0, 10, 320, 170]


def test_the_director_is_found(film: Path, entries: list[Entry]) -> None:
    truth = json.loads(Path(f"{film}.truth.json").read_text())["frames"]
    for entry in entries:
        told = truth[entry.row["frame"]]
        iz = entry.load().left.inverse_depth
        assert 0.4 < iz.max() <= 2.0
        # iz is stretched to its percentiles, so s may shrink by what they cut off.
        assert 0.7 * told["scale_px"] < entry.row["figures"]["fit_scale_px"] < 1.1 * told["scale_px"]
        assert abs(entry.row["figures"]["fit_shift_px"] - told["shift_px"]) < 2.0


def test_pop_outs_are_found_where_they_are(film: Path, entries: list[Entry]) -> None:
    truth = json.loads(Path(f"{film}.truth.json").read_text())["frames"]
    popped = [e for e in entries if truth[e.row["frame"]]["pop_out_px"]]
    plain = [e for e in entries if not truth[e.row["frame"]]["pop_out_px"]]
    share = [np.mean([e.row["figures"]["local_share"] for e in group]) for group in (popped, plain)]
    assert share[0] > 0.01 and share[0] > 4 * share[1]


def test_parts_make_the_whole(film: Path, entries: list[Entry], tmp_path: Path) -> None:
    for number in (1, 2):
        curate([FilmSpec(str(film), style="measured")], tmp_path, small_bench(), part=Part(number, 2))
    rows = {entry.row["key"]: entry.row for entry in index(tmp_path)}
    assert rows == {entry.row["key"]: entry.row for entry in entries}


def test_workers_change_no_byte(film: Path, shards: Path, tmp_path: Path) -> None:
    for workers in (1, 3):
        curate([FilmSpec(str(film), style="measured")], tmp_path / str(workers), small_bench(), workers=workers)
    for file in shards.iterdir():
        assert all((tmp_path / n / file.name).read_bytes() == file.read_bytes() for n in ("1", "3"))


def test_a_fault_of_one_pair_ends_the_run(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = small_bench()
    seen: list[int] = []

    def faulty(self: Bench, *_: object) -> Sample | Reject:
        seen.append(1)
        if len(seen) == 4:
            raise DepthSourceError("no depth today")
        return Reject("inconsistent", {})

    monkeypatch.setattr(Bench, "measure", faulty)
    with pytest.raises(DepthSourceError, match="no depth today"):
        curate([FilmSpec(str(film))], tmp_path, bench, workers=2)
    assert not list(tmp_path.glob("manifest-*.json"))


def test_too_many_parts(film: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="has no frame"):
        curate([FilmSpec(str(film))], tmp_path, small_bench(), part=Part(50, 50))


_RUN = """
import sys
from tests.training.conftest import small_bench
from training.asked import FilmSpec
from training.curate import curate
from pathlib import Path
film = FilmSpec(sys.argv[1], style="measured")
curate([film], Path(sys.argv[2]), small_bench(), progress=lambda done, _: print(done, flush=True))
"""


def test_killed_and_run_again_gives_the_same_bytes(film: Path, shards: Path, root: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(film), str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 5:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    done = list(tmp_path.glob("pending-*/rehearsal-*.msgpack"))
    assert 5 <= len(done) < 12 and not list(tmp_path.glob("*.tar"))
    times = {f: f.stat().st_mtime_ns for f in done}
    time.sleep(0.01)
    seen: list[int] = []
    curate(
        [FilmSpec(str(film), style="measured")],
        tmp_path,
        small_bench(),
        progress=lambda n, _: seen.extend([n] if all(f.stat().st_mtime_ns == t for f, t in times.items()) else []),
    )
    assert seen == list(range(1, 13))
    files = sorted(f.name for f in shards.iterdir())
    assert files == sorted(f.name for f in tmp_path.iterdir())
    assert all((shards / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_swapped_eyes_are_said(film: Path, tmp_path: Path) -> None:
    manifest = curate([FilmSpec(str(film), swap_eyes=True)], tmp_path, small_bench())
    facts = manifest["statistics"]
    assert facts["kept"] == 0 and facts["rejects"]["eyes swapped"] > facts["rejected"] / 2
    assert "use --swap-eyes" in manifest["notes"][0]


def test_depth_that_films_do_not_carry_is_refused():
    with pytest.raises(DepthSourceError, match=r"films carry none.*sidecar") as caught:
        Depth("aov")
    assert caught.value.where == "--depth aov"
