"""FrameAnalysis + Controls + Box → pixels: everything right of the knobs, per tile.

Convention:
    Boxes are in the plate's own coordinates, y down, and may reach outside the data window, where views are
    transparent black and every other plane is 0; a new view may itself extend beyond the data window, but not into a
    black bar.
    `disparity_left` and `disparity_right` are x_L − x_R in px on their own grids. With hero "left" the plate is the
    left view, with "right" the right view; with "none" it is the centre and both views are rebuilt.

A tile is a crop: whatever is of the whole frame (fit, ranges) is in the analysis, and a tile of the disparity is
computed by the same arithmetic per pixel wherever its borders lie.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.plate import PlateTensors
from art3d_node.prepared import Eye, Prepared, prepare
from art3d_node.stereo import blueprint
from art3d_node.stereo.synthesis import NewView, new_view
from art3d_node.stereo.window import required_input, shift_span
from art3d_node.surround import framed, opening
from art3d_node.window_mask import darkened, window_mask
from host_bridge.core.errors import BadInputError
from host_bridge.core.floating_window import masks_picture
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS

EYES = ("left", "right")


@dataclass(frozen=True)
class RenderedBox:
    """The asked pixels.

    Attributes:
        planes: output name → (h, w, c) float32, covering exactly the asked box; a plane may be a part of a larger one.
        stats: figures of the whole frame, as `host_bridge.client.tile.Tile.stats`.
    """

    planes: dict[str, Tensor]
    stats: dict[str, Any]


def render(frame: Frame, analysis: FrameAnalysis, controls: Controls, box: Box, outputs: Sequence[str]) -> RenderedBox:
    """Prepare and render one box; see `prepare` and `render_box`."""
    return render_box(prepare(frame, analysis, controls), box, outputs)


def render_box(prepared: Prepared, box: Box, outputs: Sequence[str]) -> RenderedBox:
    """The pixels of one box.

    Args:
        prepared: the frame under its knobs.
        box: plate coordinates; an empty box gives the statistics alone.
        outputs: names of `host_bridge.wire.outputs.OUTPUTS`.

    Raises:
        BadInputError: an output that does not exist, or extra layers the frame lacks.
    """
    unknown = [name for name in outputs if name not in OUTPUTS]
    if unknown:
        raise BadInputError(f"there is no output {unknown[0]!r}", remedy=f"ask for any of: {', '.join(OUTPUTS)}")
    if box.empty:
        return RenderedBox({}, dict(prepared.stats))
    started = time.perf_counter()
    active = box.intersect(opening(prepared.plate))
    tile = _TileJob(prepared, Box(0, 0, 0, 0) if active.empty else active, frozenset(outputs))
    planes = {name: framed(tile.masked(name), name, tile.box, box, prepared.plate) for name in outputs}
    ms = {**prepared.stats["ms"], "render": round(1000.0 * (time.perf_counter() - started), 3)}
    return RenderedBox(planes, {**prepared.stats, "ms": ms})


@dataclass(frozen=True)
class _TileJob:
    """One box of one frame's picture; each view is rendered once, when first needed."""

    prepared: Prepared
    box: Box
    wanted: frozenset[str]
    views: dict[Eye, NewView] = field(default_factory=dict)  # no cached_property: its lock is one for all tiles

    @property
    def data(self) -> Box:
        return self.prepared.plate.frame.data

    @property
    def reached(self) -> Box:
        """The part of the box where a new view can show anything: disparity moves pixels along their row only."""
        low, high = self.prepared.bounds_px
        return self.box.intersect(self.data.grow(math.ceil(max(-low, high, 0.0)) + 2, 0))

    def view(self, eye: Eye) -> NewView:
        """What one eye sees, where it is not the plate."""
        if eye not in self.views:
            self.views[eye] = self._new_view(eye)
        return self.views[eye]

    def masked(self, name: str) -> Tensor:
        """(h, w, c) of one output; a view is under the floating window, where that lies in the picture."""
        if name in EYES and masks_picture(self.prepared.controls):
            return darkened(self.plane(name), self._mask(name), self.prepared.plate.frame.channels)
        return self.plane(name)

    def _mask(self, eye: str) -> Tensor | None:
        prepared = self.prepared
        softness = prepared.controls.floating_softness
        return window_mask(prepared.plate, prepared.window, softness, eye, self.box)

    def plane(self, name: str) -> Tensor:
        """(h, w, c) of one output."""
        analysis = self.prepared.analysis
        if name in ("window_left", "window_right"):
            mask = self._mask(name.removeprefix("window_"))
            return self._nothing(1) + 1.0 if mask is None else mask
        if name in ("inverse_depth", "scale", "shift"):
            return self._crop(getattr(analysis, name))
        if name == "disparity_local":
            return self._local()
        kind, eye = _kind_and_eye(name)
        if eye == self.prepared.controls.hero:
            return self._hero_plane(kind)
        if self.reached.empty:
            return self._nothing(self._channels(kind))
        return self._view_plane(kind, self.view(eye))

    def _channels(self, kind: str) -> int:
        plate = self.prepared.plate
        if kind == "extra":
            return int(_need_extra(plate).shape[2])
        return int(plate.color.shape[2]) if kind == "view" else 1

    def _hero_plane(self, kind: str) -> Tensor:
        plate = self.prepared.plate
        if kind == "view":
            return self._crop(plate.color)
        if kind == "extra":
            return self._crop(_need_extra(plate))
        if kind == "occlusion":
            return self._nothing(1)
        x0, y0, x1, y1 = self.box.intersect(self.data).shift(-self.data.x0, -self.data.y0).as_tuple()
        return self._crop(self.prepared.disparity_px(y0, y1, (x0, x1)))

    def _view_plane(self, kind: str, view: NewView) -> Tensor:
        if kind == "view":
            plane = view.image
        elif kind == "extra":
            plane = _need_extra(self.prepared.plate) if view.data is None else view.data
        elif kind == "disparity":
            # With hero "none" each eye was rendered at half the disparity that lies between the two.
            half = self.prepared.controls.hero == "none"
            plane = (view.disparity * 2.0 if half else view.disparity)[..., None]
        else:
            plane = view.occlusion.to(torch.float32)[..., None]
        if not self.data.contains(self.reached):
            plane = plane.masked_fill(self._beyond(view)[..., None], 0.0)
        return self._placed(plane, self.reached)

    def _beyond(self, view: NewView) -> Tensor:
        """(h, w) bool over `reached`: pixels beyond the data window that no surface of the plate reaches."""
        outside = torch.ones_like(view.occlusion)
        inside = self.reached.intersect(self.data)
        if not inside.empty:
            outside[inside.slices(self.reached)] = False
        return outside & view.occlusion

    def _new_view(self, eye: Eye) -> NewView:
        prepared, plate = self.prepared, self.prepared.plate
        region = self.reached.shift(-self.data.x0, -self.data.y0).as_tuple()
        half = prepared.controls.hero == "none"
        low, high = (bound * (0.5 if half else 1.0) for bound in prepared.bounds_px)
        size, span = (self.data.height, self.data.width), shift_span(low, high, 1.0 if eye == "right" else -1.0)
        left, top, right, bottom = required_input(region, size, span).needed
        disparity = prepared.eye_disparity(eye, top, bottom, (left, right))
        alpha = _alpha_index(plate.frame)
        filling: Any = prepared.controls.fill
        is_clean = filling == "clean-plate"
        outlines: Any = prepared.controls.edges
        return new_view(
            plate.color,
            disparity,
            toward=eye,
            region=region,
            data=plate.extra if f"{eye}_extra" in self.wanted else None,
            alpha=alpha,
            edges=outlines,
            fill=filling,
            clean_plate=plate.clean_plate if is_clean else None,
            clean_disparity=prepared.eye_clean_disparity(eye, top, bottom, (left, right)) if is_clean else None,
            occlusion_to_alpha=prepared.controls.occlusion_to_alpha and alpha is not None,
            disparity_range=(low, high),
        )

    def _nothing(self, channels: int) -> Tensor:
        device = self.prepared.plate.device
        return torch.zeros(self.box.height, self.box.width, channels, device=device)

    def _local(self) -> Tensor:
        a = self.prepared.analysis
        inside = self.box.intersect(self.data)
        if inside.empty:
            return self._nothing(1)
        at = inside.slices(self.data)
        part = blueprint.local_layer(a.disparity_px[at], a.inverse_depth[at], a.fit_px)
        return self._placed(part[..., None], inside)

    def _crop(self, plane: Tensor) -> Tensor:
        inside = self.box.intersect(self.data)
        if plane.ndim == 0:
            plane = plane.to(torch.float32).expand(self.data.height, self.data.width)
        channels = plane.shape[2] if plane.ndim == 3 else 1
        if inside.empty:
            return self._nothing(channels)
        part = plane[inside.slices(self.data)]
        return self._placed(part if part.ndim == 3 else part[..., None], inside)

    def _placed(self, part: Tensor, inside: Box) -> Tensor:
        if inside == self.box:
            return part
        plane = self._nothing(part.shape[2])
        plane[inside.slices(self.box)] = part
        return plane


def _kind_and_eye(name: str) -> tuple[str, Eye]:
    eye: Eye = "left" if "left" in name else "right"
    for kind in ("disparity", "occlusion"):
        if name.startswith(kind):
            return kind, eye
    return ("extra" if name.endswith("_extra") else "view"), eye


def _need_extra(plate: PlateTensors) -> Tensor:
    if plate.extra is None:
        raise BadInputError("the frame carries no extra layers", remedy="do not ask for left_extra or right_extra")
    return plate.extra


def _alpha_index(frame: Frame) -> int | None:
    return frame.channels.index("A") if "A" in frame.channels else None
