"""Timecodes to frame numbers."""

from __future__ import annotations

import re
import struct
from fractions import Fraction

from host_bridge.io.plates.exr_header import Attribute

_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


def frame_number(text: str, rate: Fraction) -> int | None:
    """The number of frames that a timecode counts since midnight; None for what is no timecode at this rate.

    Drop frame (`;` before the frames, at 29.97 and 59.94) leaves out two or four numbers a minute, but every tenth.

    Args:
        text: such as `01:00:00:00` or `01:00:00;02`.
        rate: frames a second.

    Source: SMPTE ST 12-1, 9.2.
    """
    found = _TIMECODE.fullmatch(text.strip())
    base = round(rate)
    if not found or base < 1:
        return None
    hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
    if frames >= base or minutes > 59 or seconds > 59:
        return None
    count = base * (3600 * hours + 60 * minutes + seconds) + frames
    passed = 60 * hours + minutes
    return count - (base // 15 * (passed - passed // 10) if drops(text, rate) else 0)


def drops(text: str, rate: Fraction) -> bool:
    """Whether a timecode leaves out numbers to keep up with the clock."""
    base = round(rate)
    return any(mark in text for mark in ";.") and base % 30 == 0 and rate != base


def attribute(number: int, rate: Fraction, drop: bool) -> Attribute | None:
    """A frame number as an EXR's `timeCode`; None above 30 frames a second, which its digits do not hold.

    Args:
        number: frames since midnight.
        rate: frames a second.
        drop: whether numbers are left out.

    Source: SMPTE ST 12-1, packed as for 60-field television.
    """
    base = round(rate)
    if not 1 <= base <= 30:
        return None
    if drop:
        lost = base // 15
        tens, rest = divmod(number, 600 * base - 9 * lost)
        number += 9 * lost * tens + (lost * ((rest - lost) // (60 * base - lost)) if rest >= lost else 0)
    seconds, frame = divmod(number, base)
    fields = (frame, seconds % 60, seconds // 60 % 60, seconds // 3600 % 24)
    packed = sum((value // 10 << 4 | value % 10) << 8 * place for place, value in enumerate(fields))
    return Attribute("timecode", struct.pack("<2I", packed | (drop << 6), 0))
