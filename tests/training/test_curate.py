"""Films to shards: errors, what is kept, the planted director, resuming, farming."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from host_bridge.core.errors import BadInputError, DepthSourceError, PlateError
from tests.training.conftest import small_bench
from training import decisions
from training.assignment import FilmSpec, Part
from training.contact import contact_sheet, pairs_page
from training.content import film_content
from training.curate import curate
from training.depth import Depth
from training.pairs import Bench, Look, Reject, Sample
from training.scan_notes import scan_note
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
    for file in (f for f in shards.rglob("*") if f.is_file()):
        name = file.relative_to(shards)
        assert all((tmp_path / n / name).read_bytes() == file.read_bytes() for n in ("1", "3"))


def test_a_fault_of_one_pair_ends_the_run(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = small_bench()
    seen: list[int] = []

    def faulty(self: Bench, *_: object, **__: object) -> Sample | Reject:
        seen.append(1)
        if len(seen) == 4:
            raise DepthSourceError("no depth today")
        return Reject("inconsistent", {}, Look((np.zeros((8, 8, 3), np.uint8),) * 2))

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
from training import decisions
from training.assignment import FilmSpec
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
    files, again = (sorted(str(f.relative_to(d)) for f in d.rglob("*.*") if f.is_file()) for d in (shards, tmp_path))
    assert files == again
    assert all((shards / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_swapped_eyes_are_said(film: Path, tmp_path: Path) -> None:
    manifest = curate([FilmSpec(str(film), swap_eyes=True)], tmp_path, small_bench())
    facts = manifest["statistics"]
    assert facts["kept"] == 0 and facts["rejects"]["eyes swapped"] > facts["rejected"] / 2
    assert "use --swap-eyes" in manifest["notes"][0]


def _keys(manifest: dict[str, Any], name: str) -> set[str]:
    return {row["key"] for row in manifest[name]}


def test_a_person_drops_and_forces_pairs(film: Path, shards: Path, tmp_path: Path) -> None:
    """Decisions change what is packed; taken back, they leave the bytes of a run without them."""
    asked, folder = [FilmSpec(str(film), style="measured")], tmp_path / "shards"
    shutil.copytree(shards, folder)
    (before,) = read_manifests(shards)
    dropped, forced = before["samples"][1]["key"], before["rejects"][0]["key"]
    told = {"format": decisions.FORMAT, "drop": [dropped], "force": [forced, "nobody-000001"]}
    (folder / decisions.FILE).write_text(json.dumps(told))
    seen: list[int] = []
    after = curate(asked, folder, small_bench(), progress=lambda done, _: seen.append(done))
    assert _keys(after, "samples") == _keys(before, "samples") - {dropped} | {forced}
    assert after["statistics"]["rejects"][decisions.DROPPED] == 1 and "names 1 pairs" in after["notes"][-1]
    assert {row["key"]: row.get("overruled") for row in after["samples"]}[forced] == before["rejects"][0]["reason"]
    assert {entry.row["key"] for entry in index(folder)} == _keys(after, "samples")
    (folder / decisions.FILE).unlink()
    curate(asked, folder, small_bench())
    assert all((folder / f.name).read_bytes() == f.read_bytes() for f in shards.iterdir() if f.is_file())


@pytest.mark.parametrize("told", ["no", '{"format": "x"}', '{"format": "art3d-decisions-1", "drop": "a"}',
                                  '{"format": "art3d-decisions-1", "drop": ["a"], "force": ["a"]}'])  # fmt: skip
def test_decisions_that_are_none(told: str, tmp_path: Path) -> None:
    (tmp_path / decisions.FILE).write_text(told)
    with pytest.raises(BadInputError) as caught:
        decisions.read_decisions(tmp_path)
    assert caught.value.where.endswith("decisions.json")


def test_everything_is_there_to_look_at(shards: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    shutil.copytree(shards, folder)
    (manifest,) = read_manifests(folder)
    keys = _keys(manifest, "samples") | _keys(manifest, "rejects")
    sheet = cv2.imread(str(contact_sheet(folder)))
    assert sheet.shape[1] == 1120 and sheet.shape[0] > 600  # type: ignore[union-attr]
    page = pairs_page(folder)
    data = json.loads((folder / "pairs.js").read_text().removeprefix("window.ART3D_PAIRS = ").rstrip(";\n"))
    assert {row["key"] for row in data["rows"]} == keys == {f.stem for f in (folder / "previews").iterdir()}
    assert "pairs.js" in page.read_text() and data["study"]["0.4"] >= len(manifest["samples"])


def test_rights_are_stated_later(film: Path, shards: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    shutil.copytree(shards, folder)
    curate([FilmSpec(str(film), style="measured", rights="ours")], folder, small_bench())
    (manifest,) = read_manifests(folder)
    assert manifest["films"][0]["rights"] == "ours" and manifest["samples"][0]["content"] == film_content(str(film))


def test_a_film_is_known_under_any_name(film: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    shutil.copy(film, other)
    assert film_content(str(other)) == film_content(str(film)) != film_content(f"{film}::{other}")
    other.write_bytes(film.read_bytes()[:-1] + b"x")
    assert film_content(str(other)) != film_content(str(film))


def test_a_film_that_changed_under_its_name_is_another(film: Path, tmp_path: Path) -> None:
    """A second export over the first; shards of a film that is gone stay as they are."""
    copy = tmp_path / "export.mp4"
    shutil.copy(film, copy)
    for beside in ("depth", "mattes"):
        (tmp_path / f"export.mp4.{beside}").symlink_to(Path(f"{film}.{beside}"))
    stated = [FilmSpec(str(copy))]
    manifest = curate(stated, tmp_path / "done", small_bench())
    pending = tmp_path / "stopped" / "pending-p1of1"
    shutil.copytree(tmp_path / "done", pending.parent)
    (pending.parent / "manifest-p1of1.json").unlink()
    pending.mkdir()
    (pending / "run.json").write_text(json.dumps(manifest, sort_keys=True))
    note = scan_note(pending.parent, stated[0], small_bench().config.min_shot_frames)
    note.write({**manifest["films"][0]["scan"], "fault": ""})
    copy.write_bytes(film.read_bytes() + bytes(8))
    for folder in ("done", "stopped"):
        with pytest.raises(BadInputError, match=r"export\.mp4: it has changed since .* another folder"):
            curate(stated, tmp_path / folder, small_bench())
    copy.unlink()
    assert curate(stated, tmp_path / "done", small_bench()) == manifest


def test_depth_that_films_do_not_carry_is_refused() -> None:
    with pytest.raises(DepthSourceError, match=r"films carry none.*sidecar") as caught:
        Depth("aov")
    assert caught.value.where == "--depth aov"
