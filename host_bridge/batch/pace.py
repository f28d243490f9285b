"""How many frames are under way at once: as many as keep everyone at work, or the fewest where memory is short."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Frames at each stage of a batch; no pixel depends on it.

    Attributes:
        read_ahead: plates being read, each by a thread, or waiting for the server.
        asked_ahead: further frames at the server, besides the one whose result is waited for.
        write_behind: results being written, each by a thread.
        spare_plates: kept besides those that one frame and its neighbours need.
    """

    read_ahead: int
    asked_ahead: int
    write_behind: int
    spare_plates: int


FULL = Pace(read_ahead=2, asked_ahead=1, write_behind=2, spare_plates=5)
LEAN = Pace(read_ahead=1, asked_ahead=0, write_behind=1, spare_plates=1)
