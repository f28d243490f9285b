"""Transfer curves: code values to light and back, on arrays of any shape.

Convention:
    Light 1.0 is diffuse white of an ordinary screen. Curves that speak of absolute light (PQ, HLG) put it at
    `WHITE_NITS`, the scale of the ACES colour configs: 203 nits of PQ are 2.03, whatever config is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from host_bridge.core.frame import Array

WHITE_NITS = 100.0
HLG_PEAK_NITS = 1000.0
HLG_GAMMA = 1.2
_REC2020_LUMA = (0.2627, 0.6780, 0.0593)


def srgb_to_linear(values: Array) -> Array:
    """IEC 61966-2-1 decoding, 0..1 to 0..1; values outside are continued by symmetry."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), values)


def linear_to_srgb(values: Array) -> Array:
    """IEC 61966-2-1 encoding, the inverse of `srgb_to_linear`."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055), values)


def cineon_to_linear(values: Array) -> Array:
    """Printing density to scene-linear, black 95 and white 685 of 1023, 0.002 density a code, gamma 0.6.

    Formula: Kodak, Grayscale Transformations of Cineon Digital Film Data (1993).
    """
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    return (10 ** ((values * 1023 - 685) * 0.002 / 0.6) - black) / (1 - black)


def gamma_to_linear(values: Array, gamma: float) -> Array:
    """A pure power; values below 0 are continued by symmetry."""
    return np.copysign(np.abs(values) ** gamma, values)


def rec709_camera_to_linear(values: Array) -> Array:
    """The inverse of a camera's curve, ITU-R BT.709-6, item 1.2."""
    size = np.abs(values)
    return np.copysign(np.where(size < 0.081, size / 4.5, ((size + 0.099) / 1.099) ** (1 / 0.45)), values)


def pq_to_linear(values: Array) -> Array:
    """SMPTE ST 2084, equations 4.1 and 4.2; 1 is `WHITE_NITS`."""
    root = np.abs(values) ** (1 / 78.84375)
    light = np.maximum(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)
    return np.copysign(10_000 / WHITE_NITS * light ** (1 / 0.1593017578125), values)


def hlg_to_linear(values: Array) -> Array:
    """ITU-R BT.2100, table 5: the inverse OETF and the OOTF of a screen of `HLG_PEAK_NITS`; 1 is `WHITE_NITS`.

    Args:
        values: (..., 3) R, G, B with Rec.2020 primaries, or (..., 1) grey; the OOTF mixes the channels.
    """
    size = np.abs(values)
    bright = (np.exp((np.maximum(size, 0.5) - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = np.where(size <= 0.5, size**2 / 3, bright)
    luma = scene @ np.asarray(_REC2020_LUMA)[:, None] if values.shape[-1] == 3 else scene
    return np.copysign(HLG_PEAK_NITS / WHITE_NITS * np.maximum(luma, 0.0) ** (HLG_GAMMA - 1) * scene, values)


CURVES: Mapping[str, Callable[[Array], Array]] = {
    "lin": lambda values: values,
    "srgb": srgb_to_linear,
    "srgbe": srgb_to_linear,
    "srgbx": srgb_to_linear,
    "itu709": rec709_camera_to_linear,
    "pq": pq_to_linear,
    "hlg": hlg_to_linear,
}
