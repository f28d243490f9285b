"""The real bundle, run by the specification's own runner on the example plate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.client.server_process import own_endpoint, ping

BIN = Path(sys.executable).parent
FRAMES = range(1001, 1009)


@pytest.fixture
def job(example_plate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Path]:
    """A submitted bundle: the command that runs it, and where its frames go."""
    home = tmp_path / "r"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(home))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    out, bundle = tmp_path / "out", tmp_path / "job"
    plate = str(example_plate / "plate.####.exr")
    words = ["submit", plate, "-o", str(out / "s.####.exr"), "--bundle", str(bundle), "--chunk", "3"]
    assert main([*words, "--depth", "aov", "--depth-gain", "1.2"]) == 0
    assert main(["stop"]) == 0  # the submitter's own server, which said what a worker must have
    run = ["run", str(bundle / "template.json"), "--step", "Render", "--run-dependencies"]
    return [str(BIN / "openjd"), *run, "-p", f"file://{bundle / 'parameters.json'}"], out


def whole(path: Path) -> bool:
    with OpenEXR.File(str(path)) as file:
        return {p.header["name"] for p in file.parts} >= {"left", "right", "disparityR", "disparityL"}


def test_one_server_serves_all_chunks(job: tuple[list[str], Path]) -> None:
    command, out = job
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert sorted(p.name for p in out.glob("s.*.exr")) == [f"s.{n}.exr" for n in FRAMES]
    assert all(whole(path) for path in out.glob("s.*.exr"))
    # One server for each step's environment, however many chunks; none that a task started for itself.
    assert done.stdout.count("openjd_env: ART3D_RUNTIME_DIR=") == 2
    assert done.stdout.count("frames to ") >= 3
    assert ping(own_endpoint().address, timeout_s=0.2) is None
    assert "openjd_progress: 100.0" in done.stdout


def test_a_node_renders_what_has_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, runtime = 'it\'s "100%" {v1}; $HOME 映像', tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    plane = np.random.default_rng(1).random((16, 32, 3)).astype(np.float32)
    (tmp_path / name).mkdir()
    for number in ("-001", "0000"):
        header = {"type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB": plane}).write(str(tmp_path / name / f"{name}.{number}.exr"))
    bundle, out = tmp_path / f"job {name}", tmp_path / "out" / f"{name}.####.exr"
    words = ["submit", str(tmp_path / name / f"{name}.####.exr"), "-o", str(out), "--shot", "none", "--any-kitchen"]
    assert main([*words, "--bundle", str(bundle)]) == 0
    run = [str(BIN / "openjd"), "run", str(bundle / "template.json"), "--step", "Render"]
    run += ["-p", f"file://{bundle / 'parameters.json'}"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert sorted(p.name for p in out.parent.glob("*.exr")) == [f"{name}.-001.exr", f"{name}.0000.exr"]


def test_cancel_leaves_nothing_half_written(job: tuple[list[str], Path]) -> None:
    command, out = job
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 200
    while not list(out.glob("s.*.exr")) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    found = sorted(out.iterdir()) if out.is_dir() else []
    assert [p for p in found if p.suffix == ".exr"], said[-3000:]
    assert all(whole(path) for path in found if path.suffix == ".exr")
    assert not [p.name for p in found if "art3d-tmp" in p.name]
    folder = Path(said.split("openjd_env: ART3D_RUNTIME_DIR=")[-1].split()[0])
    gone = time.monotonic() + 30
    while folder.exists() and time.monotonic() < gone:
        time.sleep(0.2)
    assert not folder.exists()
