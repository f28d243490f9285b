"""A display transform as three curves, where it treats each channel on its own.

A config's transform costs tens of milliseconds to set up and as much again for a small picture. What un-tone-mapped
views do is a curve for each channel, after a matrix where the values are of other primaries: found by asking the config
for every value once, and believed only where colours that were never asked come out the same.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from host_bridge.core.frame import Array
from host_bridge.io.colour import transforms as colour
from host_bridge.io.colour.config import config_name

_PROBES = 4096
_MOST_LEVELS = 1


@dataclass(frozen=True)
class Curves:
    """What a display shows of each value.

    Attributes:
        tables: (3, 2^16) uint8 by a half's bits, for R, G and B; a value is rounded to the nearest half, which is
            within 1/2048 of it.
        matrix: (3, 3) float32, what a row of R, G and B is multiplied by first; None leaves it.
    """

    tables: Array
    matrix: Array | None = None

    def shown(self, planes: Sequence[Array]) -> Array:
        """Finite planes of R, G and B, each (rows, columns) float32, as (rows, columns, 3) uint8."""
        if self.matrix is not None:
            light = np.tensordot(self.matrix.T, np.stack(planes), 1)
            planes = [light[channel] for channel in range(3)]
        return np.asarray(cv2.merge([self.levels(channel, plane) for channel, plane in enumerate(planes)]))

    def levels(self, channel: int, values: Array) -> Array:
        """What the display shows of one channel's finite values, (rows, columns) float32; uint8, matrix left out."""
        halves = cv2.convertFp16(values).view(np.uint16)
        return np.asarray(cv2.LUT(halves, self.tables[channel].reshape(1, -1)))


def display_levels(planes: Sequence[Array], space: str) -> Array:
    """Colour as a person sees it, as `transforms.to_display` gives it or one level of 255 beside.

    Args:
        planes: R, G and B, or grey alone, each (rows, columns) float32 in `space`, finite.
        space: canonical input space.

    Returns:
        (rows, columns, 3) uint8.

    Raises:
        BadInputError: the colour config fails.
    """
    three = [np.ascontiguousarray(plane, np.float32) for plane in (planes if len(planes) == 3 else [planes[0]] * 3)]
    found = curves_of(config_name(), space)
    if found is None:
        return colour.to_display(np.stack(three, -1), ("R", "G", "B"), space)
    return found.shown(three)


@functools.lru_cache(maxsize=8)
def curves_of(config: str, space: str) -> Curves | None:
    """The curves of the config in force for values of a space; None where channels mix on the way to its display.

    Args:
        config: its name, which the answer is kept under.
        space: canonical input space.
    """
    direct = Curves(_tables(space))
    if _agrees(direct, space):
        return direct
    if space == colour.LINEAR_REC709 or (linear := curves_of(config, colour.LINEAR_REC709)) is None:
        return None
    if not colour.decodable(space):
        return None
    # Of a space that is linear these three colours tell all.
    primaries = colour.decode(np.eye(3, dtype=np.float32)[None], space)[0]
    mixed = Curves(linear.tables, np.ascontiguousarray(primaries, np.float32))
    return mixed if _agrees(mixed, space) else None


def _tables(space: str) -> Array:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    values = np.nan_to_num(halves, nan=0.0, posinf=65504.0, neginf=-65504.0)
    grey = np.repeat(values.reshape(256, 256, 1), 3, axis=2)
    return np.ascontiguousarray(colour.to_display(grey, ("R", "G", "B"), space).reshape(-1, 3).T)


def _agrees(curves: Curves, space: str) -> bool:
    """Whether colours of every lightness and saturation come out as the config gives them."""
    chance = np.random.default_rng(0)
    colours = np.float32(10.0) ** chance.uniform(-4.0, 1.5, (1, _PROBES, 3)).astype(np.float32)
    colours[:, ::8] *= chance.integers(-1, 2, (1, _PROBES // 8, 3)).astype(np.float32)
    exact = colour.to_display(colours, ("R", "G", "B"), space).astype(np.int16)
    planes = [np.ascontiguousarray(colours[..., channel]) for channel in range(3)]
    return bool(np.abs(curves.shown(planes) - exact).max() <= _MOST_LEVELS)
