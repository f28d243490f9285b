"""The only file of the server with a socket: polls, feeds the session, does what it wants done."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import zmq

from art3d_node.server.actions import Action, Prove, Send, Start, Stop, Tell
from art3d_node.server.jobs import Abort, Forget, Said
from art3d_node.server.plates import Upload, key_of
from art3d_node.server.session import Session
from art3d_node.server.workers import Workers
from host_bridge.wire import messages as m
from host_bridge.wire.codec import encode
from host_bridge.wire.limits import CHUNK_BYTES, HEADER_BYTES

log = logging.getLogger(__name__)
TICK_MS = 50
BATCH = 64


class Service:
    """One server: two ROUTER sockets, the session, the workers.

    Args:
        session: the protocol.
        workers: the processes that compute.
        address, control: endpoints to bind; "tcp://…:0" takes a free port.
        idle_timeout_s: stop after so long without a message; 0 never stops.
        secure: prepares a socket before it is bound (CURVE).
        closing: called before the context ends.
    """

    def __init__(
        self,
        session: Session,
        workers: Workers,
        *,
        address: str,
        control: str,
        idle_timeout_s: float = 0.0,
        secure: Callable[[zmq.Socket[bytes]], None] | None = None,
        context: zmq.Context[Any] | None = None,
        closing: Callable[[], None] | None = None,
    ) -> None:
        self.session, self.workers = session, workers
        self._idle_timeout_s, self._closing = idle_timeout_s, closing
        self._context = context or zmq.Context()
        self._requests, self.address = self._bind(address, secure)
        self._control, self.control = self._bind(control, secure)
        self._provers = ThreadPoolExecutor(2, thread_name_prefix="prove")
        self._proved: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._sending: list[tuple[Any, int]] = []
        self._stopping = False
        self._poller = zmq.Poller()
        for socket in (self._control, self._requests):
            self._poller.register(socket, zmq.POLLIN)
        self._poller.register(self._woken, zmq.POLLIN)

    def _bind(self, address: str, secure: Callable[[zmq.Socket[bytes]], None] | None) -> tuple[zmq.Socket[bytes], str]:
        socket = self._context.socket(zmq.ROUTER)
        for option, value in (
            (zmq.ROUTER_MANDATORY, 1),
            (zmq.LINGER, 0),
            (zmq.MAXMSGSIZE, CHUNK_BYTES + HEADER_BYTES),
            (zmq.RCVHWM, 16),
            (zmq.SNDHWM, 1000),
            (zmq.HANDSHAKE_IVL, 5000),
            (zmq.HEARTBEAT_IVL, 2000),
            (zmq.HEARTBEAT_TIMEOUT, 10000),
            (zmq.BACKLOG, 1024),
        ):
            socket.setsockopt(option, value)
        if secure is not None:
            secure(socket)
        socket.bind(address)
        return socket, socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def stop(self) -> None:
        """Asks the loop to end; may be called from a signal handler or another thread."""
        self._stopping = True
        with contextlib.suppress(OSError):
            os.write(self._wake, b"x")

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
            self._poller.register(process.pipe.fileno(), zmq.POLLIN)
            self.session.worker_started(process.id, process.device)
        events = dict(self._poller.poll(TICK_MS))
        now_s = time.monotonic()
        if self._woken in events:
            self._drain_proved(now_s)
        if self._control in events:
            self._receive(self._control, now_s, control=True)
        for process in list(self.workers.processes.values()):
            if process.pipe.fileno() in events:
                self._hear(process.id, now_s)
        for worker in self.workers.hanging(now_s, lambda worker: len(self.session.scheduler.running(worker))):
            self._lose(worker, now_s)
        if self._requests in events:
            self._receive(self._requests, now_s, control=False)
        self._settle_sent(now_s)
        self.session.tick(now_s)
        self._act()

    def _receive(self, socket: zmq.Socket[bytes], now_s: float, *, control: bool) -> None:
        for _ in range(BATCH):
            try:
                peer, *parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            self.session.received(peer.bytes, [part.buffer for part in parts], now_s, control=control)
            self._act()

    def _hear(self, worker: int, now_s: float) -> None:
        messages = self.workers.receive(worker, now_s)
        for message in messages or ():
            if isinstance(message, Said):
                logging.getLogger(message.name).log(message.level, "worker %d: %s", worker, message.text)
            else:
                self.session.worker_said(worker, message, now_s)
        if messages is None:
            self._lose(worker, now_s)
        self._act()

    def _lose(self, worker: int, now_s: float) -> None:
        self._poller.unregister(self.workers.processes[worker].pipe.fileno())
        self.workers.bury(worker, now_s)
        self.session.worker_died(worker, now_s)
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
            self.workers.send(action.worker, action.job)
        elif isinstance(action, Stop):
            self.workers.send(action.worker, Abort(action.job))
        elif isinstance(action, Tell):
            for worker in self.workers.processes:
                self.workers.send(worker, Forget(action.key))
        elif isinstance(action, Prove):
            self._provers.submit(self._prove, action.upload)

    def _prove(self, upload: Upload) -> None:
        try:
            key = key_of(upload.put, upload.piece.payload(upload.put.nbytes))
        except Exception:
            log.exception("the key of an upload could not be computed")
            key = ""
        self._proved.put((upload.id, key))
        with contextlib.suppress(OSError):
            os.write(self._wake, b"x")

    def _drain_proved(self, now_s: float) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        with contextlib.suppress(queue.Empty):
            while True:
                upload, key = self._proved.get_nowait()
                self.session.proved(upload, key, now_s)
        self._act()

    def _send(self, action: Send) -> None:
        socket = self._control if action.control else self._requests
        try:
            header = encode(action.id, action.message)
            if action.payload is None:
                socket.send_multipart([action.peer, header], zmq.NOBLOCK)
                return
            socket.send_multipart([action.peer, header], zmq.NOBLOCK | zmq.SNDMORE)
            tracker = socket.send(action.payload, zmq.NOBLOCK, copy=False, track=True)
            self._sending.append((tracker, action.loan))
        except zmq.Again:
            if not isinstance(action.message, m.Progress):
                log.warning("a client does not read its replies and is dropped")
                self.session.peer_gone(action.peer)
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                log.warning("a reply could not be sent: %s", error)
            self.session.loans.end(action.loan)
            if not action.control:
                self.session.peer_gone(action.peer)

    def _settle_sent(self, now_s: float) -> None:
        done = [loan for tracker, loan in self._sending if tracker.done]
        if done:
            self._sending = [item for item in self._sending if not item[0].done]
            for loan in done:
                self.session.sent(loan, now_s)

    def _close(self) -> None:
        self.workers.stop()
        self._provers.shutdown(cancel_futures=True)
        self._requests.close(0)
        self._control.close(0)
        if self._closing is not None:
            self._closing()
        self._context.term()
        os.close(self._woken)
        os.close(self._wake)
