"""One frame under one setting of the knobs, ready to give tiles: made again at every turn of a knob, so cheap."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from art3d_node.clean_depth import CleanDepth, continued
from art3d_node.frame_analysis import FrameAnalysis, border_columns
from art3d_node.lazy_plane import LazyPlane, Part
from art3d_node.plate import PlateTensors
from art3d_node.stereo import blueprint, comfort, ramps
from art3d_node.stereo.blueprint import Knobs
from art3d_node.stereo.turn_cpu import Turn, turn_and_limit
from art3d_node.transfer import CPU
from art3d_node.window_mask import hidden_parallax
from host_bridge.core.errors import BadInputError
from host_bridge.core.floating_window import FloatingWindow, window_of
from host_bridge.core.frame import Frame
from host_bridge.core.params import Controls

Eye = Literal["left", "right"]


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
        window: where the floating window's edges are.
    """

    plate: PlateTensors
    analysis: FrameAnalysis
    controls: Controls
    knobs: Knobs
    bounds_px: tuple[float, float]
    stats: dict[str, Any]
    window: FloatingWindow = field(default_factory=FloatingWindow)

    @property
    def matte(self) -> Tensor | None:
        """Where Local Sculpt acts, (H, W) 0..1; everywhere when None."""
        return self.plate.sculpted(self.controls.matte)

    @cached_property
    def _disparity(self) -> LazyPlane:
        return self._plane(self.analysis, self.matte, 1.0)

    @cached_property
    def _eyes_disparity(self) -> LazyPlane:
        """As both new views are made of it."""
        return self._plane(self.analysis, self.matte, 0.5) if self.controls.hero == "none" else self._disparity

    @cached_property
    def _eyes_clean_disparity(self) -> LazyPlane | None:
        clean, matte = self.analysis.clean, self.matte
        if clean is None:
            return None
        share = 0.5 if self.controls.hero == "none" else 1.0
        return self._plane(clean, None if matte is None else continued(matte, clean.hidden), share)

    def _plane(self, of: FrameAnalysis | CleanDepth, matte: Tensor | None, share: float) -> LazyPlane:
        analysis, knobs, bounds = self.analysis, self.knobs, self.bounds_px
        d, iz = of.disparity_px, of.inverse_depth
        height, width = d.shape

        # It must not know `self`: a circle of references would keep every turn's planes until Python looks for circles.
        def compute(at: Part, plane: Tensor) -> None:
            if plane.device.type == "cpu":
                turn = Turn(analysis.fit_px, knobs, float(analysis.width_px), share)
                turn_and_limit(d, iz, turn, matte=matte, at=at, out=plane)
            else:
                turned = _turned(analysis, knobs, bounds, d[at], iz[at], None if matte is None else matte[at])
                plane[at] = turned if share == 1.0 else turned * share

        return LazyPlane((height, width), d.device, compute)

    @cached_property
    def _toward_right(self) -> LazyPlane:
        return self._carried("right", self._eyes_disparity)

    @cached_property
    def _toward_left(self) -> LazyPlane:
        return self._carried("left", self._eyes_disparity)

    @cached_property
    def _clean_toward_right(self) -> LazyPlane | None:
        return None if self._eyes_clean_disparity is None else self._carried("right", self._eyes_clean_disparity)

    @cached_property
    def _clean_toward_left(self) -> LazyPlane | None:
        return None if self._eyes_clean_disparity is None else self._carried("left", self._eyes_clean_disparity)

    def _carried(self, eye: Eye, source: LazyPlane) -> LazyPlane:
        shape, width = self.analysis.disparity_px.shape, self.analysis.width_px
        above, beside = ramps.rows_px(width) + 2, ramps.reach_px(width) + 2

        def compute(at: Part, plane: Tensor) -> None:
            rows, columns = at
            source_disparity = source.over(
                (rows.start - above, rows.stop + above), (columns.start - beside, columns.stop + beside)
            )
            ramps.resolve_ramps(source_disparity, eye, at, plane, width_px=width)

        return LazyPlane((shape[0], shape[1]), self.analysis.disparity_px.device, compute)

    @property
    def nbytes(self) -> int:
        """Bytes that this setting adds to plate and analysis."""
        planes = 2 if self.analysis.clean is None else 4
        return planes * 4 * self.analysis.disparity_px.numel()

    def disparity_px(self, first: int, last: int, columns: tuple[int, int] | None = None) -> Tensor:
        """(H, W) disparity on the hero grid, px, of which at least the named rows and columns are computed.

        A range outside the plate stands for its nearest row or column; the rest of the plane holds anything.

        Args:
            first, last: rows first <= y < last.
            columns: first and one past the last; all of them when None.
        """
        return self._disparity.over((first, last), columns or (0, self.analysis.disparity_px.shape[1]))

    def eye_disparity(self, eye: Eye, first: int, last: int, columns: tuple[int, int]) -> Tensor:
        """`disparity_px` as the view of one eye is made of it, without ramps that would tear: see `stereo.ramps`.

        Where the plate is the centre, half of it: two eyes lie on either side.
        """
        plane = self._toward_right if eye == "right" else self._toward_left
        return plane.over((first, last), columns)

    def eye_clean_disparity(self, eye: Eye, first: int, last: int, columns: tuple[int, int]) -> Tensor | None:
        """The same of the clean plate; None without a depth of its own."""
        plane = self._clean_toward_right if eye == "right" else self._clean_toward_left
        return None if plane is None else plane.over((first, last), columns)


def prepare(
    frame: Frame, analysis: FrameAnalysis, controls: Controls, *, plate: PlateTensors | None = None
) -> Prepared:
    """Everything of a frame that depends on the knobs but not on the tile.

    Args:
        frame: the plate frame, on the grid of its analysis.
        analysis: its analysis.
        controls: the artist's knobs.
        plate: its active picture where they were converted before; kept by a caller that turns knobs.

    Raises:
        BadInputError: a knob outside its range, or a fill that needs a layer the frame lacks.
    """
    controls = controls.checked()
    plate = plate or PlateTensors.within(frame, analysis.picture)
    if controls.fill == "clean-plate" and "clean_plate" not in frame.layers:
        raise BadInputError("no clean plate came with the frame", where="--fill", remedy="name one, or fill background")
    if "clean_depth" in frame.layers and "clean_plate" not in frame.layers:
        raise BadInputError("the clean plate's depth came without one", where="--clean-depth", remedy="name both")
    front_pct, behind_pct = controls.limits_pct
    knobs = Knobs(
        budget_front_pct=front_pct,
        budget_behind_pct=behind_pct,
        depth_gain=controls.depth_gain,
        zero_plane_pct=controls.zero_plane,
        sculpt=controls.sculpt,
    ).under(depth_gain=analysis.shot_gain, zero_plane_pct=analysis.shot_zero_plane_pct)
    bounds = _bounds(analysis, knobs, plate.sculpted(controls.matte) is not None)
    prepared = Prepared(plate, analysis, controls, knobs, bounds, {}, window_of(controls))
    prepared.stats.update(_stats(prepared))
    return prepared


def _turned(
    a: FrameAnalysis, knobs: Knobs, bounds_px: tuple[float, float], d: Tensor, iz: Tensor, matte: Tensor | None
) -> Tensor:
    """The disparity in px after knobs and budget, of some pixels of the frame."""
    width = float(a.width_px)
    if d.device.type == "cpu":
        return turn_and_limit(d, iz, Turn(a.fit_px, knobs, width), matte=matte)
    d = blueprint.turn_knobs(d, iz, a.fit_px, knobs, width=width, matte=matte)
    return blueprint.soft_limit(d, knobs, width=width, span=bounds_px)


def _bounds(a: FrameAnalysis, knobs: Knobs, has_matte: bool) -> tuple[float, float]:
    """Lowest and highest disparity that the knobs can make of this frame and its clean plate, px."""
    low, high = _bounds_of(a, a, knobs, has_matte)
    if a.clean is None:
        return low, high
    clean_low, clean_high = _bounds_of(a.clean, a, knobs, has_matte)
    return min(low, clean_low), max(high, clean_high)


def _bounds_of(
    a: FrameAnalysis | CleanDepth, frame: FrameAnalysis, knobs: Knobs, has_matte: bool
) -> tuple[float, float]:
    """By interval arithmetic."""
    fit = frame.fit_px
    gained = sorted((knobs.depth_gain - 1.0) * fit.scale * iz for iz in a.inverse_depth_range)
    local = sorted((knobs.sculpt - 1.0) * value for value in a.local_range_px)
    if has_matte:
        local = [min(local[0], 0.0), max(local[1], 0.0)]
    away = knobs.zero_plane_pct / 100.0 * frame.width_px
    low, high = (a.disparity_range_px[i] + gained[i] + local[i] - away for i in (0, 1))
    if not has_matte:
        depth_range = sorted(knobs.depth_gain * fit.scale * iz for iz in a.inverse_depth_range)
        sculpted = sorted(knobs.sculpt * value for value in a.local_range_px)
        low, high = (
            max(low, depth_range[0] + sculpted[0] + fit.shift - away),
            min(high, depth_range[1] + sculpted[1] + fit.shift - away),
        )
    # Room for the rounding of float32, far below what moves a pixel.
    slack = 1e-4 + 1e-5 * max(abs(low), abs(high), *(abs(v) for v in gained))
    limited = blueprint.soft_limit(
        torch.tensor([low - slack, high + slack], dtype=torch.float64, device=CPU), knobs, width=float(frame.width_px)
    )
    return float(limited[0]), float(limited[1])


def _stats(prepared: Prepared) -> dict[str, Any]:
    a, knobs = prepared.analysis, prepared.knobs
    matte = prepared.matte
    sampled = _turned(a, knobs, prepared.bounds_px, *a.sample, None if matte is None else matte[a.every, a.every])
    span = comfort.parallax_range(sampled, width=float(a.width_px))
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
        **(a.z.stats() if a.z else {}),
        "ms": dict(a.ms),
        **_window_stats(prepared, sampled),
    }
    return stats


def _window_stats(prepared: Prepared, sampled: Tensor) -> dict[str, Any]:
    """Where the floating window lies, and the parallax of what it hides; nothing where there is none."""
    window = prepared.window
    if not window.needed:
        return {}
    every = prepared.analysis.every.step
    hidden = hidden_parallax(prepared.plate, window, sampled, every, prepared.controls.hero)
    stats = {"floating_window": [round(amount, 4) for amount in window.amounts]}
    return stats if hidden is None else {**stats, "window_hides_pct": list(hidden)}


def _beyond_border_px(prepared: Prepared) -> float:
    """Widest strip that a new view sees beyond the plate's border, px, from the border columns alone."""
    matte = prepared.matte
    a, bordering = prepared.analysis, None if matte is None else border_columns(matte)
    ends = _turned(a, prepared.knobs, prepared.bounds_px, *a.ends, bordering)
    ends = torch.nan_to_num(ends, nan=0.0, posinf=0.0, neginf=0.0)
    # One copy from the device instead of four.
    (first_low, last_low), (first_high, last_high) = torch.stack(torch.aminmax(ends, dim=0)).tolist()
    # Towards the right eye a surface moves by −d: what lies behind the screen bares the left border, and so on.
    toward_right: float = max(-first_low, last_high, 0.0)
    toward_left: float = max(first_high, -last_low, 0.0)
    hero = prepared.controls.hero
    if hero == "none":
        return round(0.5 * max(toward_right, toward_left), 4)
    return round(toward_right if hero == "left" else toward_left, 4)
