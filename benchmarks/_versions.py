"""Earlier versions of this project, to be measured beside this one."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def unpack(revision: str, folder: Path, script: str) -> Path:
    """The tree of a revision, its kernels built, with this version's measuring script in its `benchmarks`.

    Raises:
        SystemExit: there is no such revision here.
    """
    packed = subprocess.run(["git", "archive", revision], cwd=HERE, capture_output=True, check=False)
    if packed.returncode:
        raise SystemExit(f"--before {revision}: {packed.stderr.decode().strip()}; fetch it, or name another revision")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tree:
        tree.extractall(folder, filter="data")
    (folder / "benchmarks" / script).write_text((HERE / "benchmarks" / script).read_text(encoding="utf-8"), "utf-8")
    if (folder / "art3d_node" / "native" / "build.py").exists():
        subprocess.run(
            [sys.executable, "art3d_node/native/build.py"], cwd=folder, stdout=subprocess.DEVNULL, check=True
        )
    return folder
