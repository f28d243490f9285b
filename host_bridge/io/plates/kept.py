"""Plates that one pass over a shot has read and the next one wants again: decoded once, where there is room."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from host_bridge.core import machine
from host_bridge.core.errors import Art3DError
from host_bridge.io.plates.plate import Plate
from host_bridge.io.plates.sequence import PlateSequence

ROOM_BYTES = 1 << 30
SHARE = 16
Stamps = tuple[tuple[str, int, int, int], ...]


class KeptPlates:
    """Plates of one sequence by frame number; for several threads.

    A plate is given out once more only while its files keep their time and size, and is then let go unless it is to be
    kept further. What does not fit is read again.

    Args:
        room_bytes: bound of their pixels; by default `ROOM_BYTES`, or 1/`SHARE` of the memory that is spare where
            that is less.
    """

    def __init__(self, room_bytes: int | None = None) -> None:
        self._room = min(ROOM_BYTES, machine.spare_bytes() // SHARE) if room_bytes is None else room_bytes
        self._plates: dict[int, tuple[Stamps, Plate]] = {}
        self._lock = threading.Lock()

    def read(
        self, sequence: PlateSequence, number: int, input_space: str | None = None, *, again: bool = False
    ) -> Plate:
        """The plate of one frame.

        Args:
            sequence: the same at every call, but for the frames that are asked of it.
            number: of the frame.
            input_space: the same at every call.
            again: whether it will be read once more.

        Raises:
            Art3DError: as `PlateSequence.read`.
        """
        stamps = _stamps(sequence, number)
        plate = self._taken(number, stamps) or sequence.read(number, input_space=input_space)
        if again and stamps:
            self._keep(number, stamps, plate)
        return plate

    def _taken(self, number: int, stamps: Stamps) -> Plate | None:
        with self._lock:
            found = self._plates.pop(number, None)
            if found is None:
                return None
            self._room += found[1].frame.nbytes
        return found[1] if found[0] == stamps else None

    def _keep(self, number: int, stamps: Stamps, plate: Plate) -> None:
        with self._lock:
            if number not in self._plates and plate.frame.nbytes <= self._room:
                self._room -= plate.frame.nbytes
                self._plates[number] = (stamps, plate)


def _stamps(sequence: PlateSequence, number: int) -> Stamps:
    """What tells that the files of a frame are the same still; () where there is nothing to tell by."""
    ways: tuple[Callable[[int], Path | None], ...] = (sequence.path, sequence.depth.path)
    found = []
    try:
        for path in (way(number) for way in ways):
            if path is not None:
                stat = os.stat(path)
                found.append((str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size))
    except (OSError, Art3DError):
        return ()
    return tuple(found)
