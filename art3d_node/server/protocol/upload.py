"""One frame on its way in, and the computing of its key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

        What lies on a desk is copied to where it stays, and the copy is hashed.
        """
        put = self.put
        layers = views(put.layers, self.piece.payload(put.nbytes))
        desk = views(put.layers, self.desk.payload(put.nbytes)) if self.desk is not None else {}
        digest = content_digest(put.display, put.data, put.pixel_aspect, put.channels, layers)
        for name in sorted(layers):
            kept = layers[name].reshape(-1).view(np.uint8)
            written = desk[name].reshape(-1).view(np.uint8) if desk else None
            for first in range(0, len(kept), PART_BYTES):
                part = slice(first, first + PART_BYTES)
                if written is not None:
                    np.copyto(kept[part], written[part])
                digest.update(kept[part].data)
        return str(digest.hexdigest())
