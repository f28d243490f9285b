"""One frame under one setting of the knobs, ready to give tiles: made again at every turn of a knob, so cheap."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from art3d_node.analysis import FrameAnalysis
from art3d_node.estimate import as_float
from art3d_node.stereo import blueprint, comfort
from art3d_node.stereo.blueprint import Knobs
from host_bridge.errors import BadInputError
from host_bridge.frame import Frame
from host_bridge.params import Controls

_BAND_ROWS = 64
_STATS_SAMPLES = 1 << 15


@dataclass(frozen=True)
class Plate:
    """A frame's full-size layers as float32 tensors: converted once per frame, shared by all knob settings.

    Attributes:
        frame: the frame itself.
    """

    frame: Frame

    @cached_property
    def color(self) -> Tensor:
        """(H, W, C) float32."""
        if "color" not in self.frame.layers:
            raise BadInputError("the frame carries no colour", remedy="send its color layer")
        return as_float(self.frame.layers["color"])

    @cached_property
    def extra(self) -> Tensor | None:
        """(H, W, K) float32 layers that ride along."""
        return self._layer("extra")

    @cached_property
    def clean_plate(self) -> Tensor | None:
        """(H, W, C) float32."""
        return self._layer("clean_plate")

    @cached_property
    def matte(self) -> Tensor | None:
        """(H, W) float32, 0..1."""
        matte = self._layer("matte")
        return None if matte is None else torch.nan_to_num(matte[..., 0]).clamp(0.0, 1.0)

    @property
    def nbytes(self) -> int:
        """Bytes that the float32 copies hold at most."""
        return sum(4 * int(array.size) for name, array in self.frame.layers.items() if name != "look")

    def _layer(self, name: str) -> Tensor | None:
        return as_float(self.frame.layers[name]) if name in self.frame.layers else None


@dataclass(frozen=True)
class Prepared:
    """One frame under one setting of the knobs, ready to give tiles; cheap to make.

    Attributes:
        plate: the pixels.
        analysis: its analysis.
        controls: the artist's knobs.
        knobs: the artist's knobs on top of the shot's.
        bounds_px: no finite disparity of the frame lies outside (lowest, highest), px.
        stats: figures of the whole frame.
    """

    plate: Plate
    analysis: FrameAnalysis
    controls: Controls
    knobs: Knobs
    bounds_px: tuple[float, float]
    stats: dict[str, Any]
    _disparity: Tensor
    _done: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def nbytes(self) -> int:
        """Bytes that this setting adds to plate and analysis."""
        return self._disparity.numel() * self._disparity.element_size()

    def disparity_px(self, first: int, last: int) -> Tensor:
        """(H, W) disparity on the hero grid, px, of which at least the rows first <= y < last are computed.

        A range outside the plate stands for its nearest row.
        """
        rows = self._disparity.shape[0]
        first, last = min(max(first, 0), rows - 1), min(max(last, 1), rows)
        with self._lock:
            for band in range(first // _BAND_ROWS, -(-last // _BAND_ROWS)):
                if band not in self._done:
                    part = slice(band * _BAND_ROWS, (band + 1) * _BAND_ROWS)
                    self._disparity[part] = _disparity(self, (part, slice(None)))
                    self._done.add(band)
        return self._disparity


def prepare(frame: Frame, analysis: FrameAnalysis, controls: Controls, *, plate: Plate | None = None) -> Prepared:
    """Everything of a frame that depends on the knobs but not on the tile.

    Args:
        frame: the plate frame.
        analysis: its analysis.
        controls: the artist's knobs.
        plate: the frame's pixels where they were converted before; kept by a caller that turns knobs.

    Raises:
        BadInputError: a knob outside its range, or a fill that needs a layer the frame lacks.
    """
    controls = controls.checked()
    plate = plate or Plate(frame)
    if controls.fill == "clean-plate" and "clean_plate" not in frame.layers:
        raise BadInputError("no clean plate came with the frame", where="--fill", remedy="name one, or fill background")
    knobs = Knobs(
        controls.depth_gain,
        controls.zero_plane,
        controls.sculpt,
        controls.budget_front,
        controls.budget_behind,
    ).under(depth_gain=analysis.shot_gain, zero_plane_pct=analysis.shot_zero_plane_pct)
    shape = analysis.disparity_px.shape
    bounds = _bounds(analysis, knobs, plate.matte is not None)
    prepared = Prepared(plate, analysis, controls, knobs, bounds, {}, torch.zeros(shape))
    prepared.stats.update(_stats(prepared))
    return prepared


def _disparity(prepared: Prepared, at: tuple[slice, slice]) -> Tensor:
    """The disparity in px after knobs and budget, at rows and columns of the data window."""
    a, matte = prepared.analysis, prepared.plate.matte
    width = float(a.width_px)
    d = blueprint.turn_knobs(
        a.disparity_px[at],
        a.inverse_depth[at],
        a.fit_px,
        prepared.knobs,
        width=width,
        matte=None if matte is None else matte[at],
    )
    low, high = prepared.bounds_px
    inner = blueprint.INNER * width / 100.0
    if -inner * prepared.knobs.budget_behind_pct < low and high < inner * prepared.knobs.budget_front_pct:
        return d
    return blueprint.soft_limit(d, prepared.knobs, width=width)


def _bounds(a: FrameAnalysis, knobs: Knobs, has_matte: bool) -> tuple[float, float]:
    """Lowest and highest disparity that the knobs can make of this frame, px, by interval arithmetic."""
    ends = torch.tensor(a.disparity_range_px, dtype=torch.float64)
    fit = a.fit_px
    gained = sorted((knobs.depth_gain - 1.0) * fit.scale * iz for iz in a.inverse_depth_range)
    local = sorted((knobs.sculpt - 1.0) * value for value in a.local_range_px)
    if has_matte:
        local = [min(local[0], 0.0), max(local[1], 0.0)]
    away = knobs.zero_plane_pct / 100.0 * a.width_px
    low, high = (float(ends[i]) + gained[i] + local[i] - away for i in (0, 1))
    if not has_matte:
        whole = sorted(knobs.depth_gain * fit.scale * iz for iz in a.inverse_depth_range)
        sculpted = sorted(knobs.sculpt * value for value in a.local_range_px)
        low, high = (
            max(low, whole[0] + sculpted[0] + fit.shift - away),
            min(high, whole[1] + sculpted[1] + fit.shift - away),
        )
    # Room for the rounding of float32, far below what moves a pixel.
    slack = 1e-4 + 1e-5 * max(abs(low), abs(high), *(abs(v) for v in gained))
    limited = blueprint.soft_limit(
        torch.tensor([low - slack, high + slack], dtype=torch.float64), knobs, width=float(a.width_px)
    )
    return float(limited[0]), float(limited[1])


def _stats(prepared: Prepared) -> dict[str, Any]:
    a, knobs = prepared.analysis, prepared.knobs
    step = max(1, round((a.disparity_px.numel() / _STATS_SAMPLES) ** 0.5))
    every = slice(None, None, step)
    span = comfort.parallax_range(_disparity(prepared, (every, every)), width=float(a.width_px))
    stats: dict[str, Any] = {
        "fit_scale": a.fit_scale,
        "fit_shift": a.fit_shift,
        "parallax_min_pct": span.nearest if span else 0.0,
        "parallax_max_pct": span.farthest if span else 0.0,
        "parallax_p1_pct": span.p1 if span else 0.0,
        "parallax_p50_pct": span.p50 if span else 0.0,
        "parallax_p99_pct": span.p99 if span else 0.0,
        "budget": comfort.verdict(
            span, budget_front_pct=knobs.budget_front_pct, budget_behind_pct=knobs.budget_behind_pct
        ),
        "beyond_border_px": _beyond_border_px(prepared),
        "iz_low": a.iz_low,
        "iz_high": a.iz_high,
        "depth_source": a.depth_source,
        "model_id": a.model_id,
        "licence_note": a.licence_note,
        "style_id": a.style_id,
        "ms": dict(a.ms),
    }
    return stats


def _beyond_border_px(prepared: Prepared) -> float:
    """Widest strip that a new view sees beyond the plate's border, px, from the border columns alone."""
    ends = _disparity(prepared, (slice(None), slice(None, None, max(1, prepared.analysis.disparity_px.shape[1] - 1))))
    ends = torch.nan_to_num(ends, nan=0.0, posinf=0.0, neginf=0.0)
    first, last = ends[:, 0], ends[:, -1]
    # Towards the right eye a surface moves by −d: what lies behind the screen bares the left border, and so on.
    toward_right = max(float(-first.min()), float(last.max()), 0.0)
    toward_left = max(float(first.max()), float(-last.min()), 0.0)
    hero = prepared.controls.hero
    if hero == "none":
        return round(0.5 * max(toward_right, toward_left), 4)
    return round(toward_right if hero == "left" else toward_left, 4)
