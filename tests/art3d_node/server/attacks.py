"""A client that keeps to no rule: raw sockets that speak just enough ZMTP. Everything is bounded in bytes and time."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgpack
import numpy as np
import psutil

from host_bridge.client import Client
from host_bridge.client.server_process import ping
from host_bridge.core.errors import Art3DError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.codec import decode, encode
from host_bridge.wire.layout import Layer
from host_bridge.wire.messages import Hello, PutFrame
from host_bridge.wire.settings import AnalysisSettings

MORE, COMMAND = 1, 4
MIB = 1 << 20
LONGEST_S = 120.0
"""Of an attack in a process of its own, until what it is told to hold is held."""


def frame(body: bytes, flags: int = 0) -> bytes:
    """One ZMTP frame."""
    head = bytes((flags, len(body))) if len(body) < 256 else bytes((flags | 2,)) + struct.pack(">Q", len(body))
    return head + body


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = frame(b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER", COMMAND)
PING = frame(b"\x04PING\0\x64", COMMAND)
SMALL = frame(msgpack.packb({"id": 1, "kind": "nope"}))
COSTLY = frame(msgpack.packb({"id": 1, "kind": "nope", **{f"k{n:05d}": [n] * 2 for n in range(4000)}}))


class Raw:
    """One connection."""

    def __init__(self, address: str, *, speaks: bool = True, timeout_s: float = 5.0) -> None:
        if address.startswith("ipc://"):
            self.socket = socket.socket(socket.AF_UNIX)
            where: Any = address.removeprefix("ipc://")
        else:
            parts = urlsplit(address)
            self.socket, where = socket.socket(), (parts.hostname, parts.port)
        self.socket.settimeout(timeout_s)
        self.socket.connect(where)
        self._read = bytearray()
        if speaks:
            self.socket.sendall(GREETING + READY)

    def hello(self) -> None:
        """Says hello and waits for the welcome."""
        self.socket.sendall(frame(encode(1, Hello("raw"))))
        while type(self.message().message).__name__ != "Welcome":
            pass

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Frames as they come; ends when the connection does."""
        seen = len(self._read) >= 64
        while True:
            if not seen and len(self._read) >= 64:
                del self._read[:64]
                seen = True
            while seen and (found := self._take()):
                yield found
            data = self.socket.recv(1 << 16)
            if not data:
                return
            self._read += data

    def _take(self) -> tuple[int, bytes] | None:
        have = self._read
        if len(have) < 2:
            return None
        flags, size, at = have[0], have[1], 2
        if flags & 2:
            if len(have) < 9:
                return None
            (size,), at = struct.unpack_from(">Q", have, 1), 9
        if len(have) < at + size:
            return None
        body = bytes(have[at : at + size])
        del have[: at + size]
        return flags, body

    def message(self) -> Any:
        """The next message's envelope."""
        if not hasattr(self, "_frames"):
            self._frames = self.frames()
        for flags, body in self._frames:
            if not flags & COMMAND:
                return decode(body, limit_bytes=1 << 22)
        raise ConnectionError("closed")

    def push(self, data: bytes, *, seconds: float) -> int:
        """Sends as much as is taken within so long; the bytes, or all of it that went before the server hung up."""
        sent, end = 0, time.monotonic() + seconds
        view = memoryview(data)
        self.socket.settimeout(0.05)
        while sent < len(view) and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                sent += self.socket.send(view[sent : sent + (1 << 18)])
        return sent

    def closed(self, *, seconds: float = 5.0) -> bool:
        """Whether the server hangs up within so long."""
        end = time.monotonic() + seconds
        self.socket.settimeout(0.1)
        while time.monotonic() < end:
            try:
                if not self.socket.recv(1 << 16):
                    return True
            except TimeoutError:
                continue
            except OSError:
                return True
        return False

    def close(self) -> None:
        """Leaves without a word."""
        self.socket.close()


class Bystander:
    """Pings a server all the time, on fresh connections, and weighs it: what an attack does to the others."""

    def __init__(self, address: str, pid: int) -> None:
        self._address, self._process = address, psutil.Process(pid)
        self.before_bytes = self.rss_bytes()
        self.worst_s, self.peak_bytes, self.pings, self.unanswered = 0.0, self.before_bytes, 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def rss_bytes(self) -> int:
        """Resident bytes of the serving process."""
        return int(self._process.memory_info().rss)

    def __enter__(self) -> Bystander:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            start = time.monotonic()
            if ping(self._address, timeout_s=5.0) is None:
                self.unanswered += 1
            self.worst_s = max(self.worst_s, time.monotonic() - start)
            self.pings += 1
            with contextlib.suppress(psutil.NoSuchProcess):
                self.peak_bytes = max(self.peak_bytes, self.rss_bytes())
            time.sleep(0.01)


def backlog_and_leave(address: str, *, connections: int = 10, seconds: float = 0.3) -> None:
    """Costly messages and PINGs pile up, then all connections close at once: libzmq 4.3.5 aborts over it."""
    crowd = [Raw(address) for _ in range(connections)]
    data = {True: COSTLY * 100, False: (SMALL * 3 + PING) * 20_000}
    for number, one in enumerate(crowd):
        with contextlib.suppress(OSError):
            one.push(data[number % 2 == 0], seconds=seconds / connections)
    for one in crowd:
        one.close()


def endless_message(address: str, *, part: bytes, most_bytes: int, hello: bool = False) -> int:
    """A message whose parts never end; the bytes that the server took before it hung up."""
    raw = Raw(address)
    if hello:
        raw.hello()
    piece, sent = frame(part, MORE) * max(1, (1 << 18) // (len(part) + 2)), 0
    try:
        while sent < most_bytes:
            now = raw.push(piece, seconds=2.0)
            sent += now
            if now < len(piece):
                break
    except OSError:
        pass
    finally:
        raw.close()
    return sent


def half_chunks(address: str, *, connections: int) -> list[Raw]:
    """Clients that said hello, announced 4 MiB, sent nearly all of it, and stay."""
    crowd, body = [], struct.pack(">Q", 4 * MIB) + bytes(4 * MIB - 1)
    for _ in range(connections):
        raw = Raw(address)
        with contextlib.suppress(OSError, ConnectionError):
            raw.hello()
            raw.socket.sendall(frame(b"x", MORE) + b"\x02")
            raw.push(body, seconds=0.2)
        crowd.append(raw)
    return crowd


def never_read(address: str, *, connections: int, seconds: float) -> list[Raw]:
    """Clients that ask for the status without end and read no answer."""
    ask = frame(msgpack.packb({"id": 1, "kind": "status"})) * 20_000
    crowd = [Raw(address) for _ in range(connections)]
    for raw in crowd:
        with contextlib.suppress(OSError):
            raw.push(ask, seconds=seconds / connections)
    return crowd


def open_files(pid: int) -> int:
    """Descriptors of a process."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextlib.contextmanager
def another_process(attack: Callable[[], object], *, stays: bool = False) -> Iterator[None]:
    """Does something in a process of its own, whose connections count for it alone; `stays` until the block ends.

    One that hangs says where on stderr and ends.
    """
    done, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            faulthandler.dump_traceback_later(LONGEST_S, exit=True)
            gc.disable()  # what the other process left to be freed belongs to threads that are not here
            kept = [attack()]  # connections live as long as what holds them
            os.write(tell, b"x")
            time.sleep(60 if stays else 0)
            kept.clear()
        finally:
            os._exit(0)
    os.close(tell)
    try:
        assert os.read(done, 1) == b"x", "the attack came to no end"
        yield
    finally:
        os.close(done)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def crowd(address: str, count: int) -> list[Raw]:
    """Connections that say nothing more than that they speak ZMTP."""
    made = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            made.append(Raw(address))
    return made


def keep_everything(address: str) -> list[object]:
    """Two clients that upload, ask and keep as much as they are given, for three seconds."""
    return [_keep(address, seed) for seed in range(2)]


def _keep(address: str, seed: int) -> list[object]:
    box, end = Box.of_size(700, 700), time.monotonic() + 1.5
    kept: list[object] = []
    client = Client(address, timeout_s=0.4)
    for number in range(200):
        color = np.full((700, 700, 4), seed * 1000 + number, np.float32)
        frame = Frame(box, box, {"color": color}, ("R", "G", "B", "A"))
        with contextlib.suppress(Art3DError):
            kept.append(client.tile(frame, AnalysisSettings(), Controls(), box, ("left", "right")))
        if time.monotonic() > end:
            break
    for raw in (Raw(address) for _ in range(4)):
        raw.hello()
        raw.socket.sendall(frame_of_upload(seed))
        kept.append(raw)
    return [*kept, client]


def frame_of_upload(seed: int) -> bytes:
    """An upload that is announced and never comes."""
    layer = Layer("depth", "<f4", 800, 800, 1, 0)
    box = Box.of_size(800, 800)
    return frame(encode(2, PutFrame(f"{seed:032x}", box, box, (), (layer,), 800 * 800 * 4, transport="memory")))
