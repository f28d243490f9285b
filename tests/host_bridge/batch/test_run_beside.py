"""Frames held over from others, and two renders into one output at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from host_bridge.batch.identity import identities
from host_bridge.batch.states import states as frame_states
from host_bridge.client import Client
from host_bridge.core.errors import (
    EXIT_OK,
    EXIT_SOME_FRAMES,
    BadInputError,
    ProtocolError,
)
from host_bridge.core.params import Controls
from host_bridge.io.plates import PlateSequence
from tests.host_bridge.batch.fakes import FakeClient, job, run


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_another_render_at_once_is_not_written_over(folder: Path, monkeypatch: pytest.MonkeyPatch, gain: float) -> None:
    """A second machine, with the same settings or others, that overtakes this one from its third frame on."""
    mine, client = job(folder), FakeClient()
    submit = client.submit

    def overtaken(*args: Any, **options: Any) -> Any:
        if client.asked == 2:
            other = replace(job(folder, frames="3-5"), controls=Controls(depth_gain=gain))
            assert run(other, FakeClient())[0].exit_code == EXIT_OK
        return submit(*args, **options)

    monkeypatch.setattr(client, "submit", overtaken)
    summary, _ = run(mine, client)
    if gain == 1.0:
        assert (summary.exit_code, set(summary.counts) - {"rendered", "kept"}) == (EXIT_OK, set())
        return
    assert (summary.exit_code, sorted(summary.failures)) == (EXIT_SOME_FRAMES, [3, 4, 5])
    assert "another render with other settings wrote this frame meanwhile" in str(summary.failures[4])
    again, _ = run(replace(job(folder, frames="3-5"), controls=Controls(depth_gain=gain)), FakeClient())
    assert again.counts == {"kept": 3}


def test_what_lay_there_before_is_replaced(folder: Path) -> None:
    assert run(replace(job(folder), controls=Controls(depth_gain=1.5)), FakeClient())[0].exit_code == EXIT_OK
    summary, _ = run(job(folder), FakeClient())
    assert summary.counts == {"rendered": 5}


@pytest.mark.parametrize("frames", [None, "3-5", "4"])
def test_bad_frames_in_a_row_are_held_over_from_the_last_good_one(folder: Path, frames: str | None) -> None:
    for number in (2, 3):
        (folder / f"in/p.{number:04d}.exr").write_bytes(b"")
    (folder / "in/p.0004.exr").unlink()
    plate = PlateSequence.open(str(folder / "in" / "p.####.exr"), frames=frames, gap=True)
    asked = replace(job(folder, missing="hold"), plate=plate)
    asked.check_readable()
    summary, lines = run(asked, FakeClient())
    assert summary.exit_code == EXIT_OK
    held = {line["frame"]: line["held"] for line in lines if "held" in line}
    assert held == {number: 1 for number in plate.frames if number in (2, 3, 4)}
    identity = identities(cast(Client, FakeClient()), asked.settings)
    assert {state.state for state in frame_states(asked, identity)} == {"done"}
    assert run(asked, FakeClient())[0].counts == {"kept": len(plate.frames)}
    shutil.copy(folder / "in/p.0005.exr", folder / "in/p.0003.exr")
    assert [state.number for state in frame_states(asked, identity) if state.state == "stale"] == [
        number for number in plate.frames if number in (3, 4)
    ]


def test_a_chunk_of_bad_frames_alone_is_skipped(folder: Path) -> None:
    (folder / "in/p.0002.exr").write_bytes(b"")
    asked = job(folder, frames="2", missing="skip")
    asked.check_readable()
    assert run(asked, FakeClient())[0].counts == {"skipped": 1}
    with pytest.raises(BadInputError, match="empty"):
        job(folder, frames="2").check_readable()


def test_a_server_of_another_version_renders_nothing(folder: Path) -> None:
    """Its frames would carry this version, and a later render would take them for done."""
    client = FakeClient()
    client.welcome.server = "art3d 0.1.0"
    with pytest.raises(ProtocolError, match=r"the server is art3d 0\.1\.0"):
        run(job(folder), client)
    assert not list((folder / "out").glob("*.exr"))
