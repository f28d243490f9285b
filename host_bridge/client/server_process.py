"""The embedded server: one per user, device and version, started by whoever needs it first.

Ten batch processes that start at once agree through a file lock; the first starts the server, the others wait.
It stops when nobody has used it for a while.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
import xxhash
import zmq

from host_bridge.core.errors import Art3DError, ServerError, ServerUnreachableError
from host_bridge.core.folders import MODELS, STYLES, named_folders
from host_bridge.wire.codec import decode, encode
from host_bridge.wire.messages import Ping, Pong

IDLE_TIMEOUT_S = 600.0
START_TIMEOUT_S = 120.0
STARTS = 4
"""How often a server is started that is killed before it answers."""
SOCKET_PATH_BYTES = 100
_started: list[subprocess.Popen[bytes]] = []
"""Servers that this process started and that outlive their starting; kept so that none is left a zombie."""


@atexit.register
def _leave() -> None:
    """A server outlives its starter on purpose; Python would call it forgotten."""
    for child in _started:
        if child.poll() is None:
            child.returncode = 0


@dataclass(frozen=True)
class Endpoint:
    """Where the embedded server of a device lives."""

    folder: Path
    name: str

    @property
    def socket(self) -> Path:
        """The socket file."""
        return self.folder / f"{self.name}.s"

    @property
    def address(self) -> str:
        """The endpoint."""
        return f"ipc://{self.socket}"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return Path(platformdirs.user_log_dir("art3d")) / f"server-{self.name}.log"


def own_endpoint(device: str = "auto") -> Endpoint:
    """Where the server of this user, device, version and folders of styles and networks listens.

    Raises:
        ServerError: no folder of this user's own can be had.
    """
    name = f"{device.replace(':', '').replace(',', '-')}-{_fingerprint()}{_folders_read()}"
    for folder in _folders():
        found = Endpoint(folder, name)
        if len(os.fsencode(found.socket)) + 4 <= SOCKET_PATH_BYTES and _own(folder):
            return found
    raise ServerError("no folder for the server's socket", remedy="set $XDG_RUNTIME_DIR to a short folder of your own")


@cache
def _fingerprint() -> str:
    """Version and state of the code: an upgrade in place gets a server of its own, the old one stops when idle."""
    try:
        release = version("art3d")
    except PackageNotFoundError:
        release = "0"
    root = Path(__file__).resolve().parents[2]
    files = [path for package in ("art3d_node", "host_bridge") for path in (root / package).rglob("*.py")]
    newest = max((path.stat().st_mtime_ns for path in files), default=0)
    return f"{release}-{newest & 0xFFFFFFFF:08x}"


def _folders_read() -> str:
    """What tells the folders apart from which a server reads: of two shows, each with a style of one name."""
    lists = [[os.path.abspath(folder) for folder in named_folders(variable)] for variable in (STYLES, MODELS)]
    if not any(lists):
        return ""
    return f"-{xxhash.xxh32(repr(lists).encode()).hexdigest()}"


def _folders() -> Iterator[Path]:
    runtime = os.environ.get("ART3D_RUNTIME_DIR")
    if runtime:
        yield Path(runtime)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield Path(runtime) / "art3d"
    for parent in (tempfile.gettempdir(), "/tmp"):
        yield Path(parent) / f"art3d-{os.getuid()}"


def _own(folder: Path) -> bool:
    """Whether the folder is this user's alone; it is made when it is missing."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def ping(address: str, *, timeout_s: float = 1.0) -> Pong | None:
    """Who answers at an address, or None. Not for servers that demand keys."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    try:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(address)
        socket.send(encode(1, Ping()))
        if socket.poll(int(timeout_s * 1000)):
            message = decode(socket.recv()).message
            return message if isinstance(message, Pong) else None
        return None
    except Art3DError:
        return None
    finally:
        socket.close()
        context.term()


def running() -> dict[str, Pong]:
    """This user's embedded servers that answer, by address; those of other devices and versions too."""
    sockets = sorted(own_endpoint().folder.glob("*.s"))
    answers = {address: ping(address) for address in (f"ipc://{path}" for path in sockets)}
    return {address: pong for address, pong in answers.items() if pong}


def ensure_server(
    device: str = "auto", *, idle_timeout_s: float = IDLE_TIMEOUT_S, timeout_s: float = START_TIMEOUT_S
) -> Endpoint:
    """The embedded server's place, after it was found or started there.

    Raises:
        ServerUnreachableError: it does not start; the message names its log.
    """
    found = own_endpoint(device)
    if ping(found.address, timeout_s=0.3 if found.socket.exists() else 0.05):
        return found
    with _locked(found.folder / f"{found.name}.starting", timeout_s):
        if not ping(found.address, timeout_s=1.0 if found.socket.exists() else 0.05):
            _start(found, device, idle_timeout_s, timeout_s)
    return found


@contextlib.contextmanager
def _locked(path: Path, timeout_s: float) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + timeout_s
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > end:
                raise ServerUnreachableError("another process is starting the server and does not finish",
                                             where=str(path), remedy="end it and try again")  # fmt: skip
            time.sleep(0.02)
        yield
    finally:
        os.close(fd)


def _start(found: Endpoint, device: str, idle_timeout_s: float, timeout_s: float) -> None:
    log = _writable_log(found)
    command = [sys.executable, "-m", "art3d_node.server", "--address", found.address, "--device", device,
               "--idle-timeout-s", f"{idle_timeout_s:g}", "--log", log, "--open-paths"]  # fmt: skip
    end_s = time.monotonic() + timeout_s
    for left in reversed(range(STARTS)):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 start_new_session=True, cwd="/", close_fds=True)  # fmt: skip
        _started[:] = [other for other in _started if other.poll() is None] + [child]
        try:
            if _await(found, child, end_s, again=left > 0):
                return
        finally:
            if child.stderr is not None:
                child.stderr.close()


def _writable_log(found: Endpoint) -> str:
    try:
        found.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with found.log.open("a"):
            return str(found.log)
    except OSError:
        return str(found.folder / f"{found.name}.log")


def _await(found: Endpoint, child: subprocess.Popen[bytes], end_s: float, *, again: bool) -> bool:
    """Whether the server answers; False when somebody killed it first and it may be started `again`."""
    while ping(found.address, timeout_s=0.1) is None:
        code = child.poll()
        if code is not None and code < 0 and again:
            return False
        if code is not None:
            lines = child.stderr.read().decode(errors="replace").strip().splitlines() if child.stderr else []
            raise ServerUnreachableError(
                f"the server ended with code {code}: {lines[-1] if lines else 'it said nothing'}",
                where=found.address,
                remedy=f"its log is {found.log}; `art3d doctor` looks for the cause",
            )
        if time.monotonic() > end_s:
            raise ServerUnreachableError("the server does not answer", where=found.address,
                                         remedy=f"its log is {found.log}")  # fmt: skip
    return True
