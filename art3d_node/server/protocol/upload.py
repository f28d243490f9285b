"""One frame on its way in, and the computing of its key while it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from art3d_node.server.memory.pool import Piece
from host_bridge.core.frame import content_digest
from host_bridge.wire.layout import views
from host_bridge.wire.messages import PutFrame

# Copied and hashed while it lies in a core's cache, so that a plate's bytes come from memory once.
PART_BYTES = 1 << 17


@dataclass
class Upload:
    """A frame on its way in.

    Attributes:
        piece: where it will stay; no client can map it.
        staging: where its client writes it, when that shares our memory.
        arrived: bytes from the payload's start that are there: chunks that came, or what its client has written.
        proved: bytes of these that are copied and hashed.
        proving: whether a thread is at work on it.
        committed: the request that waits for its key, once all bytes are there.
        given_up: nobody wants it any more, and it goes once no thread is at work on it.
        fault: its key cannot be computed.
    """

    id: int
    peer: bytes
    source: str
    put: PutFrame
    piece: Piece
    staging: Piece | None
    touched_s: float
    arrived: int = 0
    proved: int = 0
    proving: bool = False
    committed: int | None = None
    given_up: bool = False
    fault: bool = False
    _digest: Any = field(init=False)

    def __post_init__(self) -> None:
        """Begins the key."""
        put = self.put
        layers = views(put.layers, self.piece.payload(put.nbytes))
        self._digest = content_digest(put.display, put.data, put.pixel_aspect, put.channels, layers)

    @property
    def nbytes(self) -> int:
        """What it takes of the memory."""
        return self.piece.capacity + (self.staging.capacity if self.staging else 0)

    @property
    def key(self) -> str:
        """The content key of what was proved; nobody's while it cannot be computed."""
        return "" if self.fault else str(self._digest.hexdigest())

    def prove(self) -> None:
        """Takes what has arrived into the key, as bytes that the client can no longer change.

        What lies in staging is copied to where it stays, and the copy is hashed. What arrives meanwhile is taken too:
        to ask for another turn would cost as much as a part.
        """
        while self.proved < (end := self.arrived):
            for first, last in self._parts(self.proved, end):
                self._digest.update(self._stays(first, last))
            self.proved = end

    def _parts(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The bytes of layers between two places of the payload, without what lies between the layers."""
        layers = views(self.put.layers, self.piece.payload(self.put.nbytes))
        for layer in self.put.layers:
            start, end = max(first, layer.offset), min(last, layer.offset + layers[layer.name].nbytes)
            yield from ((at, min(at + PART_BYTES, end)) for at in range(start, end, PART_BYTES))

    def _stays(self, first: int, last: int) -> memoryview:
        if self.staging is None:
            return self.piece.payload(last)[first:]
        return self.piece.write(first, self.staging.payload(last)[first:])
