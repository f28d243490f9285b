"""The server's protocol without a socket: messages and events in, actions out.

Everything here is deterministic in its inputs: time comes in with each call, and nothing blocks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from art3d_node.server.memory.pool import SEGMENTS
from art3d_node.server.memory.store import Memory
from art3d_node.server.protocol.actions import Action, DropPlate, Outbox
from art3d_node.server.protocol.clients import IDLE_PROBE_S, PROBE_S, Client, Clients
from art3d_node.server.protocol.computed import COMPUTED
from art3d_node.server.protocol.incoming import Incoming
from art3d_node.server.protocol.jobs import Jobs
from art3d_node.server.protocol.roster import Roster
from art3d_node.server.protocol.tally import Tally
from art3d_node.server.protocol.uploads import Uploads
from art3d_node.server.protocol.welcomes import Welcomes
from art3d_node.server.workers.records import Done, Failed, Ready, Unfit
from host_bridge.core.errors import Art3DError, ProtocolError, UnsupportedError
from host_bridge.wire import messages as m
from host_bridge.wire.codec import Unknown, decode, request_id_of
from host_bridge.wire.limits import Limits


class Session:
    """One server's side of the protocol.

    Args:
        identity: version, address of the control socket and log file, as `Welcome` names them.
        pid: the process by which this server is known.
        segments: how many pieces of shared memory there may be.
    """

    def __init__(self, limits: Limits, identity: Mapping[str, Any], *, pid: int, segments: int = SEGMENTS) -> None:
        self._limits = limits
        self._about = {**identity, "instance": secrets.token_hex(8), "pid": pid}
        self._outbox, self._tally = Outbox(), Tally()
        self.memory = Memory(limits, segments=segments, dropped=lambda key: self._outbox.add(DropPlate(key)))
        self.clients = Clients(limits)
        self.roster = Roster(str(identity["log"]))
        self.welcomes = Welcomes(self.memory, self.clients, self.roster, limits, self._outbox, self._about)
        self.uploads = Uploads(self.memory, limits, self._outbox, self._tally)
        self.jobs = Jobs(self.memory, self.clients, self.roster, limits, self._outbox, self._tally)
        self.active_s = 0.0
        # What anybody may ask, on the control socket too; its answer comes at once.
        self._open: dict[type, Callable[[Any], Any]] = {
            m.Ping: lambda _: m.Pong(self._about["instance"], pid, str(identity["server"])),
            m.StatusRequest: lambda _: m.Status(self.figures()),
            m.Cancel: lambda message: m.Cancelled(self._cancel(message)),
        }
        # What only clients may ask.
        self._greeted: dict[type, Callable[[Client, Incoming[Any]], None]] = {
            m.HaveFrame: self.uploads.have,
            m.PutFrame: self.uploads.put,
            m.Chunk: self.uploads.chunk,
            m.Written: self.uploads.written,
            m.Commit: self.uploads.commit,
            m.Release: self._release,
            m.Bye: lambda client, _: self.peer_gone(client.peer),
            **dict.fromkeys(COMPUTED, self.jobs.ask),
        }

    @property
    def handled(self) -> set[type]:
        """The kinds of messages that a client may send."""
        return {m.Hello, *self._open, *self._greeted}

    def take(self) -> list[Action]:
        """What is to be done now."""
        return self._outbox.take()

    @property
    def busy(self) -> bool:
        """Whether anybody waits for anything."""
        return bool(self.jobs.scheduler.tasks) or bool(self.uploads.open)

    def received(
        self, peer: bytes, parts: list[memoryview], now_s: float, *, control: bool = False, source: str = ""
    ) -> None:
        """One message of a client, as it came off a socket; `source` is the process, address or key it belongs to."""
        self.active_s = now_s
        self._tally.messages += 1
        request_id = 0
        try:
            if not 1 <= len(parts) <= 2:
                raise ProtocolError(f"a message of {len(parts)} parts", remedy="send a header and at most one payload")
            try:
                envelope = decode(parts[0])
            except Art3DError:
                request_id = request_id_of(parts[0])
                raise
            request_id, payload = envelope.id, parts[1] if len(parts) == 2 else None
            self._handle(Incoming(peer, request_id, envelope.message, payload, now_s, source), control=control)
        except Art3DError as error:
            self._tally.refused += 1
            self._outbox.refuse(peer, request_id, error, control=control)
        self.jobs.dispatch(now_s)

    def _handle(self, request: Incoming[Any], *, control: bool) -> None:
        message, kind = request.message, type(request.message)
        if isinstance(message, Unknown):
            raise UnsupportedError(f"this server does not know messages of kind {message.kind!r}",
                                   remedy="a newer server may")  # fmt: skip
        if request.payload is not None and kind is not m.Chunk:
            raise ProtocolError("only a chunk carries a payload", remedy="see docs/protocol.md")
        if kind in self._open:
            self._outbox.reply(request.peer, request.id, self._open[kind](message), control=control)
        elif control:
            raise UnsupportedError("the control socket takes cancel, status and ping", remedy="use the other socket")
        elif kind is m.Hello:
            self.welcomes.hello(request)
        else:
            client = self.clients.greeted(request.peer)
            if kind not in self._greeted:
                raise UnsupportedError("this kind of message is not for a server", remedy="see docs/protocol.md")
            self._greeted[kind](client, request)

    def _cancel(self, message: m.Cancel) -> int:
        client = self.clients.of_session(message.session)
        return self.jobs.cancel(client, message.requests) if client is not None else 0

    def _release(self, client: Client, sent: Incoming[m.Release]) -> None:
        for number in sent.message.leases:
            self.memory.loans.end(number, peer=client.peer)

    def verified(self, upload: int, now_s: float) -> None:
        """What had arrived of an upload is copied and hashed."""
        self.uploads.verified(upload)
        self.jobs.dispatch(now_s)

    def sent(self, loan: int, now_s: float) -> None:
        """An inline payload has gone out."""
        self.memory.loans.end(loan)
        self.jobs.dispatch(now_s)

    def peer_gone(self, peer: bytes) -> None:
        """A client left."""
        self.welcomes.peer_gone(peer)
        client = self.clients.leave(peer)
        if client is not None:
            self.jobs.client_gone(client)
            self.uploads.peer_gone(peer)
            self.memory.loans.end_all(peer)

    def tick(self, now_s: float) -> None:
        """Asks who is still there, and gives up uploads that nobody continues."""
        for client in self.clients.values():
            waits = self.welcomes.awaits(client.peer) or bool(client.requests)
            busy = waits or self.memory.loans.count(client.peer) > 0
            if now_s - client.probed_s >= (PROBE_S if busy else IDLE_PROBE_S) or now_s < client.probed_s:
                client.probed_s = now_s
                self._outbox.reply(client.peer, 0, m.Progress(tuple(sorted(client.requests))))
        self.uploads.tick(now_s)
        self.jobs.dispatch(now_s)

    def worker_started(self, worker: int, device: str) -> None:
        """A worker process exists."""
        self.roster.started(worker, device)

    def worker_message(self, worker: int, message: Any, now_s: float) -> None:
        """A worker is ready, cannot begin, or has done or failed a job."""
        if isinstance(message, Ready):
            self.roster.ready(worker, message)
            self.welcomes.answer()
        elif isinstance(message, Unfit):
            self.roster.unfit(message.why)
            self.welcomes.answer()
        elif isinstance(message, Done):
            self.roster.note(worker, message.worker)
            self._tally.add_ms(message.ms)
            self.jobs.done(worker, message)
        elif isinstance(message, Failed):
            self.jobs.failed(worker, message)
        self.jobs.dispatch(now_s)

    def worker_lost(self, worker: int, now_s: float, *, starved: bool = False) -> None:
        """A worker is gone; `starved` when for lack of memory."""
        self._tally.workers_lost += 1
        self.roster.lost(worker, starved=starved)
        self.welcomes.answer()
        self.jobs.worker_lost(worker, starved=starved)
        self.jobs.dispatch(now_s)

    def doubt(self, workers: set[int]) -> None:
        """These are silent: until they are not, others get the work, that of their frames too."""
        for worker in workers - self.roster.doubtful:
            self.jobs.scheduler.forget_home(worker)
        self.roster.doubtful = workers

    def running(self, worker: int) -> int:
        """How much a worker has to do."""
        return len(self.jobs.scheduler.running(worker))

    def figures(self) -> dict[str, Any]:
        """The server's figures, for `status` and Prometheus."""
        ready, lent = self.roster.known, self.memory.loans.nbytes
        return {
            **self._about,
            "protocol": list(m.PROTOCOL),
            "clients": [
                {"name": c.name, "requests": len(c.requests), "lent_bytes": lent(c.peer)} for c in self.clients.values()
            ],
            "workers": self.roster.figures(lambda worker: self.running(worker) > 0),
            "queue": self.jobs.scheduler.figures(),
            "memory": self.memory.figures(),
            "plates": {**self.memory.plates.figures(), "uploads": len(self.uploads.open)},
            "style_faults": list(ready.faults) if ready else [],
            "limits": self._limits.as_map(),
            **self._tally.figures(),
        }
