"""A real wheel of this checkout, and a share with the host's side of Art3D."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_bridge.deploy.interpreter import describe
from host_bridge.deploy.packages import Wheel, read_wheel
from host_bridge.deploy.share import Plan, put

HOST_SIDE = (
    *("numpy", "msgpack", "pyzmq", "xxhash", "platformdirs", "rich", "fileseq", "openexr", "openimageio", "psutil"),
    *("isal", "packaging", "pillow", "av", "opentimelineio", "opencv-python", "pynacl", "simplejpeg"),
)
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE", "host_bridge", "art3d_node", "training")


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Built by pip, without the compiled kernels."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = root / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.so", "weights")
            shutil.copytree(source, folder / "src" / name, ignore=ignored)
        else:
            (folder / "src").mkdir(exist_ok=True)
            shutil.copyfile(source, folder / "src" / name)
    words = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(folder / "src")]
    environment = {**os.environ, "ART3D_NATIVE": "skip", "PYTHONPATH": ""}
    subprocess.run([sys.executable, "-m", "pip", *words], env=environment, check=True, capture_output=True)
    return read_wheel(next(folder.glob("*.whl")))


def plan_of(wheel: Wheel, share: Path, name: str = "0.2.0") -> Plan:
    """The host's side, linked and not compiled ahead."""
    interpreter = describe(Path(sys.executable))
    return Plan(share, name, wheel, interpreter, HOST_SIDE, link=True, bytecode=False)


def listing(folder: Path) -> set[str]:
    """The files below `folder`."""
    return {os.path.join(here, name) for here, _, names in os.walk(folder) for name in names}


@pytest.fixture(scope="session")
def deployed(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A share to read, moved after it was written, to a path with spaces and quotes; no test may change it."""
    folder = tmp_path_factory.mktemp("deploy")
    put(plan_of(wheel, folder / "here"), lambda line: None)
    there = folder / "it's a share" / "ü {{x}}"
    there.parent.mkdir()
    (folder / "here").rename(there)
    before = listing(there)
    yield there
    assert listing(there) == before, "a test wrote into the share that all others read: let it take `own_share`"


@pytest.fixture
def own_share(deployed: Path, tmp_path: Path) -> Path:
    """A copy of the share, by hard links, for a test that adds or switches versions."""
    return shutil.copytree(deployed, tmp_path / "own share", symlinks=True, copy_function=os.link)
