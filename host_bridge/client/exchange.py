"""What becomes of a request: sent, its frames uploaded where the server lacks them, answered, its memory given back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from host_bridge.client.connection import Reply
from host_bridge.client.leases import Leases
from host_bridge.client.link import TRIES, Access, Link
from host_bridge.client.pending import Pair, Pending
from host_bridge.client.tile import Tile
from host_bridge.client.uploads import Uploads
from host_bridge.core.errors import CancelledError, ProtocolError, ServerError
from host_bridge.core.frame import Frame
from host_bridge.wire import messages as m
from host_bridge.wire.codec import error_of
from host_bridge.wire.layout import views
from host_bridge.wire.outputs import bare


class Exchange:
    """Requests to one server, with what is known of it: the frames it holds and the tiles it lent.

    Args:
        access: which server.
        shared_memory: whether pixels may travel through it.

    Raises:
        ServerUnreachableError: as `Link`.
    """

    def __init__(self, access: Access, *, shared_memory: bool) -> None:
        self._timeout_s, self._shared_memory = access.timeout_s, shared_memory
        self.uploads, self._leases = Uploads(), Leases()
        self.link = Link(access, renewed=self._forget)

    def close(self) -> None:
        """Leaves the server; whatever was asked and not answered is dropped there."""
        self.link.close()
        self._forget()

    def _forget(self) -> None:
        self.uploads.clear()
        self._leases.clear()

    def begin(self, message: Any, frames: Mapping[str, Frame | Pair]) -> Pending:
        """Sends a request; the frames that it names are uploaded before this returns."""
        pending = Pending(message, frames, time.monotonic() + self._timeout_s)
        self.link.persist(pending, lambda: self._send(pending, upload=True))
        return pending

    def wait(self, pending: Pending) -> Any:
        """The answer of a request.

        Raises:
            Art3DError: what went wrong, as the server or the connection said it.
        """
        if pending.cancelled:
            raise CancelledError("cancelled by its own client")
        return self.link.persist(pending, lambda: self._receive(pending))

    def _send(self, pending: Pending, *, upload: bool) -> None:
        """Sends the request, uploading first what the server is not known to hold."""
        self._release_returned()
        if upload:
            self.uploads.send_missing(self.link.open, self.link.asking(pending), pending.frames, self._transport)
        message = pending.message
        if hasattr(message, "transport"):  # pixels come back
            message = replace(message, transport=self._transport)
        pending.number = self.link.open.send(message)
        pending.generation = self.link.generation

    @property
    def _transport(self) -> m.Transport:
        return "memory" if self._shared_memory and self.link.open.memory else "inline"

    def _receive(self, pending: Pending) -> Any:
        while True:
            if not pending.number or pending.generation != self.link.generation:
                self._send(pending, upload=True)
            # What other threads give back while this one waits may be the room that its answer needs.
            reply = self.link.reply(pending.number, pending.end_s, meanwhile=self._release_returned)
            if isinstance(reply.message, m.NeedFrame):
                self._serve_need(pending, reply.message.keys)
                continue
            if isinstance(reply.message, m.Failure):
                pending.number = 0
                raise error_of(reply.message)
            if isinstance(reply.message, m.TileReply):
                return self._tile(reply.message, reply)
            return reply.message

    def _serve_need(self, pending: Pending, keys: tuple[str, ...]) -> None:
        self.uploads.forget(keys)
        for key in keys:
            if key not in pending.frames:
                raise ProtocolError(f"the server needs frame {key[:64]}, which was not given",
                                    remedy="pass the shot's neighbouring frames too")  # fmt: skip
            pending.uploaded[key] = pending.uploaded.get(key, 0) + 1
            if pending.uploaded[key] > TRIES:
                raise ServerError(
                    "the server drops frames as fast as they are uploaded", remedy="start it with more memory"
                )
            self.uploads.send(self.link.open, self.link.asking(pending), pending.frames[key], key, self._transport)
        self._send(pending, upload=False)

    def _tile(self, message: m.TileReply, reply: Reply) -> Tile:
        if message.segment is None:
            payload = reply.payload.buffer if reply.payload is not None else memoryview(b"")
            planes = views(message.planes, payload)
        else:
            planes = self._leases.planes(message, self.link.generation)
        return Tile(message.box, {bare(name): plane for name, plane in planes.items()}, message.stats)

    def _release_returned(self) -> None:
        leases = self._leases.returned(self.link.generation)
        if leases:
            self.link.open.send(m.Release(leases), answered=False)

    def cancel(self, pending: Pending | None) -> None:
        """Drops one request, or all; does not wait."""
        if pending is None:
            self.link.open.cancel(())
            return
        pending.cancelled = True
        if pending.number and pending.generation == self.link.generation and self.link.connection is not None:
            self.link.connection.cancel((pending.number,))
            self.link.connection.forget(pending.number)
