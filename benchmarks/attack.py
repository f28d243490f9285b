"""What clients that keep to no rule do to a server and to its other clients: a line for each attack."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

from benchmarks import _server
from host_bridge.client import Client
from host_bridge.client.server_process import ping
from host_bridge.core.errors import Art3DError
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server import attacks, synthetic, trouble

MIB = 1 << 20
MEMORY_MIB = 64


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        name: for the table.
        do: carried out against an address by a process of its own, several times.
        times: how often.
        stays: whether its connections stay while the others are looked at.
        files: how many files the server may open; 0 for what the machine allows.
    """

    name: str
    do: Callable[[str], object] = field(repr=False)
    times: int = 1
    stays: bool = False
    files: int = 0


def _endless(part: bytes, most: int, hello: bool) -> Callable[[str], object]:
    return lambda address: attacks.endless_message(address, part=part, most_bytes=most, hello=hello)


ATTACKS = (
    Attack("costly messages and PINGs pile up, all leave at once", attacks.backlog_and_leave, times=5),
    Attack("a message of 1 MiB parts without end, no hello", _endless(bytes(MIB), 1024 * MIB, False)),
    Attack("the same after hello", _endless(bytes(MIB), 1024 * MIB, True)),
    Attack("a message of two million empty parts", _endless(b"", 4 * MIB, False)),
    Attack("40 clients send all but the last byte of 4 MiB", lambda a: attacks.half_chunks(a, connections=40),
           stays=True),
    Attack("20 clients ask for the status and never read", lambda a: attacks.never_read(a, connections=20, seconds=3.0),
           stays=True),
    Attack("1,500 connections", lambda a: attacks.crowd(a, 1500), stays=True),
    Attack("400 connections, 200 files", lambda a: attacks.crowd(a, 400), stays=True, files=200),
    Attack("two clients keep all that they are given", attacks.keep_everything, stays=True),
)  # fmt: skip


def serving(pid: int) -> psutil.Process:
    """The process that serves."""
    server = psutil.Process(pid)
    return next((child for child in server.children() if "--front" in child.cmdline()), server)


def attack() -> None:
    """Each attack on a server of its own, looked at from outside."""
    print(f"{'':<54}{'pings':>7}{'lost':>6}{'worst':>9}{'grown':>10}{'a tile':>10}{'restarts':>10}")
    for each in ATTACKS:
        with _survived(each.name), _server.running("--memory-mib", str(MEMORY_MIB), engine="synthetic:make",
                                                   files=each.files) as (address, pid):  # fmt: skip
            _one(each, address, pid)
    for name, victim in (("a worker is stopped", _stopped), ("the serving process is killed, five times", _killed)):
        with _survived(name), _server.running("--device", "cpu,cpu", engine="synthetic:make") as (address, pid):
            victim(name, address, pid)


@contextlib.contextmanager
def _survived(name: str) -> Iterator[None]:
    try:
        yield
    except (SystemExit, OSError, psutil.Error, Art3DError, ConnectionError) as error:
        print(f"{name:<54}  the server did not survive: {type(error).__name__} {error}"[:150], flush=True)


def _one(each: Attack, address: str, pid: int) -> None:
    _tile(address, 1)
    before = serving(pid)
    with attacks.Bystander(address, before.pid) as others:
        for _ in range(each.times):
            with attacks.another_process(lambda: each.do(address), stays=each.stays):
                taken_s = _tile(address, 2) if each.stays else 0.0
                time.sleep(1.0 if each.stays else 0.0)
        taken_s = max(taken_s, _tile(address, 3))
    restarts = int(not before.is_running() or serving(pid).pid != before.pid)
    print(f"{each.name:<54}{others.pings:>7}{others.unanswered:>6}{others.worst_s * 1e3:>6.0f} ms"
          f"{(others.peak_bytes - others.before_bytes) / MIB:>6.1f} MiB{taken_s * 1e3:>7.0f} ms{restarts:>10}",
          flush=True)  # fmt: skip


def _tile(address: str, seed: int) -> float:
    """A fresh client's tile, proved; how long it took, in s."""
    frame, start = trouble.picture(seed), time.monotonic()
    with Client(address, hello_timeout_s=10.0, timeout_s=10.0) as client:
        tile = client.tile(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        wanted = synthetic.expected(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        assert (tile.planes["right"] == wanted["right"]).all()
    return time.monotonic() - start


def _stopped(name: str, address: str, pid: int) -> None:
    with Client(address, timeout_s=60.0) as client:
        while not all(worker["ready"] for worker in client.status()["workers"]):
            time.sleep(0.1)
        victim = client.tile(trouble.picture(1), AnalysisSettings(), Controls(), trouble.BOX, ("right",)).stats["pid"]
        os.kill(victim, signal.SIGSTOP)
        try:
            with attacks.Bystander(address, serving(pid).pid) as others:
                healthy_s = _tile(address, 2)
                start = time.monotonic()
                client.tile(trouble.picture(1), AnalysisSettings(), Controls(0.5), trouble.BOX, ("right",))
                print(f"{name:<54}{others.pings:>7}{others.unanswered:>6}{others.worst_s * 1e3:>6.0f} ms"
                      f"{'':>10}{healthy_s * 1e3:>7.0f} ms         0; its own request answered elsewhere after "
                      f"{time.monotonic() - start:.1f} s", flush=True)  # fmt: skip
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)


def _killed(name: str, address: str, pid: int) -> None:
    back = []
    for _ in range(5):
        os.kill(serving(pid).pid, signal.SIGKILL)
        start = time.monotonic()
        while ping(address, timeout_s=0.05) is None and time.monotonic() - start < 20:
            pass
        back.append(time.monotonic() - start)
        time.sleep(1.0)
    tile_s = _tile(address, 1)
    print(f"{name:<54}{'':>7}{'':>6}{max(back) * 1e3:>6.0f} ms{'':>10}{tile_s * 1e3:>7.0f} ms{5:>10}; back after "
          f"{', '.join(f'{each:.2f}' for each in back)} s", flush=True)  # fmt: skip
