"""How well a plate's Z agrees with a network's order of near and far: Spearman's rank correlation, which no scale,
offset or curve of either changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from art3d_node.stereo.depth_edges import FAR_SENTINEL
from art3d_node.stereo.nothing_hit import mark_of

_SAMPLES = 1 << 13
_FEWEST = 32

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """What one frame's Z says; fields as `host_bridge.wire.depth_values.Evidence`."""

    larger_is_near: float
    smaller_is_near: float
    low: float
    high: float
    zeros: bool
    far: bool
    larger_surface_is_near: float


def order_of(z: Tensor, nearness: Tensor) -> Order:
    """Compares a Z with a network's inverse depth of the same picture.

    Args:
        z: (H, W) as stored.
        nearness: (h, w) of any size, larger = nearer.
    """
    rows, columns = _grid(z.shape[0], z.shape[1])
    stored = z.numpy()
    values = stored[np.ix_(rows, columns)].astype(np.float64).ravel()
    at_y = ((rows + 0.5) * nearness.shape[0] / z.shape[0]).astype(int)
    at_x = ((columns + 0.5) * nearness.shape[1] / z.shape[1]).astype(int)
    near = nearness.cpu().numpy()[np.ix_(at_y, at_x)].astype(np.float64).ravel()
    known = ~np.isnan(values) & np.isfinite(near)
    if mark_of(stored) is not None:
        # Far away in every meaning: it does not tell one from another.
        known &= values >= 0.0
    values, near = values[known], near[known]
    size = np.abs(values)
    finite = values[size < FAR_SENTINEL]
    hit = (size > 0.0) & (size < FAR_SENTINEL)
    distance = np.where(hit, size, np.inf)
    return Order(
        larger_is_near=spearman(values, near),
        smaller_is_near=spearman(-distance, near),
        low=float(finite.min()) if finite.size else 0.0,
        high=float(finite.max()) if finite.size else 0.0,
        zeros=bool((finite == 0.0).any()),
        far=bool((size >= FAR_SENTINEL).any()),
        larger_surface_is_near=spearman(size[hit], near[hit]),
    )


def spearman(a: Floats, b: Floats) -> float:
    """The correlation of the ranks, ties at their mean; 0 where one of them is constant or there is too little."""
    if a.size < _FEWEST:
        return 0.0
    x, y = (_ranks(v) for v in (a, b))
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0.0 else 0.0


def _ranks(values: Floats) -> Floats:
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - 0.5 * (counts - 1))[index.ravel()], np.float64)


def _grid(height: int, width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of a regular sample of about `_SAMPLES` pixels."""
    step = max(1.0, (height * width / _SAMPLES) ** 0.5)
    rows, columns = (np.arange(max(1, round(side / step))) for side in (height, width))
    return (
        ((rows + 0.5) * height / len(rows)).astype(np.int64),
        ((columns + 0.5) * width / len(columns)).astype(np.int64),
    )
