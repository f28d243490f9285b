"""The other side's view of the server's memory: map a segment, prove that it is the one that was meant.

The server owns every segment (an anonymous, sealed memfd); this side opens it through the kernel's list of the
server's open files, which only the same user may do. There is no name on any disk, so nothing can be left behind,
whoever is killed.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections import OrderedDict
from dataclasses import dataclass

from host_bridge.core.errors import SegmentError
from host_bridge.wire.limits import SEGMENT_HEADER_BYTES

LINK_PREFIX = "/memfd:art3d"


@dataclass(frozen=True)
class Segment:
    """A piece of the server's memory that a process of the same user may map: `/proc/<pid>/fd/<fd>`.

    Attributes:
        pid, fd: where the kernel lists it.
        token: 32 hexadecimal digits; the segment's first 16 bytes are the same, else it is another segment.
        nbytes: bytes of payload, which starts at byte 64.
    """

    pid: int
    fd: int
    token: str
    nbytes: int


def attach(segment: Segment, *, write: bool = False) -> mmap.mmap:
    """Maps a segment, header included.

    Raises:
        SegmentError: it is not there, not the same user's, too small, or another segment.
    """
    path = f"/proc/{int(segment.pid)}/fd/{int(segment.fd)}"
    try:
        if not os.readlink(path).startswith(LINK_PREFIX):
            raise SegmentError(f"{path} is not a segment of Art3D", remedy="use transport inline")
        fd = os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SegmentError(f"{path} cannot be opened: {error.strerror}", remedy="use transport inline") from None
    try:
        return _map(fd, segment, write)
    finally:
        os.close(fd)


def _map(fd: int, segment: Segment, write: bool) -> mmap.mmap:
    found = os.fstat(fd)
    needed_bytes = SEGMENT_HEADER_BYTES + segment.nbytes
    if (
        not stat.S_ISREG(found.st_mode)
        or found.st_uid != os.geteuid()
        or segment.nbytes < 0
        or found.st_size < needed_bytes
    ):
        raise SegmentError("the segment is not the one that was announced", remedy="use transport inline")
    mapped = mmap.mmap(fd, found.st_size, access=mmap.ACCESS_WRITE if write else mmap.ACCESS_READ)
    if not has_token(mapped, segment):
        mapped.close()
        raise SegmentError("the segment carries another token", remedy="use transport inline")
    return mapped


def has_token(mapped: mmap.mmap, segment: Segment) -> bool:
    """Whether a mapping still is the announced segment."""
    return len(mapped) >= SEGMENT_HEADER_BYTES + segment.nbytes and mapped[:16].hex() == segment.token


class Mappings:
    """Mappings kept for reuse, since the server recycles its segments: a warm one needs no page faults."""

    def __init__(self, *, count: int = 32, write: bool = False) -> None:
        self._count, self._write = count, write
        self._kept: OrderedDict[tuple[int, int], mmap.mmap] = OrderedDict()

    def payload(self, segment: Segment) -> memoryview:
        """The payload of a segment; as long as the view lives, so does the mapping.

        Raises:
            SegmentError: as `attach`.
        """
        name = (segment.pid, segment.fd)
        mapped = self._kept.pop(name, None)
        if mapped is None or not has_token(mapped, segment):
            mapped = attach(segment, write=self._write)
        self._kept[name] = mapped
        while len(self._kept) > self._count:
            self._kept.popitem(last=False)
        return memoryview(mapped)[SEGMENT_HEADER_BYTES : SEGMENT_HEADER_BYTES + segment.nbytes]

    def clear(self) -> None:
        """Forgets every mapping; those in use live on until their views are gone."""
        self._kept.clear()
