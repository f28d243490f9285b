"""The process that stays: holds the addresses, starts the front, and starts it again when it dies or hangs.

Clients that connect meanwhile wait in the listening sockets, which outlive every front. What a front held is only a
cache: clients say hello to the next one and ask again. The next one is there already: a spare that has loaded its
modules, and waits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from art3d_node.server.workers.watch import Patience, Watch

log = logging.getLogger("art3d_node.server")
LOOK_S = 0.2
LAST_WORDS_S = 15.0
PATIENCE = Patience(silent_s=30.0, loading_s=120.0, stuck_s=float("inf"))
AT_ONCE = 5  # deaths in RECENT_S after which it is no longer started again without a pause
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
RECENT_S = 20.0
SPARE_AFTER_S = 0.5  # of service of the first: before that, workers need the processor more
GO = b"g"


@dataclass(frozen=True)
class Front:
    """A process that serves, or waits until it is to, and our end of the socket between us."""

    child: subprocess.Popen[bytes]
    pipe: socket.socket

    def close(self) -> None:
        """Lets go of one that has ended, or ends one that waits."""
        self.pipe.close()
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Supervisor:
    """Keeps one front alive.

    Args:
        options: the server's command line, which every front gets.
        listening: the sockets of requests and of control.
    """

    def __init__(self, options: Sequence[str], listening: Sequence[socket.socket]) -> None:
        self._options, self._listening = list(options), list(listening)
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None
        self._spare: Front | None = None
        self._fronts = 0
        self.fault = ""  # why the last front could not begin

    def stop(self, *_: object) -> None:
        """Ends the front, and with it `run`; may be called from a signal handler."""
        self._stopping = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGTERM)

    def run(self) -> int:
        """Serves until it is stopped or idle; the exit code."""
        served, deaths = False, list[float]()
        try:
            while True:
                code, began = self._one_front()
                served |= began
                # One that ends by itself is done; one that could not even begin would not the next time either.
                if code == 0 or self._stopping or (code > 0 and not served):
                    return max(0, code) if code >= 0 or self._stopping else 1
                now_s = time.monotonic()
                deaths = [death for death in deaths if now_s - death < RECENT_S] + [now_s]
                log.error("the serving process ended with %d; it is started again", code)
                often = len(deaths) - AT_ONCE
                time.sleep(min(FIRST_PAUSE_S * 2**often, LONGEST_PAUSE_S) if often > 0 else 0.0)
        finally:
            if self._spare is not None:
                self._spare.close()

    def _start(self) -> Front:
        """A front that loads its modules, and serves once it gets `GO`."""
        pipe, child_pipe = socket.socketpair()
        descriptors = [each.fileno() for each in (*self._listening, child_pipe)]
        command = [sys.executable, "-m", "art3d_node.server", *self._options,
                   "--front", *map(str, descriptors), str(os.getpid())]  # fmt: skip
        child = subprocess.Popen(command, pass_fds=descriptors, stdin=subprocess.DEVNULL)
        child_pipe.close()
        pipe.settimeout(LOOK_S)
        return Front(child, pipe)

    def _one_front(self) -> tuple[int, bool]:
        """One front's life: its exit code, and whether it began to serve."""
        front, self._spare = self._spare or self._start(), None
        self._child = front.child
        self._fronts += 1
        try:
            with contextlib.suppress(OSError):  # a spare that has died shows when it is watched
                front.pipe.send(GO)
            if self._stopping:
                front.child.terminate()
            began = self._watch(front)
            return self._end(front.child), began
        finally:
            front.close()

    def _have_spare(self) -> None:
        if self._spare is None and not self._stopping:
            self._spare = self._start()

    def _watch(self, front: Front) -> bool:
        """Until the front is gone; whether it ever served."""
        began_s, child = time.monotonic(), front.child
        watch, began = Watch(PATIENCE, began_s), False
        stopping_s = 0.0
        while True:
            now_s = time.monotonic()
            if began and (self._fronts > 1 or now_s - began_s > SPARE_AFTER_S):
                self._have_spare()
            try:
                report = front.pipe.recv(4096)
            except TimeoutError:
                fault = watch.fault(now_s, 0)
                stopping_s = (stopping_s or now_s) if self._stopping else 0.0
                if fault or (stopping_s and now_s - stopping_s > LAST_WORDS_S) or child.poll() is not None:
                    if fault:
                        log.error("the serving process (pid %d) %s", child.pid, fault)
                    return began
                continue
            except OSError:
                return began
            if not report:
                return began
            if report.startswith(b"!"):
                self.fault = report[1:].decode(errors="replace")
            else:
                watch.heard(now_s, ready=True)
                began = True

    def _end(self, child: subprocess.Popen[bytes]) -> int:
        # It closed its end because it ends; one that hangs does not.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(LAST_WORDS_S if self._stopping else 3.0)
        child.kill()
        return child.wait()
