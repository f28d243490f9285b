"""A tag that is not known is one warning, with the space that is taken instead."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import read_plate, tags
from tests.host_bridge.io.plates.tagged import (
    cicp,
    curve_table,
    iccp,
    png,
    profile,
)
from tests.host_bridge.io.plates.tags.profiles import D50_OF_REC709


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        (cicp(9, 99), "cICP 9/99/0/1"),
        (cicp(99, 1), "cICP 99/1/0/1"),
        (cicp(1, 9), "cICP 1/9/0/1"),
        ((b"cICP", bytes([9, 16, 9, 1])), "cICP 9/16/9/1"),
        ((b"cICP", bytes([9, 16, 0])), "cICP 9/16/0"),
        ((b"gAMA", bytes(4)), "gAMA 0"),
        (
            iccp(profile("Odd One", curve_table(np.linspace(0, 1, 64) ** 0.5 * 0.5 + 0.3), D50_OF_REC709)),
            "ICC profile 'Odd One'",
        ),
    ],
)
def test_an_unknown_tag_is_a_warning_with_its_default(
    tmp_path: Path,
    picture: npt.NDArray[np.uint16],
    caplog: pytest.LogCaptureFixture,
    chunk: tuple[bytes, bytes],
    said: str,
) -> None:
    path = png(tmp_path / "p.png", picture, chunk)
    with caplog.at_level(logging.WARNING):
        plates = [read_plate(path) for _ in range(3)]
    assert plates[0].input_space == colour.SRGB
    assert [r.getMessage() for r in caplog.records] == [
        f"the colour tag {said} is not known here: taken as {colour.SRGB}; name the space with --input-space"
    ]
    caplog.clear()
    tags._warn.cache_clear()
    read_plate(path, input_space="g24_rec709_display")
    assert not caplog.records


def test_the_warning_reaches_a_terminal_once(tmp_path: Path, picture: npt.NDArray[np.uint16]) -> None:
    paths = [png(tmp_path / f"p.{n:04}.png", picture, cicp(9, 99)) for n in range(3)]
    script = "import sys, pathlib as p, host_bridge.io.plates as h\nfor f in sys.argv[1:]: h.read_plate(p.Path(f))"
    said = subprocess.run([sys.executable, "-c", script, *map(str, paths)], capture_output=True, text=True, check=True)
    assert said.stderr.count("cICP 9/99/0/1") == 1


@pytest.mark.parametrize("name", ["p.ppm", "p.pgm", "p.pfm"])
def test_a_format_without_tags_is_not_warned_about(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    path, rows = tmp_path / name, np.arange(12 * 16).reshape(12, 16)
    if name.endswith("pfm"):
        path.write_bytes(b"Pf\n16 12\n-1.0\n" + rows.astype("<f4").tobytes())
    else:
        grey = name.endswith("pgm")
        codes = rows.astype("u1").repeat(1 if grey else 3).tobytes()
        path.write_bytes((b"P5" if grey else b"P6") + b"\n16 12\n255\n" + codes)
    plate = read_plate(path)
    assert plate.input_space == (colour.LINEAR_REC709 if name.endswith("pfm") else colour.SRGB)
    assert not caplog.records
