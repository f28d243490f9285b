"""The released binaries where they are meant to run: this system, an older one, and Windows as far as wine is it.

Each is skipped where its part is missing: `make ofx-release` builds the binaries and the small host,
`debootstrap --foreign --variant=minbase bullseye build/bullseye` fetches an older system's C library, and Windows wants
wine64.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host_bridge.client import Client
from host_bridge.core.keyring import make_pair
from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.conftest import ROOT
from tests.ofx_host.scenes import distance, plate
from tests.ofx_host.small import SmallHost

RELEASE = ROOT / "build" / "ofx-release"
OLD_SYSTEM = ROOT / "build" / "bullseye"
WINE = Path("/usr/lib/wine/wine64")
OUTPUTS = ("left", "right", "side-by-side", "anaglyph", "disparity", "inverse-depth", "occlusion", "over-under")
RIGHT, DISPARITY = OUTPUTS.index("right"), OUTPUTS.index("disparity")
SIZE = (96, 64)
GAIN = 5  # what the synthetic engine adds to the right eye
SYSTEMS = ("linux", "bullseye", "windows")

Start = Callable[..., SmallHost]


def _need(path: Path, how: str) -> Path:
    if not path.exists():
        pytest.skip(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} is missing: {how}")
    return path


def _native() -> tuple[list[str], Path]:
    host = _need(RELEASE / "linux" / "small_host", "`make ofx-release`")
    return [str(host)], _need(RELEASE / "Art3D.ofx.bundle" / "Contents" / "Linux-x86-64" / "Art3D.ofx", "as above")


def _old() -> tuple[list[str], Path]:
    """The same under another system's loader and C library."""
    host, binary = _native()
    libraries = _need(OLD_SYSTEM / "lib" / "x86_64-linux-gnu", "debootstrap --foreign bullseye build/bullseye")
    loader = OLD_SYSTEM / "lib64" / "ld-linux-x86-64.so.2"
    if not loader.exists():  # an absolute link
        loader = libraries / "ld-linux-x86-64.so.2"
    return [str(loader), "--library-path", str(libraries), *host], binary


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a Windows of its own."""
    _need(WINE, "apt-get install wine64")
    _need(RELEASE / "windows" / "small_host.exe", "`make ofx-release`")
    own = {**os.environ, "WINEPREFIX": str(tmp_path_factory.mktemp("wine")), "WINEDEBUG": "-all", "DISPLAY": ""}
    server = shutil.which("wineserver") or str(WINE.parent / "wineserver")
    subprocess.run([str(WINE), "wineboot", "--init"], env=own, check=True, capture_output=True, timeout=300)
    yield own
    subprocess.run([server, "-k"], env=own, check=False, capture_output=True)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts small hosts on a system; ends what a failed test leaves."""
    made: list[SmallHost] = []

    def begin(system: str, request: pytest.FixtureRequest, **variables: str) -> SmallHost:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        if system == "windows":
            own = {**request.getfixturevalue("wine"), **{k: f"Z:{v}" if "/" in v else v for k, v in variables.items()}}
            binary = _need(RELEASE / "Art3D.ofx.bundle" / "Contents" / "Win64" / "Art3D.ofx", "`make ofx-release`")
            command = [str(WINE), str(RELEASE / "windows" / "small_host.exe")]
            made.append(SmallHost(command, binary, own, folder, lambda path: f"Z:{path}"))
        else:
            command, binary = _native() if system == "linux" else _old()
            made.append(SmallHost(command, binary, {**os.environ, **variables}, folder))
        return made[-1]

    yield begin
    for host in made:
        if host.process.poll() is None:
            host.kill()


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path, port: int) -> Iterator[Server]:
    """A server over tcp, with the engine of known arithmetic."""
    server = Server(tmp_path, address=f"tcp://127.0.0.1:{port}")
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop()


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_describes_itself(start: Start, request: pytest.FixtureRequest, system: str) -> None:
    """The same clips and parameters everywhere; a node of which nothing is rendered comes and goes."""
    host = start(system, request)
    said = host.say("describe")
    assert said.startswith("org.art3d.stereo 1 CleanDepth CleanPlate Depth Matte Output Source ")
    assert "output:OfxParamTypeChoice" in said
    if system != "linux":
        assert said == start("linux", request).say("describe")
    host.close()


@pytest.mark.parametrize("system", SYSTEMS[1:])
def test_every_output_is_the_same_everywhere(
    start: Start, request: pytest.FixtureRequest, tmp_path: Path, port: int, system: str
) -> None:
    """Bit for bit what this system's binary gives from the same server: all outputs, and integers too."""
    server = Server(tmp_path, address=f"tcp://127.0.0.1:{port}", engine="art3d_node.server.workers.compute:make")
    try:
        Client(server.address, hello_timeout_s=280.0).close()
        hosts = [start(name, request) for name in ("linux", system)]
        depth = np.repeat(distance(*SIZE), 4, axis=2)
        for dtype in ("<f4", "|u1"):
            for host in hosts:
                host.set(server=server.address, depth="aov", depth_gain=2.0, hero=0)
                host.connect("Source", plate(*SIZE, dtype=dtype))
                host.connect("Depth", depth)
            for number, name in enumerate(OUTPUTS):
                if dtype == "|u1" and number == DISPARITY:
                    continue
                pictures = []
                for host in hosts:
                    host.set(output=number)
                    wide, high = 1 + (name == "side-by-side"), 1 + (name == "over-under")
                    pictures.append(host.render(SIZE[0] * wide, SIZE[1] * high, dtype))
                assert np.array_equal(pictures[0], pictures[1], equal_nan=True), (name, dtype)
                assert np.unique(pictures[0]).size > 1, name
        for host in hosts:
            host.close()
    finally:
        server.stop()


@pytest.mark.parametrize("system", SYSTEMS)
def test_abort(start: Start, request: pytest.FixtureRequest, served: Server, system: str) -> None:
    """The host's wish ends a render that would take minutes, and the server is told; the next one is right."""
    host = start(system, request)
    host.connect("Source", plate(*SIZE))
    host.set(server=served.address, depth="slow-600")
    host.ask(*SIZE, polls=30)
    status, pixels = host.end()
    assert status == abi.OK and host.message == ""
    assert not np.array_equal(pixels, plate(*SIZE) + GAIN)
    host.set(depth="auto")
    assert np.array_equal(host.render(*SIZE), plate(*SIZE) + GAIN)
    host.close()


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_server_is_killed(start: Start, request: pytest.FixtureRequest, served: Server, system: str) -> None:
    """Under a render: one line that names the remedy. Once it is back the node renders again."""
    host = start(system, request)
    host.connect("Source", plate(*SIZE))
    host.set(server=served.address, depth="slow-600")
    host.ask(*SIZE)
    with Client(served.address) as client:
        while client.status()["plates"]["count"] == 0:
            pass
    served.kill()
    status, pixels = host.end()
    assert status == abi.FAILED
    assert served.address in host.message and "art3d serve" in host.message
    served.start()
    host.set(depth="auto")
    # An address that did not answer is not tried again for a few seconds.
    end_s = time.monotonic() + 60.0
    while status != abi.OK and time.monotonic() < end_s:
        host.ask(*SIZE)
        status, pixels = host.end()
        time.sleep(0.1)
    assert np.array_equal(pixels, plate(*SIZE) + GAIN)
    assert host.message == ""
    host.close()


@pytest.mark.parametrize("system", SYSTEMS)
def test_keys(start: Start, request: pytest.FixtureRequest, tmp_path: Path, port: int, system: str) -> None:
    """A server that demands keys serves who has one, and refuses another at once."""
    for name in ("server", "friend", "stranger"):
        make_pair(tmp_path, name)
    (tmp_path / "allowed").mkdir()
    shutil.copy(tmp_path / "friend.key", tmp_path / "allowed")
    address = f"tcp://0.0.0.0:{port}"
    server = Server(tmp_path, "--keys", str(tmp_path), address=address, demands_keys=True)
    try:
        for name in ("friend", "stranger"):
            own = {"ART3D_KEY": str(tmp_path / f"{name}.key_secret"), "ART3D_SERVER_KEY": str(tmp_path / "server.key")}
            host = start(system, request, **own)
            host.connect("Source", plate(*SIZE))
            host.set(server=f"tcp://127.0.0.1:{port}")
            host.ask(*SIZE)
            status, pixels = host.end()
            if name == "friend":
                assert status == abi.OK and np.array_equal(pixels, plate(*SIZE) + GAIN), host.message
            else:
                assert status == abi.FAILED and "refuses this key" in host.message
            host.close()
    finally:
        server.stop()


def test_windows_wants_a_named_server(start: Start, request: pytest.FixtureRequest) -> None:
    """It starts none, and takes no address of a socket that its system does not have."""
    host = start("windows", request, ART3D_SERVER="")
    host.connect("Source", plate(*SIZE))
    for server, words in (("", "must be named"), ("ipc:///tmp/s", "write tcp://HOST:PORT")):
        host.set(server=server)
        host.ask(*SIZE)
        status, _ = host.end()
        assert status == abi.FAILED and words in host.message
        assert "--" not in host.message
    host.close()


def test_windows_speaks_the_golden_messages(wine: dict[str, str], root: Path) -> None:
    """The wire's vectors, decoded and encoded again."""
    folder = root / "tests" / "host_bridge" / "wire" / "vectors"
    vectors = sorted(path for path in folder.glob("*.bin") if path.stem != "content_key")
    tool = _need(RELEASE / "windows" / "wire_vectors.exe", "`make ofx-release`")
    done = subprocess.run(
        [str(WINE), str(tool), *(f"Z:{path}" for path in vectors)],
        env=wine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, int(done.stdout)) == (0, 15), done.stderr
