"""Video transfer curves to display: PQ and HLG pictures look as their makers graded them for an SDR screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

PQ, HLG = 16, 18  # ITU-T H.273 transfer characteristics
BT2020 = 9  # ITU-T H.273 colour primaries
REFERENCE_WHITE_NITS = 203.0  # ITU-R BT.2408
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
_KNEE = 0.8


def display_referred(pixels: npt.NDArray[Any], trc: int, primaries: int) -> npt.NDArray[np.uint8]:
    """8-bit pictures pass; deeper ones are rounded; PQ and HLG are brought to reference white and a soft shoulder.

    Args:
        pixels: (H, W, 3) as decoded, 8 or 16 bits full range.
        trc, primaries: ITU-T H.273 codes of the frame.
    """
    if trc not in (PQ, HLG):
        eight: npt.NDArray[np.uint8] = (
            pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        )
        return eight
    signal = (pixels.astype(np.float32) / np.iinfo(pixels.dtype).max).astype(np.float32)
    linear = pq_nits(signal) / REFERENCE_WHITE_NITS if trc == PQ else hlg_linear(signal)
    if primaries == BT2020:
        linear = (linear @ _TO_709.T).clip(0)
    shown = np.clip(_shoulder(linear), 0, 1) ** (1 / 2.4)
    return (shown * 255 + 0.5).astype(np.uint8)


def pq_nits(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """SMPTE ST 2084 signal 0..1 to cd/m²."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = np.power(signal.clip(0, 1), 1 / m2)
    nits = 10000 * np.power(np.maximum(root - c1, 0) / (c2 - c3 * root), 1 / m1)
    return np.asarray(nits, np.float32)


def hlg_linear(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """ITU-R BT.2100 HLG signal 0..1 to light where reference white (75 % signal) is 1, system gamma 1.2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    white = (np.exp((0.75 - c) / a) + b) / 12
    return np.asarray((scene / white) ** 1.2, np.float32)


def _shoulder(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Identity up to the knee, then an approach to 1 with the same slope."""
    above = np.maximum(linear - _KNEE, 0)
    room = 1 - _KNEE
    return np.where(linear <= _KNEE, linear, _KNEE + room * above / (room + above))
