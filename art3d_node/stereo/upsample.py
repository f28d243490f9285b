"""Guided upsampling: a network's small maps at plate resolution, their edges moved onto the guide's.

The arithmetic is in `native/upsample.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn.functional import pad

from art3d_node import native
from art3d_node.stereo import upsample_cuda

# (radius in samples, pixels from sample to sample) of each pass on the small grid, coarse to fine: sparse windows reach
# 30 pixels, far enough along a nearly upright pole that its depth is one where it crosses from column to column.
_PASSES = ((2, 8), (2, 4), (2, 2), (2, 1))
_SHARP_LOW, _SHARP_HIGH = 400.0, 250.0
# Where a map only slopes, the guide has no say: its textures would turn the slope into stairs. A step is a range over
# five small pixels that grows from the first to the second of these, in standard deviations of the map. The guide has
# its say as far around a step as a network misplaces it; beyond that a mean over as much calms what flickers.
_STEP_FROM, _STEP_TO, _STEP_PX, _AROUND_PX = 0.1, 0.25, 5, 9


def _finite(values: Tensor) -> Tensor:
    """Unknown values become the mean of the known ones, so that one bad pixel stays one bad pixel."""
    finite = torch.isfinite(values)
    if bool(finite.all()):
        return values
    fill = values[finite].mean() if bool(finite.any()) else values.new_zeros(())
    return torch.where(finite, values, fill)


def _over(maps: Tensor, side: int, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """`join` of all within a square of so many pixels, side after side; beyond the rim its values go on."""
    maps = pad(maps, (side // 2,) * 4, mode="replicate")
    for dim in (1, 2):
        count = maps.shape[dim] - side + 1
        maps = reduce(join, (maps.narrow(dim, first, count) for first in range(side)))
    return maps


def _mean(maps: Tensor) -> Tensor:
    return _over(maps, _AROUND_PX, torch.add) / _AROUND_PX**2


def _where_steps(low: Tensor, refined: Tensor) -> Tensor:
    """Maps (k, h, w): `refined` at the steps of `low`, and `low`, smooth, where it only slopes."""
    # In double precision, so that the number of threads that share the sum does not show.
    spread = low.double().std((1, 2), correction=0, keepdim=True).float().clamp(min=1e-12)
    ranges = (_over(low, _STEP_PX, torch.maximum) - _over(low, _STEP_PX, torch.minimum)) / spread
    steps = ((ranges - _STEP_FROM) / (_STEP_TO - _STEP_FROM)).clamp(0.0, 1.0)
    share, smooth = _mean(_over(steps, _AROUND_PX, torch.maximum)), _mean(low)
    return smooth + share * (refined - smooth)


def _on_gpu(low: Tensor, guide: Tensor) -> Tensor:
    small = upsample_cuda.shrink(guide, (low.shape[1], low.shape[2]))
    refined = low
    for radius, step in _PASSES:
        refined = upsample_cuda.refine(refined, small, radius, step, _SHARP_LOW)
    return upsample_cuda.enlarge(_where_steps(low, refined), small, guide, _SHARP_HIGH)


def _on_cpu(low: Tensor, guide: Tensor) -> Tensor:
    picture, values = guide.contiguous().numpy(), low.contiguous()
    small = torch.empty((guide.shape[2], *low.shape[1:]), device=low.device).numpy()
    native.shrink_guide(picture, small)
    for radius, step in _PASSES:
        refined = torch.empty_like(values)
        native.refine(values.numpy(), small, refined.numpy(), radius, step, _SHARP_LOW)
        values = refined
    values = _where_steps(low, values)
    out = torch.empty((low.shape[0], *picture.shape[:2]), device=low.device)
    native.enlarge(values.numpy(), small, picture, out.numpy(), _SHARP_HIGH)
    return out


def guided_upsample(low: Tensor, guide: Tensor) -> Tensor:
    """Bring small maps to the guide's resolution, their edges on the guide's.

    The result lies within the range of ``low``, does not depend on threads, and
    is finite for any input.

    Args:
        low: ``(h, w)``, or ``(k, h, w)`` maps that share their edges; values of any unit.
        guide: ``(H, W, c)`` over the same window, 0 .. 1: the plate, about display-referred, or its inverse depth.

    Returns:
        ``(H, W)``, or ``(k, H, W)``, float32 in the unit of ``low``, on its device.

    Raises:
        ValueError: a shape is not as above.
    """
    if low.ndim not in (2, 3) or guide.ndim != 3 or 0 in (*low.shape, *guide.shape):
        raise ValueError(f"expected low (h, w) and guide (H, W, c), got {tuple(low.shape)} and {tuple(guide.shape)}")
    maps = _finite(low.detach().float()).reshape(-1, *low.shape[-2:])
    out = (_on_gpu if low.device.type == "cuda" else _on_cpu)(maps, guide.detach().float())
    return out[0] if low.ndim == 2 else out
