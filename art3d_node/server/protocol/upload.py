"""One frame on its way in, and the computing of its key."""

from __future__ import annotations

from dataclasses import dataclass

from art3d_node.server.memory.pool import Piece
from host_bridge.core.frame import content_digest
from host_bridge.wire.layout import views
from host_bridge.wire.messages import PutFrame

# Copied and hashed while it lies in a core's cache, so that a plate's bytes come from memory once.
PART_BYTES = 1 << 19


@dataclass
class Upload:
    """A frame on its way in.

    Attributes:
        piece: where it will stay; no client can map it.
        desk: where its client writes it, when that shares our memory.
        committed: the request that waits for its key, once all bytes are there.
    """

    id: int
    peer: bytes
    source: str
    put: PutFrame
    piece: Piece
    desk: Piece | None
    touched_s: float
    received: int = 0
    committed: int | None = None

    @property
    def nbytes(self) -> int:
        """What it takes of the memory."""
        return self.piece.capacity + (self.desk.capacity if self.desk else 0)

    def key(self) -> str:
        """The content key of what was uploaded, computed of bytes that the client can no longer change.

        What lies on a desk is copied, and the copy is hashed and put where it stays.
        """
        put = self.put
        stays, desk = self.piece.payload(put.nbytes), self.desk.payload(put.nbytes) if self.desk is not None else None
        layers = views(put.layers, stays)
        digest = content_digest(put.display, put.data, put.pixel_aspect, put.channels, layers)
        copy = memoryview(bytearray(PART_BYTES if desk is not None else 0))
        for layer in sorted(put.layers, key=lambda one: one.name):
            end = layer.offset + layers[layer.name].nbytes
            for first in range(layer.offset, end, PART_BYTES):
                part = slice(first, min(first + PART_BYTES, end))
                if desk is None:
                    digest.update(stays[part])
                    continue
                held = copy[: part.stop - first]
                held[:] = desk[part]
                digest.update(held)
                self.piece.write(first, held)
        return str(digest.hexdigest())
