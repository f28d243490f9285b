"""The frames that a server holds, as far as its client knows, and the sending of those that it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from host_bridge.client.connection import Connection
from host_bridge.client.pending import Pair
from host_bridge.core.errors import LimitError, ProtocolError
from host_bridge.core.frame import Array, Frame
from host_bridge.wire import messages as m
from host_bridge.wire.layout import COPIERS, Layer, place_layers, write_layers
from host_bridge.wire.limits import CHUNK_BYTES
from host_bridge.wire.memory import Mappings

REMEMBERED_KEYS = 4096
STEP_BYTES = CHUNK_BYTES // 2  # at least, between two announcements
Ask = Callable[[Any], Any]


class Uploads:
    """What one client has uploaded."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._writing = Mappings(write=True)

    def clear(self) -> None:
        """Another server, or another connection, holds nothing that is known of."""
        self._held.clear()
        self._writing.clear()

    def forget(self, keys: tuple[str, ...]) -> None:
        """The server holds these no longer."""
        self._held.difference_update(keys)

    def send_missing(
        self, connection: Connection, ask: Ask, frames: Mapping[str, Frame | Pair], transport: m.Transport
    ) -> None:
        """Uploads those frames that the server does not hold.

        Args:
            ask: sends a message and returns its answer.

        Raises:
            Art3DError: as `send`.
        """
        unknown = tuple(key for key in frames if key not in self._held)
        missing = unknown
        if len(unknown) > 1:  # of a single one its announcement says as much
            missing = ask(m.HaveFrame(unknown)).keys
            self._held.update(set(unknown) - set(missing))
        for key in missing:
            self.send(connection, ask, frames[key], key, transport)

    def send(self, connection: Connection, ask: Ask, frame: Frame | Pair, key: str, transport: m.Transport) -> None:
        """Uploads a frame.

        Raises:
            LimitError: it is larger than the server takes.
            ProtocolError: the server answers something else.
            Art3DError: the server refuses it.
        """
        placed, nbytes = place_layers(frame.layers)
        limit = int(connection.welcome.limits.get("frame_bytes", nbytes))
        if nbytes > limit:
            raise LimitError(f"a frame of {nbytes} bytes", remedy=f"the server's limit frame_bytes is {limit}")
        announcement = m.PutFrame(
            key, frame.display, frame.data, frame.channels, placed, nbytes, frame.pixel_aspect, transport
        )
        answer = ask(announcement)
        if isinstance(answer, m.SendFrame):
            if answer.segment is None:
                _send_chunks(connection, answer.upload, placed, frame.layers, memoryview(bytearray(nbytes)))
            else:
                _fill(connection, answer.upload, placed, frame.layers, self._writing.payload(answer.segment))
            answer = ask(m.Commit(answer.upload))
        if not isinstance(answer, m.Held):
            raise ProtocolError("the server did not take the frame", remedy="see the server's log")
        if len(self._held) >= REMEMBERED_KEYS:
            self._held.clear()
        self._held.add(key)


def _send_chunks(
    connection: Connection, upload: int, placed: Sequence[Layer], layers: Mapping[str, Array], payload: memoryview
) -> None:
    """Sends an upload's bytes in chunks, the first of them while the next are being copied together."""
    sent = 0

    def send(end: int) -> None:
        nonlocal sent
        while end - sent >= CHUNK_BYTES or sent < end == len(payload):
            chunk = payload[sent : min(sent + CHUNK_BYTES, end)]
            connection.send(m.Chunk(upload, sent), chunk, answered=False)
            sent += len(chunk)

    write_layers(placed, layers, payload, written=send)
    send(len(payload))


def _fill(
    connection: Connection, upload: int, placed: Sequence[Layer], layers: Mapping[str, Array], payload: memoryview
) -> None:
    """Writes an upload's bytes to its segment; the server takes the first of them while the next are being written.

    To take them costs as much as to write them: half of the cores are the server's.
    """
    if connection.welcome.protocol < (1, 6):
        write_layers(placed, layers, payload)
        return
    announced = 0

    def announce(end: int) -> None:
        nonlocal announced
        if end - announced >= STEP_BYTES and end < len(payload):
            connection.send(m.Written(upload, end), answered=False)
            announced = end

    write_layers(placed, layers, payload, copiers=max(1, COPIERS // 2), written=announce)
