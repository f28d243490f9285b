"""The server's shared memory: sealed anonymous segments, recycled warm, under one byte budget.

A fresh page costs ten times a warm one, so a segment that is given back is kept and handed out again. What is retired
has its pages punched out: a client that still maps it holds nothing.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import secrets
import weakref
from collections import OrderedDict

from host_bridge.core.errors import BusyError
from host_bridge.wire.limits import SEGMENT_HEADER_BYTES
from host_bridge.wire.memory import Segment

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_PUNCH_HOLE_KEEP_SIZE = 3
_PAGE = 4096
_WASTE = 1.6
SEGMENTS = 1024
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_libc.mmap.restype = ctypes.c_void_p
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_FAILED = ctypes.c_void_p(-1).value


def _mapped(fd: int, nbytes: int) -> memoryview:
    """A file in memory, for as long as views of it live. Python's own `mmap` would keep a second descriptor."""
    address = _libc.mmap(None, nbytes, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, 0)
    if address == _FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    mapping = (ctypes.c_ubyte * nbytes).from_address(address)
    weakref.finalize(mapping, _libc.munmap, address, nbytes).atexit = False
    return memoryview(mapping).cast("B")


class Piece:
    """One segment: an anonymous file of fixed size that begins with its own token.

    Args:
        capacity: bytes.
        writer: the client that may map it to write to it, for ever after; nobody else's bytes come here then.
    """

    def __init__(self, capacity: int, writer: str = "") -> None:
        self.capacity, self.writer = capacity, writer
        self._touched = 0  # bytes of payload from its start whose pages are there already
        self.fd = os.memfd_create("art3d", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.fd, capacity)
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
            self._map = _mapped(self.fd, capacity)
        except BaseException:
            os.close(self.fd)
            raise
        self.renew()

    def renew(self) -> None:
        """Gives the segment a new token, so that what was said about its last use no longer opens it."""
        token = secrets.token_bytes(16)
        self._map[:16] = token
        self.token = token.hex()

    def ref(self, nbytes: int) -> Segment:
        """How another process finds it."""
        return Segment(os.getpid(), self.fd, self.token, nbytes)

    def payload(self, nbytes: int) -> memoryview:
        """The first bytes of the payload."""
        return self._map[SEGMENT_HEADER_BYTES : SEGMENT_HEADER_BYTES + nbytes]

    def write(self, offset: int, data: memoryview) -> memoryview:
        """Writes a part of the payload, and returns it as it lies there; parts come in order.

        A page that nobody has touched is not cleared first, nor does it cost a fault, when the kernel fills it.
        """
        end, written = offset + len(data), 0
        there = self.payload(end)[offset:]
        if end > self._touched:
            written, self._touched = os.pwrite(self.fd, data, SEGMENT_HEADER_BYTES + offset), end
        if written < len(data):
            there[written:] = data[written:]
        return there

    def retire(self) -> None:
        """Frees the pages, also for whoever still maps them, and closes the file."""
        _libc.fallocate(self.fd, _PUNCH_HOLE_KEEP_SIZE, 0, self.capacity)
        os.close(self.fd)


class SegmentPool:
    """Hands out segments; all of them together, used and idle, stay within the budget.

    Args:
        budget_bytes: bound of all segments.
        most: bound of their number, since each is an open file.
    """

    def __init__(self, budget_bytes: int, *, most: int = SEGMENTS) -> None:
        self.budget_bytes, self.most = budget_bytes, most
        self.used_bytes = self.used = 0
        self._idle: OrderedDict[int, Piece] = OrderedDict()

    @property
    def idle_bytes(self) -> int:
        """Bytes kept warm for the next taker."""
        return sum(piece.capacity for piece in self._idle.values())

    def acquire(self, nbytes: int, *, writer: str = "") -> Piece:
        """A segment with room for this payload, which only the server and its workers write to, or one client too.

        Raises:
            BusyError: the budget is used up.
        """
        capacity = capacity_for(nbytes)
        piece = self._warm(capacity, writer) or self._fresh(capacity, writer)
        self.used_bytes += piece.capacity
        self.used += 1
        return piece

    def _warm(self, capacity: int, writer: str) -> Piece | None:
        # Of those that fit equally well the one that was given back last: its bytes may still be in a core's cache.
        fits = [
            p
            for p in reversed(self._idle.values())
            if p.writer == writer and capacity <= p.capacity <= capacity * _WASTE
        ]
        if not fits:
            return None
        piece = min(fits, key=lambda p: p.capacity)
        del self._idle[piece.fd]
        piece.renew()
        return piece

    def _fresh(self, capacity: int, writer: str) -> Piece:
        while self._idle and not self._fits(capacity, self.used_bytes + self.idle_bytes, self.used + len(self._idle)):
            self._idle.popitem(last=False)[1].retire()
        if not self._fits(capacity, self.used_bytes, self.used):
            raise BusyError(
                f"no room for {capacity} bytes beside {self.used_bytes} in {self.used} segments",
                remedy=f"the limit memory_bytes is {self.budget_bytes}, the limit segments {self.most}; try again, "
                "or start the server with more",
            )
        try:
            return Piece(capacity, writer)
        except OSError as error:
            raise BusyError(f"no memory for {capacity} bytes: {error.strerror}", remedy="try again later") from None

    def _fits(self, capacity: int, nbytes: int, count: int) -> bool:
        return nbytes + capacity <= self.budget_bytes and count < self.most

    def give_back(self, piece: Piece) -> None:
        """Takes a segment back, warm."""
        self.used_bytes -= piece.capacity
        self.used -= 1
        self._idle[piece.fd] = piece

    def close(self) -> None:
        """Retires what is idle."""
        while self._idle:
            self._idle.popitem()[1].retire()


def capacity_for(nbytes: int) -> int:
    """A size class: the next of 1, 1.25, 1.5 and 1.75 times a power of two, at least 64 KiB, whole pages."""
    needed_bytes = max(nbytes + SEGMENT_HEADER_BYTES, 64 * 1024)
    power = 1 << (needed_bytes.bit_length() - 1)
    size = next(power * quarter // 4 for quarter in (4, 5, 6, 7, 8) if power * quarter // 4 >= needed_bytes)
    return -(-size // _PAGE) * _PAGE
