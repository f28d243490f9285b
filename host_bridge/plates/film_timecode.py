"""Timecodes to frame numbers."""

from __future__ import annotations

import re
from fractions import Fraction

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
    drops = found[4] in ";." and base % 30 == 0 and rate != base
    passed = 60 * hours + minutes
    return count - (base // 15 * (passed - passed // 10) if drops else 0)
