"""The worker processes: one per device, started, watched and replaced. Nothing here waits for one."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from art3d_node.server.workers.pipe import Broken, Pipe
from art3d_node.server.workers.records import Alive, Ready
from art3d_node.server.workers.watch import Patience, Watch, stopped
from host_bridge.core.machine import memory_kills
from host_bridge.core.warm_memory import keeping_freed_memory

log = logging.getLogger(__name__)
DEFAULT_ENGINE = "art3d_node.server.workers.compute:make"
RESTART_PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0
LONGEST_UNREADY_PAUSE_S = 120.0  # between starts of workers that die before they take jobs
RECENT_S = 20.0
LAST_WORDS_S = 2.0
# Threads that wait for work sleep: spinning, they take a farm slot's cores from those who read and write its frames.
WORKER_ENV = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "NUMPY_MADVISE_HUGEPAGE": "0",  # on a virtual machine, large pages are those that its host has yet to find
}


@dataclass
class Process:
    """One worker process, our end of its pipe, and its signs of life."""

    id: int
    device: str
    pipe: Pipe
    child: subprocess.Popen[bytes]
    watch: Watch
    memory_kills: int


class Workers:
    """One process per device.

    Args:
        devices: such as "cpu", "cuda:0".
        engine: "[FOLDER/]module:function" that makes an engine.
        analysis_bytes: bound of each worker's analyses.
        open_paths: whether depth sources may be named by path.
        patience: how long one may be silent.
    """

    def __init__(
        self,
        devices: Sequence[str],
        *,
        engine: str = DEFAULT_ENGINE,
        analysis_bytes: int,
        open_paths: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._options = ["--engine", engine, "--analysis-bytes", str(analysis_bytes)]
        self._options += ["--open-paths"] if open_paths else []
        self.processes: dict[int, Process] = {}
        self._patience = patience or Patience()
        self._waiting: list[tuple[float, str]] = [(0.0, device) for device in devices]
        self._deaths: list[float] = []
        self._unready = 0  # how many in a row died before they took jobs
        self._killed: list[subprocess.Popen[bytes]] = []
        self._last = 0

    def start_due(self, now_s: float) -> list[Process]:
        """Starts the workers whose time has come."""
        self._killed = [child for child in self._killed if child.poll() is None]
        due = [item for item in self._waiting if item[0] <= now_s]
        self._waiting = [item for item in self._waiting if item[0] > now_s]
        return [self._start(device, now_s) for _, device in due]

    def _start(self, device: str, now_s: float) -> Process:
        ours, theirs = socket.socketpair()
        self._last += 1
        command = [sys.executable, "-m", "art3d_node.server.workers.process", "--pipe", str(theirs.fileno()),
                   "--device", device, *self._options]  # fmt: skip
        # Planes that a frame frees are there for the next one: from the kernel, each new page of them costs a fault.
        surroundings = {**WORKER_ENV, **keeping_freed_memory(), **os.environ}
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=surroundings)
        theirs.close()
        process = Process(self._last, device, Pipe(ours), child, Watch(self._patience, now_s), memory_kills())
        self.processes[process.id] = process
        log.info("worker %d (pid %d) starts on %s", process.id, child.pid, device)
        return process

    def send(self, worker: int, message: Any) -> None:
        """A record for a worker; one that is dying gets nothing, as its closing pipe will show."""
        process = self.processes.get(worker)
        if process is not None:
            try:
                process.pipe.send(message)
            except Broken as error:
                log.info("worker %d: %s", worker, error)
                process.child.kill()

    def receive(self, worker: int, now_s: float) -> list[Any] | None:
        """The next records of a worker, or None when it is gone."""
        process = self.processes[worker]
        try:
            process.pipe.flush()
            messages = process.pipe.receive()
        except Broken as error:
            log.info("worker %d: %s", worker, error)
            return None
        for message in messages:
            process.watch.heard(
                now_s, ticks=message.ticks if isinstance(message, Alive) else None, ready=isinstance(message, Ready)
            )
        return [message for message in messages if not isinstance(message, Alive)]

    def hanging(self, now_s: float, jobs: Callable[[int], int]) -> list[int]:
        """Those that work no longer, though they have not ended; `jobs` counts what a worker has to do."""
        found = []
        for process in self.processes.values():
            fault = process.watch.fault(now_s, jobs(process.id))
            if not fault and process.watch.silent(now_s) and stopped(process.child.pid):
                fault = "is stopped"
            if fault:
                log.error("worker %d (pid %d) %s", process.id, process.child.pid, fault)
                found.append(process.id)
        return found

    def doubtful(self, now_s: float) -> set[int]:
        """Those that should have sent something by now."""
        return {process.id for process in self.processes.values() if process.watch.doubtful(now_s)}

    def reap(self, worker: int, now_s: float) -> bool:
        """Ends what is left of a worker and plans its replacement; whether the kernel ended it for lack of memory."""
        process = self.processes.pop(worker)
        process.pipe.close()
        code = process.child.poll()
        if code is None:
            # A process that a driver holds may take its time to die, so nobody waits for it here.
            process.child.kill()
            self._killed.append(process.child)
        starved = code in (None, -signal.SIGKILL) and memory_kills() > process.memory_kills
        ending = "is killed" if code is None else f"ended with {code}"
        ending += " for lack of memory" if starved else ""
        log.warning("worker %d (pid %d) %s; it is replaced", worker, process.child.pid, ending)
        self._deaths = [death for death in self._deaths if now_s - death < RECENT_S] + [now_s]
        self._unready = 0 if process.watch.ready else self._unready + 1
        pause = max(
            min(RESTART_PAUSE_S * 2 ** len(self._deaths), LONGEST_PAUSE_S),
            min(RESTART_PAUSE_S * 2**self._unready, LONGEST_UNREADY_PAUSE_S),
        )
        self._waiting.append((now_s + pause, process.device))
        return starved

    def stop(self) -> None:
        """Ends all workers; closing the pipe is enough, the kill is for one that hangs."""
        for process in self.processes.values():
            process.pipe.close()
        end_s = time.monotonic() + LAST_WORDS_S
        for child in [*self._killed, *(process.child for process in self.processes.values())]:
            try:
                child.wait(max(0.0, end_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        self.processes.clear()
