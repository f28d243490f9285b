"""A render that is asked to stop leaves whole frames, and the next one continues."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from host_bridge.cli import main


def test_a_polite_kill_leaves_whole_frames_and_the_next_run_continues(tmp_path: Path, example_plate: Path) -> None:
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(tmp_path / "o.####.exr"), "--json"]
    command = [sys.executable, "-m", "host_bridge.cli", *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "frame":
            break
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "interrupted" in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.glob(".*art3d-tmp*"))
    finished = sorted(tmp_path.glob("o.*.exr"))
    assert 1 <= len(finished) <= 8
    stamps = {path: path.stat().st_mtime_ns for path in finished}
    time.sleep(0.01)
    assert main(words) == 0
    assert len(list(tmp_path.glob("o.*.exr"))) == 8
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
