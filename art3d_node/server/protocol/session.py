"""The server's protocol without a socket: messages and events in, actions out.

Everything here is deterministic in its inputs: time comes in with each call, and nothing blocks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from art3d_node.server.protocol.actions import Prove
from art3d_node.server.protocol.requests import validate_keys
from art3d_node.server.protocol.state import Client
from art3d_node.server.protocol.work import Work
from host_bridge.core.errors import (
    Art3DError,
    BusyError,
    ProtocolError,
    UnknownClientError,
    UnsupportedError,
)
from host_bridge.core.printable import printable
from host_bridge.wire import messages as m
from host_bridge.wire.codec import decode, failure, request_id_of

PROBE_S = 0.25
IDLE_PROBE_S = 5.0
HELLOS = 4
OF_ONE_SOURCE = 0.75


class Session(Work):
    """One server's side of the protocol."""

    def received(
        self, peer: bytes, parts: list[memoryview], now_s: float, *, control: bool = False, source: str = ""
    ) -> None:
        """One message of a client, as it came off a socket; `source` is the process, address or key it belongs to."""
        self.active_s = now_s
        self.tally.messages += 1
        request_id = 0
        try:
            if not 1 <= len(parts) <= 2:
                raise ProtocolError(f"a message of {len(parts)} parts", remedy="send a header and at most one payload")
            try:
                envelope = decode(parts[0])
            except Art3DError:
                request_id = request_id_of(parts[0])
                raise
            request_id = envelope.id
            self._handle(
                peer, envelope.id, envelope.message, parts[1] if len(parts) == 2 else None, now_s, control, source
            )
        except Art3DError as error:
            self.tally.refused += 1
            self.answer(peer, request_id, failure(error), control=control)
        self.dispatch(now_s)

    def _handle(
        self,
        peer: bytes,
        number: int,
        message: Any,
        payload: memoryview | None,
        now_s: float,
        control: bool,
        source: str,
    ) -> None:
        if isinstance(message, m.Unknown):
            raise UnsupportedError(f"this server does not know messages of kind {message.kind!r}",
                                   remedy="a newer server may")  # fmt: skip
        if payload is not None and not isinstance(message, m.Chunk):
            raise ProtocolError("only a chunk carries a payload", remedy="see docs/protocol.md")
        anyone = self._anyone(number, message)
        if anyone is not None:
            self.answer(peer, number, anyone, control=control)
        elif control:
            raise UnsupportedError("the control socket takes cancel, status and ping", remedy="use the other socket")
        elif isinstance(message, m.Hello):
            self._hello(peer, number, message, now_s, source)
        else:
            self._of_client(peer, number, message, payload, now_s)

    def _anyone(self, number: int, message: Any) -> Any:
        if isinstance(message, m.Ping):
            return m.Pong(self.instance, self.pid, str(self.identity["server"]))
        if isinstance(message, m.StatusRequest):
            return m.Status(self.figures())
        if isinstance(message, m.Cancel):
            return m.Cancelled(self._cancel(message))
        return None

    def _hello(self, peer: bytes, number: int, message: m.Hello, now_s: float, source: str) -> None:
        if message.protocol[0] != m.PROTOCOL[0]:
            raise ProtocolError(
                f"the client speaks protocol {message.protocol[0]}.{message.protocol[1]}, this server "
                f"{m.PROTOCOL[0]}.{m.PROTOCOL[1]}",
                remedy="install the same version of Art3D on both sides",
            )
        if peer not in self.clients and len(self.clients) >= self.limits.clients:
            raise BusyError(f"{len(self.clients)} clients are connected",
                            remedy=f"the limit clients is {self.limits.clients}")  # fmt: skip
        of_source = sum(client.source == source for client in self.clients.values()) if source else 0
        if peer not in self.clients and of_source >= max(1, int(self.limits.clients * OF_ONE_SOURCE)):
            raise BusyError(f"{of_source} clients of {source} are connected", remedy="connect fewer, or later")
        if self.unfit and not any(worker.ready for worker in self.workers.values()):
            raise self.no_worker()
        if peer not in self.clients:
            self.clients[peer] = Client(
                peer, printable(message.client[:80]), secrets.token_hex(16), source, now_s, now_s
            )
        if sum(waiting == peer for waiting, _, _ in self.greeting) >= HELLOS:
            raise ProtocolError("hello was sent twice", remedy="wait for the welcome")
        self.greeting.append((peer, number, message))
        self.greet()

    def _of_client(self, peer: bytes, number: int, message: Any, payload: memoryview | None, now_s: float) -> None:
        client = self.clients.get(peer)
        if client is None:
            raise UnknownClientError("this server has not met this client", remedy="say hello first")
        client.seen_s = now_s
        steps: dict[type, Callable[[], None]] = {
            m.HaveFrame: lambda: self._have(client, number, message),
            m.PutFrame: lambda: self._put(client, number, message, now_s),
            m.Chunk: lambda: self._chunk(client, message, payload, now_s),
            m.Commit: lambda: self._commit(client, number, message),
            m.TileRequest: lambda: self.ask_tile(client, number, message, now_s),
            m.Measure: lambda: self.ask_measure(client, number, message, now_s),
            m.StylesRequest: lambda: self.ask_styles(client, number, message, now_s),
            m.Release: lambda: self._release(client, message),
            m.Bye: lambda: self.peer_gone(peer),
        }
        step = steps.get(type(message))
        if step is None:
            raise UnsupportedError("this kind of message is not for a server", remedy="see docs/protocol.md")
        step()

    def _have(self, client: Client, number: int, message: m.HaveFrame) -> None:
        validate_keys(message.keys, self.limits)
        self.answer(client.peer, number, m.NeedFrame(self.plates.missing(message.keys)))

    def _put(self, client: Client, number: int, message: m.PutFrame, now_s: float) -> None:
        if message.key in self.plates.cache:
            self.answer(client.peer, number, m.Held(message.key))
            return
        upload = self.plates.begin(client.peer, message, now_s, client.source)
        segment = upload.desk.ref(message.nbytes) if upload.desk is not None else None
        self.answer(client.peer, number, m.SendFrame(upload.id, segment))

    def _chunk(self, client: Client, message: m.Chunk, payload: memoryview | None, now_s: float) -> None:
        upload = self.plates.own(message.upload, client.peer)
        try:
            self.plates.add(upload, message.offset, payload or memoryview(b""), now_s)
        except ProtocolError:
            self.plates.discard(upload)
            raise
        self.tally.bytes_in += len(payload or b"")

    def _commit(self, client: Client, number: int, message: m.Commit) -> None:
        upload = self.plates.own(message.upload, client.peer)
        if upload.desk is None and upload.received != upload.put.nbytes:
            self.plates.discard(upload)
            raise ProtocolError(f"{upload.received} of {upload.put.nbytes} bytes came", remedy="send the frame again")
        upload.proving = number
        self.out.append(Prove(upload))

    def proved(self, upload_id: int, key: str, now_s: float) -> None:
        """The key of what was uploaded, as computed here."""
        upload = self.plates.uploads.get(upload_id)
        if upload is None or upload.proving is None:
            return
        if key == upload.put.key:
            self.tally.plates_in += 1
            self.plates.keep(upload)
            self.answer(upload.peer, upload.proving, m.Held(key))
        else:
            self.plates.discard(upload)
            error = ProtocolError("the pixels do not match their key", where=upload.put.key[:64],
                                  remedy="compute the key as docs/protocol.md says")  # fmt: skip
            self.answer(upload.peer, upload.proving, failure(error))
        self.dispatch(now_s)

    def _release(self, client: Client, message: m.Release) -> None:
        for number in message.leases:
            self.loans.end(number, peer=client.peer)

    def _cancel(self, message: m.Cancel) -> int:
        client = next((c for c in self.clients.values() if c.session == message.session), None)
        if client is None:
            return 0
        wanted = message.requests or tuple(client.requests)
        # The control socket may overtake the other one: a cancel waits for the request it is meant for.
        client.early.extend(number for number in wanted if number not in client.requests)
        return sum(self.drop_request(client, number, answer=True) for number in wanted)

    def peer_gone(self, peer: bytes) -> None:
        """A client left: nothing it asked for is worth doing any more."""
        client = self.clients.pop(peer, None)
        self.greeting = [waiting for waiting in self.greeting if waiting[0] != peer]
        if client is None:
            return
        for number in list(client.requests):
            self.drop_request(client, number, answer=False)
        for upload in [u for u in self.plates.uploads.values() if u.peer == peer and u.proving is None]:
            self.plates.discard(upload)
        self.loans.end_all(peer)
        self.scheduler.forget_peer(peer)

    def sent(self, loan: int, now_s: float) -> None:
        """An inline payload has gone out."""
        self.loans.end(loan)
        self.dispatch(now_s)

    def tick(self, now_s: float) -> None:
        """Asks who is still there, and gives up uploads that nobody continues."""
        greeting = {peer for peer, _, _ in self.greeting}
        for client in list(self.clients.values()):
            busy = client.peer in greeting or bool(client.requests) or self.loans.count(client.peer) > 0
            if now_s - client.probed_s >= (PROBE_S if busy else IDLE_PROBE_S) or now_s < client.probed_s:
                client.probed_s = now_s
                self.answer(client.peer, 0, m.Progress(tuple(sorted(client.requests))))
        for upload in self.plates.stale(now_s):
            self.plates.discard(upload)
        self.dispatch(now_s)
