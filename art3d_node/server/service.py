"""The loop of a server: feeds the session with what comes from clients and workers, and does what it wants done."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from art3d_node.server.net.arrivals import Listener
from art3d_node.server.net.connection import Connection
from art3d_node.server.net.frames import Null
from art3d_node.server.net.hub import Hub
from art3d_node.server.protocol.actions import Action, DropPlate, Send, Start, Stop, Verify
from art3d_node.server.protocol.session import Session
from art3d_node.server.protocol.upload import Upload
from art3d_node.server.workers.records import Abort, Forget, LogLine
from art3d_node.server.workers.supervisor import Process, Workers
from host_bridge.wire import messages as m
from host_bridge.wire.codec import encode

if TYPE_CHECKING:  # where no keys are demanded, none of what reads them is loaded
    from art3d_node.server.guard import Guard

log = logging.getLogger(__name__)
TICK_S = 0.05
LIST_S = 1.0
BEAT_S = 1.0


class Service:
    """One server: its connections, the session, the workers.

    Args:
        session: the protocol.
        workers: the processes that compute.
        listeners: the sockets of requests and of control.
        connections: how many there may be.
        idle_timeout_s: stop after so long without a message; 0 never stops.
        guard: the list of keys, where keys are demanded.
        watcher: our end of a pair of sockets to the process that watches this one; without it this one ends.
    """

    def __init__(
        self,
        session: Session,
        workers: Workers,
        *,
        listeners: Sequence[Listener],
        connections: int,
        idle_timeout_s: float = 0.0,
        guard: Guard | None = None,
        watcher: socket.socket | None = None,
    ) -> None:
        self.session, self.workers = session, workers
        self._idle_timeout_s, self._guard, self._watcher = idle_timeout_s, guard, watcher
        self._hub = Hub(
            listeners, mechanism=guard.mechanism if guard else Null, most=connections, received=self._received,
            left=self._left, sent=self._sent, name_of=guard.name_of if guard else bytes.hex,
        )  # fmt: skip
        self._verifiers = ThreadPoolExecutor(2, thread_name_prefix="verify")
        self._called: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopping = False
        self._listed_s = self._beaten_s = 0.0
        self._hub.watch(self._woken, selectors.EVENT_READ, self._drain_called)
        if watcher is not None:
            watcher.setblocking(False)
            self._hub.watch(watcher, selectors.EVENT_READ, self.stop)

    def stop(self) -> None:
        """Asks the loop to end; may be called from a signal handler or another thread."""
        self._stopping = True
        self._wake_up()

    def _wake_up(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake, b"x")

    def call(self, function: Callable[[], Any]) -> Future[Any]:
        """Has the loop call something between two messages; for other threads."""
        answer: Future[Any] = Future()

        def run() -> None:
            try:
                answer.set_result(function())
            except Exception as error:
                answer.set_exception(error)

        self._called.put(run)
        self._wake_up()
        return answer

    def run(self) -> None:
        """Serves until stopped or idle."""
        self.session.active_s = time.monotonic()
        try:
            while not self._stopping and not self._idle():
                self._turn()
        finally:
            self._close()

    def _idle(self) -> bool:
        if self.session.busy:
            self.session.active_s = time.monotonic()
        return 0 < self._idle_timeout_s < time.monotonic() - self.session.active_s

    def _turn(self) -> None:
        now_s = time.monotonic()
        for process in self.workers.start_due(now_s):
            self._watch(process)
            self.session.worker_started(process.id, process.device)
        self._hub.turn(TICK_S)
        now_s = time.monotonic()
        for worker in self.workers.hanging(now_s, self.session.running):
            self._lose(worker, now_s)
        self.session.doubt(self.workers.doubtful(now_s))
        if self._guard is not None and now_s - self._listed_s > LIST_S:
            self._listed_s = now_s
            if self._guard.read_list():
                self._hub.drop_keys(self._guard.admits)
        if self._watcher is not None and now_s - self._beaten_s > BEAT_S:
            self._beaten_s = now_s
            with contextlib.suppress(OSError):
                self._watcher.send(b".")
        self.session.tick(now_s)
        self._act()

    def _watch(self, process: Process) -> None:
        writes = selectors.EVENT_WRITE if process.pipe.unsent else 0
        self._hub.watch(process.pipe.fileno(), selectors.EVENT_READ | writes, lambda: self._hear(process.id))

    def _received(self, connection: Connection, parts: list[memoryview]) -> None:
        self.session.received(
            connection.id, parts, time.monotonic(), control=connection.control, source=connection.account.name
        )
        if not connection.admitted and connection.id in self.session.clients:
            self._hub.admit(connection)
        self._act()

    def _left(self, connection: Connection) -> None:
        self.session.peer_gone(connection.id)

    def _sent(self, loans: Sequence[int]) -> None:
        now_s = time.monotonic()
        for loan in loans:
            self.session.sent(loan, now_s)

    def _hear(self, worker: int) -> None:
        process, now_s = self.workers.processes.get(worker), time.monotonic()
        if process is None:
            return
        messages = self.workers.receive(worker, now_s)
        for message in messages or ():
            if isinstance(message, LogLine):
                logging.getLogger(message.name).log(message.level, "worker %d: %s", worker, message.text)
            else:
                self.session.worker_message(worker, message, now_s)
        if messages is None:
            self._lose(worker, now_s)
        elif not process.pipe.unsent:
            self._watch(process)
        self._act()

    def _lose(self, worker: int, now_s: float) -> None:
        self._hub.unwatch(self.workers.processes[worker].pipe.fileno())
        starved = self.workers.reap(worker, now_s)
        self.session.worker_lost(worker, now_s, starved=starved)
        self._act()

    def _act(self) -> None:
        while actions := self.session.take():
            # A worker that waits for its next job comes before the answers to what it did last.
            for action in sorted(actions, key=lambda action: isinstance(action, Send)):
                self._do(action)

    def _do(self, action: Action) -> None:
        if isinstance(action, Send):
            self._send(action)
        elif isinstance(action, Start):
            self._to_worker(action.worker, action.job)
        elif isinstance(action, Stop):
            self._to_worker(action.worker, Abort(action.job))
        elif isinstance(action, DropPlate):
            for worker in list(self.workers.processes):
                self._to_worker(worker, Forget(action.key))
        elif isinstance(action, Verify):
            self._verifiers.submit(self._verify, action.upload)

    def _to_worker(self, worker: int, message: Any) -> None:
        self.workers.send(worker, message)
        process = self.workers.processes.get(worker)
        if process is not None and process.pipe.unsent:
            self._watch(process)

    def _verify(self, upload: Upload) -> None:
        try:
            upload.prove()
        except Exception:
            log.exception("the key of an upload could not be computed")
            upload.fault = True
        self.call(lambda: self.session.verified(upload.id, time.monotonic()))

    def _drain_called(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        with contextlib.suppress(queue.Empty):
            while True:
                self._called.get_nowait()()
        self._act()

    def _send(self, action: Send) -> None:
        parts: list[Any] = [encode(action.id, action.message)]
        parts += [] if action.payload is None else [action.payload]
        idle = isinstance(action.message, m.Progress)
        if not self._hub.send(action.peer, parts, loan=action.loan if action.payload is not None else 0, idle=idle):
            self.session.memory.loans.end(action.loan)

    def _close(self) -> None:
        self.workers.stop()
        self._verifiers.shutdown(cancel_futures=True)
        self._hub.close()
        os.close(self._woken)
        os.close(self._wake)
