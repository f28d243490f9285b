"""Every limit of the wire, in one place. A refusal names the limit it hit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

HEADER_BYTES = 64 * 1024
REPLY_HEADER_BYTES = 4 * 1024 * 1024
NESTING = 8
TEXT_BYTES = 4096
LIST_ITEMS = 4096
COORDINATE = 1 << 24
CHUNK_BYTES = 4 * 1024 * 1024
ALIGNMENT = 64
SEGMENT_HEADER_BYTES = 64
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one server grants; told to every client in `Welcome.limits`.

    Attributes:
        frame_bytes: one upload.
        tile_bytes: the planes of one tile.
        memory_bytes: all plates, results under way and results lent to clients together.
        analysis_bytes: all analyses that one worker keeps.
        clients: clients that said hello and have not gone.
        requests_per_client: unanswered requests of one client.
        uploads_per_client: unfinished uploads of one client.
        leases_per_client: results that one client may keep mapped.
        keys_per_request: frames that one request may name.
    """

    frame_bytes: int = 1024 * MIB
    tile_bytes: int = 1024 * MIB
    memory_bytes: int = 4096 * MIB
    analysis_bytes: int = 1024 * MIB
    clients: int = 256
    requests_per_client: int = 512
    uploads_per_client: int = 8
    leases_per_client: int = 512
    keys_per_request: int = 64

    def as_map(self) -> dict[str, Any]:
        """The limits as they travel, with those of the wire itself."""
        return {**asdict(self), "header_bytes": HEADER_BYTES, "chunk_bytes": CHUNK_BYTES, "nesting": NESTING}
