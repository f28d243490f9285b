"""The pipeline with a server made of numpy: faults, resuming, order, memory."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import OpenEXR
import pytest

from host_bridge.batch import Job, ledger
from host_bridge.batch import run as batch_run
from host_bridge.batch.events import Event
from host_bridge.batch.pace import LEAN
from host_bridge.core.errors import (
    EXIT_BAD_INPUT,
    EXIT_OK,
    EXIT_SERVER,
    EXIT_SOME_FRAMES,
    BadInputError,
    MissingFrameError,
    NoWorkerError,
    OutOfMemoryError,
    OutputError,
    ServerError,
    ServerUnreachableError,
    StyleError,
)
from host_bridge.core.params import Controls
from host_bridge.io.plates import Pattern
from tests.host_bridge.batch.fakes import FakeClient, damage, job, run
from tests.host_bridge.conftest import MakeRgba, Write


def test_all_frames_are_rendered(folder: Path) -> None:
    client = FakeClient()
    summary, events = run(job(folder), client)
    assert summary.exit_code == EXIT_OK
    assert [e["event"] for e in events] == ["start", *["frame"] * 5, "done"]
    assert [e["frame"] for e in events[1:-1]] == [1, 2, 3, 4, 5]
    assert set(events[1]["seconds"]) == {"read", "transfer", "analysis", "new_view", "write"}
    assert sorted(p.name for p in (folder / "out").iterdir()) == [f"o.{n:04d}.exr" for n in range(1, 6)]


def test_a_second_run_does_nothing(folder: Path) -> None:
    run(job(folder), FakeClient())
    client = FakeClient()
    summary, _ = run(job(folder), client)
    assert client.asked == 0
    assert summary.counts == {"kept": 5}
    assert summary.exit_code == EXIT_OK


def test_what_changed_is_made_again(folder: Path, write_exr: Write, rgba: MakeRgba) -> None:
    run(job(folder), FakeClient())
    (folder / "out" / "o.0001.exr").unlink()
    cut = folder / "out" / "o.0002.exr"
    cut.write_bytes(cut.read_bytes()[:-30])
    write_exr("in/p.0003.exr", ({}, rgba(seed=99)))
    summary, events = run(job(folder), FakeClient())
    assert [e["frame"] for e in events if e["event"] == "frame"] == [1, 2, 3]
    assert summary.counts == {"rendered": 3, "kept": 2}


@pytest.mark.parametrize(
    "change", [{"input_space": "lin_ap1_scene"}, {"overwrite": True}, {"controls": Controls(depth_gain=1.5)}]
)
def test_another_recipe_is_cooked_again(folder: Path, change: dict[str, Any]) -> None:

    run(job(folder, frames="1-2"), FakeClient())
    summary, _ = run(replace(job(folder, frames="1-2"), **change), FakeClient())
    assert summary.counts == {"rendered": 2}


def test_touching_a_file_is_no_change(folder: Path) -> None:
    run(job(folder, frames="1"), FakeClient())
    path = folder / "in" / "p.0001.exr"
    shutil.copy(path, folder / "copy.exr")
    shutil.move(folder / "copy.exr", path)
    summary, _ = run(job(folder, frames="1"), FakeClient())
    assert summary.counts == {"kept": 1}


def test_one_bad_frame_does_not_lose_the_others(folder: Path) -> None:
    damage(folder, 3)
    summary, events = run(job(folder), FakeClient())
    assert summary.exit_code == EXIT_SOME_FRAMES
    assert list(summary.failures) == [3]
    assert not (folder / "out" / "o.0003.exr").exists()
    (failed,) = [e for e in events if e["event"] == "failed"]
    assert failed["frame"] == 3
    assert "p.0003.exr" in failed["error"]


def test_missing_frames_fail_are_skipped_or_held(folder: Path) -> None:
    (folder / "in" / "p.0003.exr").unlink()
    damage(folder, 5)
    summary, _ = run(job(folder, missing="error"), FakeClient())
    assert sorted(summary.failures) == [3, 5]
    assert isinstance(summary.failures[3], MissingFrameError)
    summary, _ = run(job(folder, out="s/o.####.exr", missing="skip"), FakeClient())
    assert summary.exit_code == EXIT_OK
    assert summary.counts == {"rendered": 3, "skipped": 2}
    summary, events = run(job(folder, out="h/o.####.exr", missing="hold"), FakeClient())
    assert summary.counts == {"rendered": 5}
    assert {e["frame"]: e["held"] for e in events if "held" in e} == {3: 2, 5: 4}
    held, source = (OpenEXR.File(str(folder / p)).channels() for p in ("h/o.0003.exr", "in/p.0002.exr"))
    assert held["RGBA"].pixels.tobytes() == source["RGBA"].pixels.tobytes()


def test_when_everything_fails_the_code_is_the_faults_own(folder: Path) -> None:
    for number in range(1, 6):
        damage(folder, number)
    assert run(job(folder), FakeClient())[0].exit_code == EXIT_BAD_INPUT
    assert not (folder / "out").exists()


def test_a_server_fault_of_one_frame(folder: Path) -> None:
    client = FakeClient()
    client.faults[2] = ServerError("it broke")
    summary, _ = run(job(folder), client)
    assert summary.exit_code == EXIT_SOME_FRAMES
    assert list(summary.failures) == [2]
    client = FakeClient()
    client.faults = {n: ServerError("it broke") for n in range(1, 6)}
    assert run(job(folder, out="b/o.####.exr"), client)[0].exit_code == EXIT_SERVER


@pytest.mark.parametrize(
    "fault",
    [
        ServerUnreachableError("gone"),
        NoWorkerError("none can start"),
        OutOfMemoryError("killed"),
        StyleError("no such style"),
        KeyboardInterrupt(),
    ],
)
def test_a_fault_of_all_frames_stops_the_batch(folder: Path, fault: BaseException) -> None:
    client = FakeClient()
    client.faults[3] = fault
    with pytest.raises(type(fault)):
        run(job(folder), client)
    assert client.cancelled
    for path in (folder / "out").iterdir():
        assert OpenEXR.File(str(path)).parts
        assert "tmp" not in path.name


def test_a_disk_fault_of_one_frame(folder: Path) -> None:
    (folder / "out" / "o.0002.exr").mkdir(parents=True)
    summary, _ = run(job(folder), FakeClient())
    assert list(summary.failures) == [2]
    assert isinstance(summary.failures[2], OutputError)


def test_a_reason_that_had_no_room_is_noted_at_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that others were writing may have taken the room, and given it back."""
    note, tried = ledger.note_event, list[int]()

    def full_at_first(job: Job, event: Event) -> bool:
        tried.append(event.number)
        return note(job, event) if event.kind != "failed" or tried.count(event.number) > 1 else False

    monkeypatch.setattr(batch_run, "note_event", full_at_first)
    (folder / "out" / "o.0002.exr").mkdir(parents=True)
    this = job(folder)
    run(this, FakeClient())
    assert "o.0002.exr" in ledger.reason_of(this, 2) and tried.count(2) == 2 and tried.count(1) == 1


def test_few_frames_are_under_way_at_once(folder: Path) -> None:
    client = FakeClient()
    run(job(folder), client)
    assert client.most_waiting == 2
    lean = FakeClient()
    assert run(job(folder, out="lean/o.####.exr"), lean, pace=LEAN)[0].exit_code == EXIT_OK
    assert lean.most_waiting == 1


def test_review_images_belong_to_the_frame(folder: Path) -> None:
    reviews = {"anaglyph": Pattern.parse(str(folder / "r.####.png"))}
    run(job(folder, frames="1-2", reviews=reviews), FakeClient())
    assert (folder / "r.0002.png").is_file()
    (folder / "r.0002.png").unlink()
    summary, _ = run(job(folder, frames="1-2", reviews=reviews), FakeClient())
    assert summary.counts == {"rendered": 1, "kept": 1}


# --- jobs that cannot be --------------------------------------------------------------------------------------------


def test_the_output_may_not_be_the_plate(folder: Path) -> None:
    with pytest.raises(OutputError, match="output is an input"):
        job(folder, out="in/p.####.exr").check()
    (folder / "link").symlink_to(folder / "in")
    with pytest.raises(OutputError, match="output is an input"):
        job(folder, out="link/p.%04d.exr").check()
    with pytest.raises(OutputError, match="output is an input"):
        job(folder, reviews={"anaglyph": Pattern.parse(str(folder / "in" / "p.####.exr"))}).check()


def test_frames_may_not_share_a_file(folder: Path) -> None:
    with pytest.raises(BadInputError, match="5 frames would share one file"):
        job(folder, out="o.exr").check()


def test_stereo_is_exr(folder: Path) -> None:
    with pytest.raises(BadInputError, match=r"end the output in \.exr"):
        job(folder, out="o.####.png").check()
