"""The transfer code of DPX becomes a space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import read_plate


@pytest.mark.parametrize(
    ("code", "space"),
    [
        (2, "lin_rec709_scene"),
        (3, "Cineon"),
        (1, "Cineon"),
        (6, "g24_rec709_display"),
        (7, "g24_ebu_display"),
        (0, "srgb_rec709_scene"),
        (255, "srgb_rec709_scene"),
    ],
)
def test_dpx_transfers(tmp_path: Path, code: int, space: str) -> None:
    path = dpx(tmp_path / "p.dpx", code)
    assert read_plate(path).input_space == space


def test_ffmpeg_calls_every_dpx_linear(tmp_path: Path) -> None:
    path = dpx(tmp_path / "p.dpx", 2)
    data = bytearray(path.read_bytes())
    data[160:260] = b"Lavc60.31.102".ljust(100, b"\0")
    path.write_bytes(data)
    assert read_plate(path).input_space == colour.SRGB


def dpx(path: Path, transfer: int) -> Path:
    spec = oiio.ImageSpec(24, 16, 3, "uint10")
    writer = oiio.ImageOutput.create(str(path))
    assert writer is not None
    assert writer.open(str(path), spec) and writer.write_image(np.full((16, 24, 3), 0.5, np.float32))
    writer.close()
    data = bytearray(path.read_bytes())
    data[801] = transfer
    path.write_bytes(data)
    return path
