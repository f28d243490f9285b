"""Time codes, frame rates and key codes of images, as the attributes that EXR has for them.

Source: SMPTE ST 12-1 for the digits of a time code, packed as for 60-field television; OpenEXR's standard attributes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction

import OpenImageIO as oiio

from host_bridge.io.plates.exr_header import Attribute

_RATES = ("dpx:TemporalFrameRate", "dpx:FrameRate", "FramesPerSecond")
_FASTEST = 1000.0
# Frames, seconds, minutes, hours: where their digits are, how many bits the tens have, and the most they say.
_FIELDS = ((0, 2, 59), (8, 3, 59), (16, 3, 59), (24, 2, 23))
_KEY_LIMITS = ((0, 99), (0, 99), (0, 999_999), (0, 9999), (0, 119), (1, 15), (20, 120))


def of_image(spec: oiio.ImageSpec) -> dict[str, Attribute]:
    """`timeCode`, `framesPerSecond` and `keyCode` of a picture, those that mean something."""
    found = {}
    time, key = (spec.getattribute(f"smpte:{name}") for name in ("TimeCode", "KeyCode"))
    if isinstance(time, Sequence) and len(time) == 2 and is_time(int(time[0])):
        found["timeCode"] = Attribute("timecode", struct.pack("<2I", *(int(v) & 0xFFFFFFFF for v in time)))
    for name in _RATES:
        rate = as_rational(spec.getattribute(name))
        if rate is not None:
            found["framesPerSecond"] = Attribute("rational", struct.pack("<iI", rate.numerator, rate.denominator))
            break
    if isinstance(key, Sequence) and is_key(key):
        found["keyCode"] = Attribute("keycode", struct.pack("<7i", *map(int, key)))
    return found


def is_time(packed: int) -> bool:
    """Whether 32 bits are a time of day; all ones, as in headers that nobody filled, are none."""
    for shift, tens_bits, most in _FIELDS:
        units, tens = packed >> shift & 15, packed >> (shift + 4) & ((1 << tens_bits) - 1)
        if units > 9 or 10 * tens + units > most:
            return False
    return True


def is_key(numbers: Sequence[int]) -> bool:
    """Whether seven numbers are a key code that OpenEXR takes."""
    limits = zip(numbers, _KEY_LIMITS, strict=False)
    return len(numbers) == len(_KEY_LIMITS) and all(low <= int(n) <= high for n, (low, high) in limits)


def as_rational(rate: object) -> Fraction | None:
    """A frame rate as a fraction, that of NTSC's where it is one; None for what is no rate."""
    if not isinstance(rate, int | float) or not math.isfinite(rate) or not 0 < rate <= _FASTEST:
        return None
    rounded = round(rate * 1.001)
    if abs(rate - round(rate)) > 1e-3 and abs(rate * 1.001 - rounded) < 5e-3:
        return Fraction(rounded * 1000, 1001)
    return Fraction(rate).limit_denominator(1001)
