"""A render that is asked to stop leaves whole frames, and the next one continues."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path

from host_bridge.cli import main
from tests.end_to_end.narrow_pipe import start_held

FRAMES = 40


def test_a_polite_kill_leaves_whole_frames_and_the_next_run_continues(tmp_path: Path, example_plate: Path) -> None:
    for number in range(FRAMES):
        shutil.copy(example_plate / f"plate.{1001 + number % 8}.exr", tmp_path / f"p.{1001 + number}.exr")
    words = ["render", str(tmp_path / "p.####.exr"), "-o", str(tmp_path / "o.####.exr"), "--shot", "none", "--json"]
    # The server is up before, so that nothing is said of its start.
    assert main([*words[:3], str(tmp_path / "first.####.exr"), "--shot", "none", "--frames", "1001"]) == 0
    child = start_held([sys.executable, "-m", "host_bridge.cli", *words])
    while child.poll() is None and not list(tmp_path.glob("o.*.exr")):
        time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "interrupted" in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.glob(".*art3d-tmp*"))
    finished = sorted(tmp_path.glob("o.*.exr"))
    assert 1 <= len(finished) < FRAMES
    stamps = {path: path.stat().st_mtime_ns for path in finished}
    time.sleep(0.01)
    assert main(words) == 0
    assert len(list(tmp_path.glob("o.*.exr"))) == FRAMES
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
