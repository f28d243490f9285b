"""One analysed frame: the record that `analysis` makes, and that knobs and the new view read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from art3d_node.clean_depth import CleanDepth
from art3d_node.estimate import ReadZ, nbytes
from art3d_node.stereo.blueprint import Fit
from host_bridge.core.geometry import Box

_STATS_SAMPLES = 1 << 15


@dataclass(frozen=True)
class FrameAnalysis:
    """One analysed frame: all that the knobs and the new view need beside the pixels.

    Attributes:
        inverse_depth: (H, W) float32 iz on the hero grid, normalised: 0 = robust far, 1 = robust near, not clipped.
        scale, shift: vs, vt, fractions of picture width; (H, W), or 0-d where constant.
        disparity_px: (H, W) float32 d_L on the hero grid, px of this grid (x_L − x_R).
        fit: s, t of the global layer, fractions of picture width; the shot's where it fixes them.
        width_px: width of the active picture on this grid, px.
        picture: the pixels that all of this is of, on this grid: the data window inside its bars.
        iz_low, iz_high: the raw inverse depths that became 0 and 1.
        raw_percentiles: rank → raw inverse depth, of the frame alone.
        inverse_depth_range, disparity_range_px: (lowest, highest) finite value of the whole frame.
        local_range_px: (lowest, highest) of d_L − (s·iz + t), px; (0, 0) for a constant style.
        depth_source, model_id, style_id: what made it.
        licence_note: what the user has to know about the depth model before commercial work, or "".
        z: how the plate's Z was read; None where depth comes from elsewhere.
        clean: the same of the clean plate; None without a depth of its own.
        shot_gain, shot_zero_plane_pct: the shot's own knobs, under the artist's.
        ms: stage → milliseconds.
    """

    inverse_depth: Tensor
    scale: Tensor
    shift: Tensor
    disparity_px: Tensor
    fit: Fit
    width_px: int
    picture: Box
    iz_low: float
    iz_high: float
    raw_percentiles: dict[float, float]
    inverse_depth_range: tuple[float, float]
    disparity_range_px: tuple[float, float]
    local_range_px: tuple[float, float]
    depth_source: str
    model_id: str
    style_id: str
    licence_note: str = ""
    shot_gain: float = 1.0
    shot_zero_plane_pct: float = 0.0
    ms: dict[str, float] = field(default_factory=dict)
    z: ReadZ | None = None
    clean: CleanDepth | None = None

    @property
    def fit_scale(self) -> float:
        """s, fraction of picture width."""
        return self.fit.scale

    @property
    def fit_shift(self) -> float:
        """t, fraction of picture width."""
        return self.fit.shift

    @property
    def fit_px(self) -> Fit:
        """The global layer in px of this grid."""
        return self.fit.times(float(self.width_px))

    @property
    def every(self) -> slice:
        """The rows, and the columns, that speak for the whole frame in its statistics."""
        return slice(None, None, max(1, round((self.disparity_px.numel() / _STATS_SAMPLES) ** 0.5)))

    @cached_property
    def sample(self) -> tuple[Tensor, Tensor]:
        """d_L and iz on that grid; gathered once, since every turn of a knob asks for it."""
        d, iz = (plane[self.every, self.every].contiguous() for plane in (self.disparity_px, self.inverse_depth))
        return d, iz

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """d_L and iz in the first and the last column, (H, 2)."""
        return border_columns(self.disparity_px), border_columns(self.inverse_depth)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        clean = self.clean
        behind = () if clean is None else (clean.inverse_depth, clean.disparity_px, clean.hidden)
        return nbytes(self.inverse_depth, self.scale, self.shift, self.disparity_px, *behind)


def border_columns(plane: Tensor) -> Tensor:
    """(H, 2): the first and the last column of (H, W)."""
    return torch.stack([plane[:, 0], plane[:, -1]], dim=1)
