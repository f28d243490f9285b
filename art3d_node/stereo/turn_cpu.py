"""The artist's knobs and the depth budget on a CPU: `blueprint.turn_knobs` and `blueprint.soft_limit` in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, empty

from art3d_node import native
from art3d_node.stereo.blueprint import INNER, Fit, Knobs


@dataclass(frozen=True)
class Turn:
    """What a frame's disparity is turned by.

    Attributes:
        layer, knobs, width: as `blueprint.turn_knobs`.
        share: what the result is multiplied by.
    """

    layer: Fit
    knobs: Knobs
    width: float
    share: float = 1.0


def turn_and_limit(
    disparity: Tensor,
    inverse_depth: Tensor,
    turn: Turn,
    *,
    matte: Tensor | None = None,
    at: tuple[slice, slice] | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The disparity after knobs and budget, bit for bit as those two functions make it one after the other.

    Args:
        disparity, inverse_depth: (H, W) float32 on the CPU; what is not contiguous is copied.
        turn: what they are turned by.
        matte: as `blueprint.turn_knobs`.
        at: rows and columns to compute, without open ends; all of them when None.
        out: (H, W) contiguous float32, of which these are written; a new one when None.

    Returns:
        ``out``, in the unit of `disparity`.
    """
    layer, knobs, width = turn.layer, turn.knobs, turn.width
    out = empty(disparity.shape, device=disparity.device) if out is None else out
    rows, columns = at or (slice(0, out.shape[0]), slice(0, out.shape[1]))
    at_rest = (knobs.depth_gain - 1.0, knobs.sculpt - 1.0, knobs.zero_plane_pct)
    gain, sculpt, away = (None if value == 0.0 else value for value in at_rest)
    knob_turn = native.KnobTurn(
        None if gain is None else gain * layer.scale,
        sculpt,
        None if away is None else away / 100.0 * width,
        layer.scale,
        layer.shift,
        turn.share,
    )
    limits = _limit(knobs.budget_front_pct / 100.0 * width), _limit(knobs.budget_behind_pct / 100.0 * width)
    plane, iz = disparity.contiguous().numpy(), inverse_depth.contiguous().numpy()
    cover = None if matte is None else matte.contiguous().numpy()
    native.turn(
        plane, iz, cover, knob_turn, limits, ((rows.start, rows.stop), (columns.start, columns.stop)), out.numpy()
    )
    return out


def _limit(limit: float) -> native.Limit:
    return native.Limit(limit, INNER * limit, limit - INNER * limit)
