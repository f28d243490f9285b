from __future__ import annotations

import struct
from fractions import Fraction

import pytest

from host_bridge.io.plates.film_timecode import attribute, drops, frame_number

NTSC, NTSC60, FILM = Fraction(30000, 1001), Fraction(60000, 1001), Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("text", "rate", "number"),
    [
        ("00:00:00:00", Fraction(24), 0),
        ("01:00:00:00", Fraction(24), 86400),
        ("01:00:00:00", FILM, 86400),
        ("01:00:00:00", Fraction(25), 90000),
        ("01:00:00:00", NTSC, 108000),
        ("01:00:00;00", NTSC, 107892),
        ("00:00:59;29", NTSC, 1799),
        ("00:01:00;02", NTSC, 1800),
        ("00:10:00;00", NTSC, 17982),
        ("00:01:00;04", NTSC60, 3600),
        ("01:00:00;00", Fraction(30), 108000),
        ("23:59:59:23", Fraction(24), 2073599),
    ],
)
def test_known_numbers(text: str, rate: Fraction, number: int) -> None:
    assert frame_number(text, rate) == number


@pytest.mark.parametrize("text", ["", "1:2:3", "00:00:00:24", "00:60:00:00", "00:00:61:00", "a:b:c:d", "00:00:00:00:0"])
def test_what_is_no_timecode(text: str) -> None:
    assert frame_number(text, Fraction(24)) is None


def test_drop_frame_leaves_no_gap() -> None:
    count = 0
    for minute in range(12):
        for second in range(60):
            for frame in range(30):
                if second == 0 and frame < 2 and minute % 10:
                    continue
                assert frame_number(f"00:{minute:02}:{second:02};{frame:02}", NTSC) == count
                count += 1


@pytest.mark.parametrize(
    ("text", "rate"),
    [("01:02:03:04", Fraction(24)), ("23:59:59:29", Fraction(30)), ("10:11:12:24", Fraction(25)), ("00:01:00;02", NTSC),
     ("00:09:59;29", NTSC), ("00:10:00;00", NTSC), ("01:23:45;06", NTSC), ("00:00:00;00", NTSC), ("00:00:59;28", NTSC)],
)  # fmt: skip
def test_an_exrs_timecode_is_the_one_that_was_read(text: str, rate: Fraction) -> None:
    number = frame_number(text, rate)
    found = attribute(number, rate, drops(text, rate))  # type: ignore[arg-type]
    packed = struct.unpack("<2I", found.data)[0]  # type: ignore[union-attr]
    digits = [
        (packed >> 8 * place & 15) + 10 * (packed >> 8 * place + 4 & (3 if place == 0 else 7)) for place in range(4)
    ]
    assert "{3:02}:{2:02}:{1:02}{mark}{0:02}".format(*digits, mark=text[8]) == text
    assert bool(packed >> 6 & 1) == (";" in text)


def test_sixty_frames_have_no_exr_timecode() -> None:
    assert attribute(5, NTSC60, True) is None
