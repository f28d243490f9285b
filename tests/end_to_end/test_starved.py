"""A server in a control group that is too small: the kernel ends its workers, and the render says so and stops."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.core.errors import EXIT_SERVER

LIMIT_MIB = 300  # torch alone takes as much
GROUPS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),  # version 1
    (Path("/sys/fs/cgroup"), "memory.max"),
)


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group of `LIMIT_MIB`, where this user may make one."""
    for root, limit in GROUPS:
        group = root / f"art3d-test-{uuid.uuid4().hex[:8]}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(LIMIT_MIB << 20))
        except OSError:
            group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    pytest.skip("no control group with a memory limit can be made here")


def test_workers_that_cannot_start_for_lack_of_memory_end_the_render(tmp_path: Path, small_group: Path) -> None:
    plane = np.random.default_rng(1).random((16, 32, 3)).astype(np.float32)
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": plane}).write(str(tmp_path / "p.0001.exr"))
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    art3d = [sys.executable, "-m", "host_bridge.cli"]
    address = f"ipc://{runtime}/s"
    serve = [*art3d, "serve", "--address", address, "--device", "cpu"]
    inside = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(small_group), *serve]
    server = subprocess.Popen(inside, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        render = [*art3d, "render", str(tmp_path / "p.0001.exr"), "-o", str(tmp_path / "o.exr"), "--server", address]
        done = subprocess.run(render, capture_output=True, text=True, check=False, timeout=200)
    finally:
        server.terminate()
        server.wait(60)
    assert done.returncode == EXIT_SERVER, done.stderr
    assert "were killed for lack of memory" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert not (tmp_path / "o.exr").exists()
