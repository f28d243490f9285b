"""The frames the server holds and those on their way in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from art3d_node.server.memory.cache import ByteCache
from art3d_node.server.memory.pool import Piece, SegmentPool
from art3d_node.server.memory.shares import Shares
from host_bridge.core.errors import BusyError, LimitError, PlateError, ProtocolError
from host_bridge.core.frame import content_key
from host_bridge.wire.layout import validate_layers, views
from host_bridge.wire.limits import CHUNK_BYTES, Limits
from host_bridge.wire.messages import PutFrame

UPLOAD_SILENCE_S = 60.0
PLATE_SHARE = 0.75
COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Plate:
    """A frame that the server holds, its key proved."""

    put: PutFrame
    piece: Piece


@dataclass
class Upload:
    """A frame on its way in.

    Attributes:
        piece: where it will stay; no client can map it.
        desk: where its client writes it, when that shares our memory.
    """

    id: int
    peer: bytes
    source: str
    put: PutFrame
    piece: Piece
    desk: Piece | None
    touched_s: float
    received: int = 0
    proving: int | None = None

    @property
    def nbytes(self) -> int:
        """What it takes."""
        return self.piece.capacity + (self.desk.capacity if self.desk else 0)

    def take_over(self) -> memoryview:
        """The payload, where its client can no longer change it."""
        payload = self.piece.payload(self.put.nbytes)
        if self.desk is not None:
            source = self.desk.payload(self.put.nbytes)
            for first in range(0, self.put.nbytes, COPY_BYTES):
                part = slice(first, first + COPY_BYTES)
                np.copyto(np.frombuffer(payload[part], np.uint8), np.frombuffer(source[part], np.uint8))
        return payload


class PlateStore:
    """Plates by key, bounded in bytes; tells when one leaves, so that workers stop reading it."""

    def __init__(self, pool: SegmentPool, limits: Limits, shares: Shares, *, dropped: Callable[[str], None]) -> None:
        self._pool, self._limits, self._shares, self._tell = pool, limits, shares, dropped
        self.cache: ByteCache[str, Plate] = ByteCache(int(limits.memory_bytes * PLATE_SHARE), dropped=self._recycle)
        self.uploads: dict[int, Upload] = {}
        self._last_upload = 0

    def _recycle(self, key: str, plate: Plate) -> None:
        self._tell(key)
        self._pool.give_back(plate.piece)

    def missing(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the keys that are not held; the others become the most recently used."""
        return tuple(key for key in dict.fromkeys(keys) if self.cache.get(key) is None)

    def held(self, key: str) -> Plate:
        """A plate that was found, or is pinned.

        Raises:
            KeyError: it is not here.
        """
        plate = self.cache.get(key)
        if plate is None:
            raise KeyError(key)
        return plate

    def room(self, nbytes: int, *, writer: str = "") -> Piece:
        """A segment, for which plates leave if need be; `writer` as `SegmentPool.acquire`.

        Raises:
            BusyError: everything is in use.
        """
        while True:
            try:
                return self._pool.acquire(nbytes, writer=writer)
            except BusyError:
                if not self.cache.drop_oldest():
                    raise

    def begin(self, peer: bytes, put: PutFrame, now_s: float, source: str = "") -> Upload:
        """Reserves room for a frame.

        A client that shares our memory gets a place to write to, if there is room beside where the frame stays.

        Raises:
            ProtocolError: the description is not possible.
            LimitError: the frame or the number of uploads is beyond a limit.
            BusyError: no room at the moment.
        """
        validate_put(put, self._limits)
        mine = sum(upload.peer == peer for upload in self.uploads.values())
        if mine >= self._limits.uploads_per_client:
            raise LimitError(
                f"{mine} uploads at once", remedy=f"the limit uploads_per_client is {self._limits.uploads_per_client}"
            )
        if not self._shares.allows(peer, source, put.nbytes):
            raise BusyError("this client holds its share of the memory", remedy="finish or release something first")
        piece, desk = self.room(put.nbytes), None
        if put.transport == "memory" and self._shares.allows(peer, source, 2 * piece.capacity):
            with contextlib.suppress(BusyError):
                desk = self._pool.acquire(put.nbytes, writer=source or peer.hex())
        self._last_upload += 1
        upload = Upload(self._last_upload, peer, source, put, piece, desk, now_s)
        self.uploads[upload.id] = upload
        self._shares.add(peer, source, upload.nbytes)
        return upload

    def own(self, upload_id: int, peer: bytes) -> Upload:
        """An upload of this client.

        Raises:
            ProtocolError: there is none.
        """
        upload = self.uploads.get(upload_id)
        if upload is None or upload.peer != peer or upload.proving is not None:
            raise ProtocolError(f"there is no upload {upload_id}", remedy="announce the frame again")
        return upload

    def add(self, upload: Upload, offset: int, data: memoryview, now_s: float) -> None:
        """Writes one chunk.

        Raises:
            ProtocolError: out of order or beyond the announced size.
        """
        if upload.desk is not None or offset != upload.received or not 0 < len(data) <= CHUNK_BYTES:
            raise ProtocolError("a chunk out of order", remedy="send chunks in order, of at most chunk_bytes")
        if offset + len(data) > upload.put.nbytes:
            raise ProtocolError("more bytes than announced", remedy="announce the exact size")
        upload.piece.payload(upload.put.nbytes)[offset : offset + len(data)] = data
        upload.received, upload.touched_s = offset + len(data), now_s

    def keep(self, upload: Upload) -> None:
        """An upload whose key was proved becomes a plate."""
        self._leave(upload)
        if upload.put.key in self.cache:
            self._pool.give_back(upload.piece)
            return
        self.cache.put(upload.put.key, Plate(upload.put, upload.piece), upload.piece.capacity)

    def discard(self, upload: Upload) -> None:
        """Gives up an upload."""
        if upload.id in self.uploads:
            self._leave(upload)
            self._pool.give_back(upload.piece)

    def _leave(self, upload: Upload) -> None:
        del self.uploads[upload.id]
        self._shares.add(upload.peer, upload.source, -upload.nbytes)
        if upload.desk is not None:
            self._pool.give_back(upload.desk)

    def stale(self, now_s: float) -> list[Upload]:
        """Uploads that nobody continues."""
        return [u for u in self.uploads.values() if u.proving is None and now_s - u.touched_s > UPLOAD_SILENCE_S]


def validate_put(put: PutFrame, limits: Limits) -> None:
    """Proves that a description is possible.

    Raises:
        ProtocolError, LimitError, PlateError: as `validate_layers` and `Frame`.
    """
    validate_layers(put.layers, put.nbytes, limit_bytes=limits.frame_bytes)
    if put.data.empty or put.display.empty or not 0.05 <= put.pixel_aspect <= 20.0:
        raise PlateError("the frame has no pixels or no usable pixel aspect", remedy="check the plate's windows")
    size = (put.data.height, put.data.width)
    for layer in put.layers:
        if layer.name != "look" and (layer.rows, layer.columns) != size:
            raise PlateError(f"layer {layer.name!r} has another size than the data window", remedy="give it that size")
        if layer.name == "color" and layer.channels != len(put.channels):
            raise PlateError("color and its channel names differ in number", remedy="name every channel")


def key_of(put: PutFrame, payload: memoryview) -> str:
    """The content key of what was really uploaded."""
    return content_key(put.display, put.data, put.pixel_aspect, put.channels, views(put.layers, payload))
