"""Frames on their way in: announced, written or sent in chunks, verified meanwhile, committed."""

from __future__ import annotations

import contextlib

from art3d_node.server.memory.store import Memory
from art3d_node.server.protocol.actions import Outbox, Verify
from art3d_node.server.protocol.clients import Client
from art3d_node.server.protocol.incoming import Incoming
from art3d_node.server.protocol.requests import validate_keys, validate_put
from art3d_node.server.protocol.tally import Tally
from art3d_node.server.protocol.upload import Upload
from host_bridge.core.errors import BusyError, LimitError, ProtocolError
from host_bridge.wire import messages as m
from host_bridge.wire.limits import CHUNK_BYTES, Limits

SILENCE_S = 60.0


class Uploads:
    """All uploads that are not yet plates."""

    def __init__(self, memory: Memory, limits: Limits, outbox: Outbox, tally: Tally) -> None:
        self._memory, self._limits, self._outbox, self._tally = memory, limits, outbox, tally
        self.open: dict[int, Upload] = {}
        self._last = 0

    def have(self, client: Client, request: Incoming[m.HaveFrame]) -> None:
        """Says which frames are missing.

        Raises:
            LimitError: too many at once.
        """
        validate_keys(request.message.keys, self._limits)
        self._outbox.reply(client.peer, request.id, m.NeedFrame(self._memory.plates.missing(request.message.keys)))

    def put(self, client: Client, request: Incoming[m.PutFrame]) -> None:
        """Reserves room for a frame that is not here.

        Raises:
            ProtocolError, LimitError, PlateError, BusyError: as `_begin`.
        """
        put = request.message
        if not self._memory.plates.missing((put.key,)):
            self._outbox.reply(client.peer, request.id, m.Held(put.key))
            return
        upload = self._begin(client, put, request.now_s)
        segment = upload.staging.ref(put.nbytes) if upload.staging is not None else None
        self._outbox.reply(client.peer, request.id, m.SendFrame(upload.id, segment))

    def _begin(self, client: Client, put: m.PutFrame, now_s: float) -> Upload:
        """Reserves room for a frame.

        A client that shares our memory gets staging memory to write to, if there is room beside where the frame stays.

        Raises:
            ProtocolError, PlateError: the description is not possible.
            LimitError: the frame or the number of uploads is beyond a limit.
            BusyError: no room at the moment.
        """
        validate_put(put, self._limits)
        open_count = sum(upload.peer == client.peer for upload in self.open.values())
        most = self._limits.uploads_per_client
        if open_count >= most:
            raise LimitError(f"{open_count} uploads at once", remedy=f"the limit uploads_per_client is {most}")
        shares, peer, source = self._memory.shares, client.peer, client.source
        if not shares.allows(peer, source, put.nbytes):
            raise BusyError("this client holds its share of the memory", remedy="finish or release something first")
        piece, staging = self._memory.plates.room_for_plate(put.nbytes), None
        if put.transport == "memory" and shares.allows(peer, source, 2 * piece.capacity):
            with contextlib.suppress(BusyError):
                staging = self._memory.pool.acquire(put.nbytes, writer=source or peer.hex())
        self._last += 1
        upload = self.open[self._last] = Upload(self._last, peer, source, put, piece, staging, now_s)
        shares.add(peer, source, upload.nbytes)
        return upload

    def chunk(self, client: Client, sent: Incoming[m.Chunk]) -> None:
        """Writes a part of an upload.

        Raises:
            ProtocolError: there is no such upload, or the part is not the next; the upload ends.
        """
        upload, offset = self._own(client, sent.message.upload), sent.message.offset
        data = sent.payload or memoryview(b"")
        try:
            _validate_chunk(upload, offset, len(data))
        except ProtocolError:
            self.discard(upload)
            raise
        upload.piece.write(offset, data)
        self._tally.bytes_in += len(data)
        self._arrived(upload, offset + len(data), sent.now_s)

    def written(self, client: Client, sent: Incoming[m.Written]) -> None:
        """A client has written a part of an upload to its staging memory.

        Raises:
            ProtocolError: there is no such upload, no staging memory, or no more than was
                announced before; the upload ends.
        """
        upload, nbytes = self._own(client, sent.message.upload), sent.message.nbytes
        if upload.staging is None or not upload.arrived < nbytes <= upload.put.nbytes:
            self.discard(upload)
            raise ProtocolError(f"{nbytes} bytes cannot be written", remedy="say how many are, in order")
        self._arrived(upload, nbytes, sent.now_s)

    def _arrived(self, upload: Upload, nbytes: int, now_s: float) -> None:
        upload.arrived, upload.touched_s = nbytes, now_s
        self._proceed(upload)

    def commit(self, client: Client, request: Incoming[m.Commit]) -> None:
        """Has the key of a complete upload proved.

        Raises:
            ProtocolError: there is no such upload, or bytes are missing; the upload ends.
        """
        upload = self._own(client, request.message.upload)
        if upload.staging is not None:
            upload.arrived = upload.put.nbytes
        if upload.arrived != upload.put.nbytes:
            self.discard(upload)
            raise ProtocolError(f"{upload.arrived} of {upload.put.nbytes} bytes came", remedy="send the frame again")
        upload.committed = request.id
        self._proceed(upload)

    def verified(self, upload_id: int) -> None:
        """What had arrived of an upload is copied and hashed."""
        upload = self.open[upload_id]
        upload.proving = False
        self._proceed(upload)

    def _proceed(self, upload: Upload) -> None:
        if upload.proving:
            return
        if upload.given_up:
            self.discard(upload)
        elif upload.proved < upload.arrived and not upload.fault:
            upload.proving = True
            self._outbox.add(Verify(upload))
        elif upload.committed is not None:
            self._settle(upload, upload.committed)

    def _settle(self, upload: Upload, committed: int) -> None:
        key = upload.key
        if key == upload.put.key:
            self._tally.plates_in += 1
            self._leave(upload)
            self._memory.plates.keep(upload.put, upload.piece)
            self._outbox.reply(upload.peer, committed, m.Held(key))
        else:
            self.discard(upload)
            error = ProtocolError("the pixels do not match their key", where=upload.put.key[:64],
                                  remedy="compute the key as docs/protocol.md says")  # fmt: skip
            self._outbox.refuse(upload.peer, committed, error)

    def _own(self, client: Client, upload_id: int) -> Upload:
        upload = self.open.get(upload_id)
        if upload is None or upload.peer != client.peer or upload.committed is not None or upload.given_up:
            raise ProtocolError(f"there is no upload {upload_id}", remedy="announce the frame again")
        return upload

    def discard(self, upload: Upload) -> None:
        """Gives up an upload; its memory is not another's before the thread at work on it is done."""
        upload.given_up = True
        if not upload.proving:
            self._leave(upload)
            self._memory.pool.give_back(upload.piece)

    def _leave(self, upload: Upload) -> None:
        del self.open[upload.id]
        self._memory.shares.add(upload.peer, upload.source, -upload.nbytes)
        if upload.staging is not None:
            self._memory.pool.give_back(upload.staging)

    def peer_gone(self, peer: bytes) -> None:
        """Gives up what a client can no longer complete; what is being verified becomes a plate all the same."""
        for upload in [u for u in self.open.values() if u.peer == peer and u.committed is None]:
            self.discard(upload)

    def tick(self, now_s: float) -> None:
        """Gives up uploads that nobody continues."""
        for upload in [u for u in self.open.values() if u.committed is None and now_s - u.touched_s > SILENCE_S]:
            self.discard(upload)


def _validate_chunk(upload: Upload, offset: int, nbytes: int) -> None:
    if upload.staging is not None or offset != upload.arrived or not 0 < nbytes <= CHUNK_BYTES:
        raise ProtocolError("a chunk out of order", remedy="send chunks in order, of at most chunk_bytes")
    if offset + nbytes > upload.put.nbytes:
        raise ProtocolError("more bytes than announced", remedy="announce the exact size")
