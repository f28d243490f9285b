"""What a log and a person are told of a long command."""

from __future__ import annotations

import io

import pytest

from training.commands.progress import Stages, progress_bar


def test_a_log_gets_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("training.commands.progress.time.monotonic", lambda: now[0])
    log = io.StringIO()
    bar = progress_bar(log)
    bar.get_time = lambda: now[0]
    task = bar.add_task("begun", total=None)
    for frames in range(0, 9001, 100):
        bar.update(task, description="looking at [a] film.mp4", completed=frames, total=172_800)
        now[0] += 2.0
    lines = log.getvalue().splitlines()
    assert len(lines) == 4  # three minutes, the first at once
    assert lines[0] == "looking at [a] film.mp4: 0 of 172,800"
    assert lines[-1] == "looking at [a] film.mp4: 9,000 of 172,800, 50.0/s, 0:54:36 left"


def test_stages_tell_their_time() -> None:
    now = [5.0]
    stages = Stages(clock=lambda: now[0])
    assert stages.summary() == ""
    for film in ("a", "b"):
        stages.looked_at(film, 10)
        now[0] += 1.0
        stages.looked_at(film, 100)
    stages.measured(1)
    now[0] += 4.0
    stages.measured(8)
    assert stages.summary() == "looked through 200 frames in 2.0 s (100.0/s), finished 8 pairs in 4.0 s (2.0/s)"


def test_a_run_that_goes_on_has_nothing_to_look_through() -> None:
    now = [0.0]
    stages = Stages(clock=lambda: now[0])
    stages.measured(1)
    now[0] = 2.0
    stages.measured(3)
    assert stages.summary() == "finished 3 pairs in 2.0 s (1.5/s)"
