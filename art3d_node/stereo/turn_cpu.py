"""The artist's knobs and the depth budget on a CPU: `blueprint.turn_knobs` and `blueprint.soft_limit` in one pass."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from art3d_node.stereo.blueprint import INNER, Fit, Knobs
from art3d_node.stereo.jit import FloatArray, Real, cpu_kernel, device_function, f32, row_function


def turn_and_limit(
    disparity: Tensor,
    inverse_depth: Tensor,
    layer: Fit,
    knobs: Knobs,
    *,
    width: float,
    matte: Tensor | None = None,
    share: float = 1.0,
    at: tuple[slice, slice] | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The disparity after knobs and budget, bit for bit as those two functions make it one after the other.

    Args:
        disparity, inverse_depth: (H, W) float32 on the CPU; what is not contiguous is copied.
        layer, knobs, width, matte: as `blueprint.turn_knobs`.
        share: what the result is multiplied by.
        at: rows and columns to compute, without open ends; all of them when None.
        out: (H, W) contiguous float32, of which these are written; a new one when None.

    Returns:
        ``out``, in the unit of `disparity`.
    """
    out = torch.empty(disparity.shape, device=disparity.device) if out is None else out
    rows, columns = at or (slice(0, out.shape[0]), slice(0, out.shape[1]))
    turns = np.array([knobs.depth_gain - 1.0, knobs.sculpt - 1.0, knobs.zero_plane_pct], np.float64) != 0.0
    amounts = (
        (knobs.depth_gain - 1.0) * layer.scale,
        knobs.sculpt - 1.0,
        layer.scale,
        layer.shift,
        knobs.zero_plane_pct / 100.0 * width,
        share,
    )
    limits = []
    for budget_pct in (knobs.budget_front_pct, knobs.budget_behind_pct):
        limit = budget_pct / 100.0 * width
        limits += [limit, INNER * limit, limit - INNER * limit]
    # Only what is known to lie side by side is vectorised.
    own, iz = disparity.contiguous().numpy(), inverse_depth.contiguous().numpy()
    _turn(
        own,
        iz,
        own if matte is None else matte.contiguous().numpy(),
        matte is not None,
        turns,
        np.array(amounts, np.float32),
        np.array(limits, np.float32),
        (rows.start, rows.stop),
        (columns.start, columns.stop),
        out.numpy(),
    )
    return out


@device_function
def _compressed(d: Real, limit: Real, knee: Real, room: Real) -> Real:
    """`blueprint._compressed`; torch divides a number by a tensor as a product with its reciprocal."""
    return limit - (f32(1.0) / (f32(1.0) + (d - knee) / room)) * room


@row_function
def _turn_row(
    own: FloatArray,
    iz: FloatArray,
    cover: FloatArray,
    has_matte: bool,
    turns: Any,
    amounts: FloatArray,
    limits: FloatArray,
    row: FloatArray,
) -> None:
    """A part of one row, step by step, which keeps it in vector registers.

    `turns` says which of gain, sculpt and zero plane are away from rest, `amounts` how far.
    """
    gain, sculpt, scale, shift, away = amounts[0], amounts[1], amounts[2], amounts[3], amounts[4]
    share = amounts[5]
    front, front_knee, front_room = limits[0], limits[1], limits[2]
    behind, behind_knee, behind_room = limits[3], limits[4], limits[5]
    for x in range(row.size):
        row[x] = own[x]
    if turns[0]:
        for x in range(row.size):
            row[x] = row[x] + gain * iz[x]
    if turns[1] and has_matte:
        for x in range(row.size):
            row[x] = row[x] + (own[x] - (scale * iz[x] + shift)) * sculpt * cover[x]
    elif turns[1]:
        for x in range(row.size):
            row[x] = row[x] + (own[x] - (scale * iz[x] + shift)) * sculpt
    beyond = 0
    for x in range(row.size):
        d = row[x] - away if turns[2] else row[x]
        row[x] = d
        beyond += (d > front_knee) | (d < -behind_knee)
    if beyond:
        for x in range(row.size):
            d = row[x]
            near, far = (
                _compressed(d, front, front_knee, front_room),
                -_compressed(-d, behind, behind_knee, behind_room),
            )
            row[x] = near if d > front_knee else (far if d < -behind_knee else d)
    if share != f32(1.0):
        for x in range(row.size):
            row[x] = row[x] * share


@cpu_kernel
def _turn(
    disparity: FloatArray,
    inverse_depth: FloatArray,
    matte: FloatArray,
    has_matte: bool,
    turns: Any,
    amounts: FloatArray,
    limits: FloatArray,
    rows: tuple[int, int],
    columns: tuple[int, int],
    out: FloatArray,
) -> None:
    """Some rows and columns."""
    first, end = columns
    for y in numba.prange(rows[0], rows[1]):
        planes = disparity[y, first:end], inverse_depth[y, first:end], matte[y, first:end]
        _turn_row(planes[0], planes[1], planes[2], has_matte, turns, amounts, limits, out[y, first:end])
