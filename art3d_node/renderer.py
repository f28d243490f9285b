"""FrameAnalysis + Controls + Box → pixels: everything right of the knobs, per tile.

Convention:
    Boxes are in the plate's own coordinates, y down, and may reach outside the data window, where views are
    transparent black and every other plane is 0; a new view may itself extend beyond the data window.
    `disparity_left` and `disparity_right` are x_L − x_R in px on their own grids. With hero "left" the plate is the
    left view, with "right" the right view; with "none" it is the centre and both views are rebuilt.

A tile is a crop: whatever is of the whole frame (fit, ranges) is in the analysis, and a tile of the disparity is
computed by the same arithmetic per pixel wherever its borders lie.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from art3d_node.analysis import FrameAnalysis
from art3d_node.estimate import as_float
from art3d_node.stereo import blueprint, comfort, edges, fill
from art3d_node.stereo.blueprint import Knobs
from art3d_node.stereo.synthesis import NewView, new_view
from host_bridge.errors import BadInputError
from host_bridge.frame import Frame
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire.messages import OUTPUTS

Eye = Literal["left", "right"]
EYES: tuple[Eye, Eye] = ("left", "right")
_BAND_ROWS = 64
_APRON_ROWS = edges.APRON + fill.APRON
_STATS_SAMPLES = 1 << 15


@dataclass(frozen=True)
class Rendered:
    """The asked pixels.

    Attributes:
        planes: output name → (h, w, c) float32, covering exactly the asked box.
        stats: figures of the whole frame, as `messages.Tile.stats`.
    """

    planes: dict[str, Tensor]
    stats: dict[str, Any]


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


def render(frame: Frame, analysis: FrameAnalysis, controls: Controls, box: Box, outputs: Sequence[str]) -> Rendered:
    """Prepare and render one box; see `prepare` and `render_box`."""
    return render_box(prepare(frame, analysis, controls), box, outputs)


def render_box(prepared: Prepared, box: Box, outputs: Sequence[str]) -> Rendered:
    """The pixels of one box.

    Args:
        prepared: the frame under its knobs.
        box: plate coordinates; an empty box gives the statistics alone.
        outputs: names of `messages.OUTPUTS`.

    Raises:
        BadInputError: an output that does not exist, or extra layers the frame lacks.
    """
    unknown = [name for name in outputs if name not in OUTPUTS]
    if unknown:
        raise BadInputError(f"there is no output {unknown[0]!r}", remedy=f"ask for any of: {', '.join(OUTPUTS)}")
    if box.empty:
        return Rendered({}, dict(prepared.stats))
    started = time.perf_counter()
    tile = _TileJob(prepared, box, frozenset(outputs))
    planes = {name: tile.plane(name) for name in outputs}
    ms = {**prepared.stats["ms"], "render": round(1000.0 * (time.perf_counter() - started), 3)}
    return Rendered(planes, {**prepared.stats, "ms": ms})


@dataclass(frozen=True)
class _TileJob:
    """One box of one frame; each view is rendered once, when first needed."""

    prepared: Prepared
    box: Box
    wanted: frozenset[str]

    @cached_property
    def data(self) -> Box:
        return self.prepared.plate.frame.data

    @cached_property
    def views(self) -> dict[Eye, NewView]:
        hero = self.prepared.controls.hero
        return {eye: self._new_view(eye) for eye in EYES if eye != hero and self._needs(eye)}

    def _needs(self, eye: Eye) -> bool:
        return any(f"{name}{eye}{extra}" in self.wanted for name, extra in _VIEW_OUTPUTS)

    def plane(self, name: str) -> Tensor:
        """(h, w, c) of one output."""
        analysis = self.prepared.analysis
        if name in ("inverse_depth", "scale", "shift"):
            return self._crop(getattr(analysis, name))
        if name == "disparity_local":
            return self._local()
        kind, eye = _kind_and_eye(name)
        if eye == self.prepared.controls.hero:
            return self._hero_plane(kind)
        return self._view_plane(kind, self.views[eye])

    def _hero_plane(self, kind: str) -> Tensor:
        plate = self.prepared.plate
        if kind == "view":
            return self._crop(plate.color)
        if kind == "extra":
            return self._crop(_need_extra(plate))
        if kind == "occlusion":
            return torch.zeros(self.box.height, self.box.width, 1)
        inside = self.box.intersect(self.data)
        return self._crop(self.prepared.disparity_px(inside.y0 - self.data.y0, inside.y1 - self.data.y0))

    def _view_plane(self, kind: str, view: NewView) -> Tensor:
        outside = self._nothing(view)
        if kind == "view":
            plane = _alpha_from_occlusion(self.prepared, view)
        elif kind == "extra":
            plane = view.data if view.data is not None else _need_extra(self.prepared.plate)
        elif kind == "disparity":
            # With hero "none" each eye was rendered at half the disparity that lies between the two.
            plane = (view.disparity * (2.0 if self.prepared.controls.hero == "none" else 1.0))[..., None]
        else:
            plane = view.occlusion.to(torch.float32)[..., None]
        return plane if outside is None else plane.masked_fill(outside[..., None], 0.0)

    def _nothing(self, view: NewView) -> Tensor | None:
        """(h, w) bool: pixels beyond the data window that no surface of the plate reaches."""
        if self.data.contains(self.box):
            return None
        outside = torch.ones(self.box.height, self.box.width, dtype=torch.bool)
        inside = self.box.intersect(self.data)
        if not inside.empty:
            outside[inside.slices(self.box)] = False
        return outside & view.occlusion

    def _new_view(self, eye: Eye) -> NewView:
        prepared, plate = self.prepared, self.prepared.plate
        x0, y0, x1, y1 = self.box.shift(-self.data.x0, -self.data.y0).as_tuple()
        disparity = prepared.disparity_px(y0 - _APRON_ROWS, y1 + _APRON_ROWS)
        low, high = prepared.bounds_px
        if prepared.controls.hero == "none":
            disparity, low, high = disparity * 0.5, low * 0.5, high * 0.5
        filling: Any = prepared.controls.fill
        outlines: Any = prepared.controls.edges
        return new_view(
            plate.color,
            disparity,
            toward=eye,
            region=(x0, y0, x1, y1),
            data=plate.extra if f"{eye}_extra" in self.wanted else None,
            alpha=_alpha_index(plate.frame),
            edges=outlines,
            fill=filling,
            clean_plate=plate.clean_plate if filling == "clean-plate" else None,
            disparity_range=(low, high),
        )

    def _local(self) -> Tensor:
        a = self.prepared.analysis
        inside = self.box.intersect(self.data)
        if inside.empty:
            return torch.zeros(self.box.height, self.box.width, 1)
        at = inside.slices(self.data)
        part = blueprint.local_layer(a.disparity_px[at], a.inverse_depth[at], a.fit_px)
        return self._placed(part[..., None], inside)

    def _crop(self, plane: Tensor) -> Tensor:
        inside = self.box.intersect(self.data)
        if plane.ndim == 0:
            plane = plane.to(torch.float32).expand(self.data.height, self.data.width)
        channels = plane.shape[2] if plane.ndim == 3 else 1
        if inside.empty:
            return torch.zeros(self.box.height, self.box.width, channels)
        part = plane[inside.slices(self.data)]
        return self._placed(part if part.ndim == 3 else part[..., None], inside)

    def _placed(self, part: Tensor, inside: Box) -> Tensor:
        if inside == self.box:
            return part.contiguous()
        whole = torch.zeros(self.box.height, self.box.width, part.shape[2])
        whole[inside.slices(self.box)] = part
        return whole


_VIEW_OUTPUTS = (("", ""), ("", "_extra"), ("disparity_", ""), ("occlusion_", ""))


def _kind_and_eye(name: str) -> tuple[str, Eye]:
    eye: Eye = "left" if "left" in name else "right"
    for kind in ("disparity", "occlusion"):
        if name.startswith(kind):
            return kind, eye
    return ("extra" if name.endswith("_extra") else "view"), eye


def _need_extra(plate: Plate) -> Tensor:
    if plate.extra is None:
        raise BadInputError("the frame carries no extra layers", remedy="do not ask for left_extra or right_extra")
    return plate.extra


def _alpha_index(frame: Frame) -> int | None:
    return frame.channels.index("A") if "A" in frame.channels else None


def _alpha_from_occlusion(prepared: Prepared, view: NewView) -> Tensor:
    alpha = _alpha_index(prepared.plate.frame)
    if not prepared.controls.occlusion_to_alpha or alpha is None:
        return view.image
    image = view.image.clone()
    image[..., alpha] = torch.where(view.occlusion, 0.0, image[..., alpha])
    return image


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
