"""The worker processes: one per device, started, watched and replaced."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from art3d_node.server.jobs import pack, unpack

log = logging.getLogger(__name__)
DEFAULT_ENGINE = "art3d_node.server.compute:make"
RESTART_PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0
RECENT_S = 20.0
# Threads that wait for work sleep: spinning, they take a farm slot's cores from those who read and write its frames.
# Planes that a frame frees are there for the next one: from the kernel, each new page of them costs a fault.
QUIET = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
    "MALLOC_TOP_PAD_": str(32 << 20),
}


@dataclass
class Process:
    """One worker process and our end of its pipe."""

    id: int
    device: str
    pipe: Connection
    child: subprocess.Popen[bytes]


class Workers:
    """One process per device.

    Args:
        devices: such as "cpu", "cuda:0".
        engine: "module:function" that makes an engine.
        analysis_bytes: bound of each worker's analyses.
        open_paths: whether depth sources may be named by path.
    """

    def __init__(
        self, devices: Sequence[str], *, engine: str = DEFAULT_ENGINE, analysis_bytes: int, open_paths: bool = False
    ) -> None:
        self._options = ["--engine", engine, "--analysis-bytes", str(analysis_bytes)]
        self._options += ["--open-paths"] if open_paths else []
        self.processes: dict[int, Process] = {}
        self._waiting: list[tuple[float, str]] = [(0.0, device) for device in devices]
        self._deaths: list[float] = []
        self._last = 0

    def start_due(self, now_s: float) -> list[Process]:
        """Starts the workers whose time has come."""
        due = [item for item in self._waiting if item[0] <= now_s]
        self._waiting = [item for item in self._waiting if item[0] > now_s]
        return [self._start(device) for _, device in due]

    def _start(self, device: str) -> Process:
        ours, theirs = Pipe(duplex=True)
        self._last += 1
        command = [sys.executable, "-m", "art3d_node.server.worker", "--pipe", str(theirs.fileno()),
                   "--device", device, *self._options]  # fmt: skip
        surroundings = {**QUIET, **os.environ}
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=surroundings)
        theirs.close()
        process = Process(self._last, device, ours, child)
        self.processes[process.id] = process
        log.info("worker %d (pid %d) starts on %s", process.id, child.pid, device)
        return process

    def send(self, worker: int, message: Any) -> None:
        """A record for a worker; one that is dying gets nothing, which its closing pipe will tell."""
        process = self.processes.get(worker)
        if process is not None:
            try:
                process.pipe.send_bytes(pack([message]))
            except OSError:
                log.info("worker %d does not read", worker)

    def receive(self, worker: int) -> list[Any] | None:
        """The next records of a worker, or None when it is gone."""
        try:
            return unpack(self.processes[worker].pipe.recv_bytes())
        except (EOFError, OSError):
            return None

    def bury(self, worker: int, now_s: float) -> Process:
        """Removes a dead worker and plans its replacement."""
        process = self.processes.pop(worker)
        process.pipe.close()
        process.child.kill()
        code = process.child.wait()
        log.warning("worker %d (pid %d) ended with %d; it is replaced", worker, process.child.pid, code)
        self._deaths = [death for death in self._deaths if now_s - death < RECENT_S] + [now_s]
        pause = min(RESTART_PAUSE_S * 2 ** len(self._deaths), LONGEST_PAUSE_S)
        self._waiting.append((now_s + pause, process.device))
        return process

    def stop(self) -> None:
        """Ends all workers; closing the pipe is enough, the kill is for one that hangs."""
        for process in self.processes.values():
            process.pipe.close()
        for process in self.processes.values():
            try:
                process.child.wait(2.0)
            except subprocess.TimeoutExpired:
                process.child.kill()
                process.child.wait()
        self.processes.clear()
