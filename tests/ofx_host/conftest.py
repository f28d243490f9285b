"""The built bundle, the servers it talks to, and a loaded host."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_bridge.client import Client
from tests.art3d_node.server.conftest import Server
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.profiles import PLAIN, Profile
from tests.ofx_host.scenes import plate

ROOT = Path(__file__).resolve().parents[2]

# A folder that `proof` built with a sanitizer; its runtime is preloaded into this process, but not into servers.
BUILT = os.environ.get("ART3D_OFX_BUILD", "")
if BUILT:
    os.environ.pop("LD_PRELOAD", None)
HEADERS = ("zmq.hpp", "msgpack.hpp", "xxhash.h")


def build(folder: Path, *options: str) -> Path:
    """Builds the plug-in; a folder built before is brought up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (
            ["cmake", "-S", str(ROOT / "ofx_wrapper"), "-B", str(folder), *options],
            ["cmake", "--build", str(folder), "-j", "2"],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the build."""
    missing = [tool for tool in ("g++", "cmake", "pkg-config") if shutil.which(tool) is None]
    missing += [header for header in HEADERS if not (Path("/usr/include") / header).exists()]
    if missing:
        pytest.skip(f"the plug-in cannot be built without {', '.join(missing)}: `make system`")
    if BUILT:
        return Path(BUILT)
    return build(ROOT / "build" / "ofx", "-DCMAKE_BUILD_TYPE=Release")


@pytest.fixture(scope="session")
def bundle(built: Path) -> Path:
    """The built bundle."""
    return built / "Art3D.ofx.bundle"


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> Profile:
    """Which host is played; a test of all of them is parametrized with `PROFILES`, indirectly."""
    return getattr(request, "param", PLAIN)


@pytest.fixture
def host(bundle: Path, profile: Profile) -> Iterator[Host]:
    """A loaded host."""
    made = Host(bundle, profile=profile)
    assert made.load() == 0
    yield made
    assert made.unload() == 0
    assert made.crimes == []


@contextlib.contextmanager
def _served(engine: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="art3d-ofx-") as folder:
        Path(folder).chmod(0o700)
        server = Server(Path(folder), engine=engine)
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop()


@pytest.fixture(scope="session")
def real_server() -> Iterator[Server]:
    """A server with the real engine, for the whole session."""
    with _served("art3d_node.server.workers.compute:make") as server:
        # Its worker takes a while to load; whoever comes first should not have to wait for that.
        Client(server.address, hello_timeout_s=280.0).close()
        yield server


@pytest.fixture
def fake_server() -> Iterator[Server]:
    """A server with an engine of known arithmetic, which may be killed."""
    with _served("synthetic:make") as server:
        yield server


@pytest.fixture
def node(host: Host, fake_server: Server) -> Iterator[Node]:
    """A node connected to a source and to a server of known arithmetic."""
    made = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    made.connect("Source", picture(plate()), (0, 0, 96, 64))
    yield made
    made.destroy()
