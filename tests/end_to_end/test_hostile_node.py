"""A farm's node as it may be: no home, an unknown user, foreign packages, folders that cannot be written."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import psutil
import pytest

from tests.end_to_end.narrow_pipe import start_held

ART3D = [sys.executable, "-m", "host_bridge.cli"]


@pytest.fixture
def node(tmp_path: Path, root: Path) -> Iterator[dict[str, str]]:
    """The bare environment of a task, in a folder with two frames; its server is ended afterwards."""
    for number in (1, 2):
        noise = np.random.default_rng(number).random((16, 32, 3)).astype(np.float32)
        OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": noise}).write(str(tmp_path / f"p.{number:04d}.exr"))
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    yield {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), "ART3D_RUNTIME_DIR": str(runtime)}
    for process in psutil.process_iter(["cmdline"]):
        if any(str(runtime) in word for word in process.info["cmdline"] or ()):
            process.kill()


def render(folder: Path, environment: dict[str, str], *before: str, out: str = "o.####.exr") -> str:
    words = [*before, *ART3D, "render", "p.####.exr", "-o", out, "--shot", "none"]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=250)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in said, said
    assert (folder / out.replace("####", "0002")).is_file()
    return said


def test_without_a_home_and_under_a_bare_user_number(tmp_path: Path, node: dict[str, str]) -> None:
    enter = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    if not shutil.which("unshare") or subprocess.run([*enter, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel gives no user namespaces")
    render(tmp_path, node, *enter)


def test_with_packages_of_another_python_and_a_home_that_is_a_file(tmp_path: Path, node: dict[str, str]) -> None:
    """What `$PYTHONPATH` names for a host application must not stand in for our own packages."""
    foreign = tmp_path / "foreign"
    for name in ("numpy", "msgpack", "torch", "rich"):
        (foreign / name).mkdir(parents=True)
        (foreign / name / "__init__.py").write_text("raise ImportError('built for another Python')", "utf-8")
    home = tmp_path / "home"
    home.write_bytes(b"")
    path = os.pathsep.join([str(foreign), node["PYTHONPATH"]])
    render(tmp_path, {**node, "PYTHONPATH": path, "HOME": str(home)})


def test_many_starts_at_once_share_one_server(tmp_path: Path, node: dict[str, str]) -> None:
    words = [*ART3D, "render", "p.####.exr", "--shot", "none", "-o"]
    environment = {**node, "HOME": str(tmp_path)}
    started = [
        subprocess.Popen([*words, f"o{i}.####.exr"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for i in range(8)
    ]
    for process in started:
        _, said = process.communicate(timeout=250)
        assert process.returncode == 0, said
    assert len(list(tmp_path.glob("o*.0002.exr"))) == 8
    serving = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "art3d_node.server" in (process.info["cmdline"] or ()) and node["ART3D_RUNTIME_DIR"] in str(process.info)
    ]
    # A server is a supervisor and the process that it keeps serving.
    assert len([process for process in serving if process.ppid() not in {other.pid for other in serving}]) == 1


@pytest.mark.parametrize(
    ("redirected", "code"), [(">&- 2>&-", 0), (">&-", 0), ("--json >/dev/full", 1), ("--json | head -c 0", 0)]
)
def test_output_that_goes_nowhere(tmp_path: Path, node: dict[str, str], redirected: str, code: int) -> None:
    """Closed streams cost nothing; an output that cannot be written ends the task with 1."""
    words = shlex.join([*ART3D, "render", "p.####.exr", "-o", "o.####.exr", "--shot", "none"])
    done = subprocess.run(
        ["bash", "-c", f"{words} {redirected}"],
        cwd=tmp_path, env={**node, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=250,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "fault of Art3D" not in done.stderr
    assert ("No space left on device; free some space" in done.stderr) == (code == 1)
    if redirected.startswith(">"):
        assert len(list(tmp_path.glob("o.*.exr"))) == 2


def test_a_hangup_ends_a_task_politely(tmp_path: Path, node: dict[str, str]) -> None:
    for number in range(3, 60):
        shutil.copy(tmp_path / "p.0001.exr", tmp_path / f"p.{number:04d}.exr")
    words = [*ART3D, "render", "p.####.exr", "-o", "o.####.exr", "--shot", "none", "--json"]
    process = start_held(words, cwd=tmp_path, env={**node, "HOME": str(tmp_path)})
    while process.poll() is None and not list(tmp_path.glob("o.*.exr")):
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert not list(tmp_path.glob(".*art3d-tmp*"))
