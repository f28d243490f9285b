"""Plate → FrameAnalysis: everything left of the knobs, once per frame, in two stages that cache apart.

`estimate_depth` runs the depth source; `stage` normalises, lets the style stage the frame and fits its global
layer. All statistics are of the whole active picture, never of a tile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from art3d_node.clean_depth import CleanDepth, continued, hidden_behind
from art3d_node.estimate import (
    Check,
    ModelSource,
    RawDepth,
    aspect_of,
    estimate_depth,
    never,
)
from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.look import rgb_of
from art3d_node.plate import GIVEN, PlateTensors
from art3d_node.stereo import blueprint
from art3d_node.stereo.blueprint import Fit
from art3d_node.stereo.upsample import guided_upsample
from art3d_node.stereo.window import finite_range
from art3d_node.temporal import ALONE, Neighbourhood, steady
from art3d_node.transfer import host_array, roomy
from host_bridge.core.frame import Frame
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame

RANKS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)
LOW_RANK, HIGH_RANK = 0.01, 0.99
_SAMPLES = 1 << 17
_BAND_ROWS = 64
_FLAT = 1e-12


def analyse(
    frame: Frame,
    settings: AnalysisSettings,
    library: ModelSource,
    *,
    plate: PlateTensors | None = None,
    check: Check | None = None,
) -> FrameAnalysis:
    """Both stages. Arguments and errors as theirs."""
    plate = plate or PlateTensors.of(frame, replace(settings, proxy=1))
    raw = estimate_depth(frame, settings, library, plate=plate, check=check)
    if settings.proxy > 1:
        plate = PlateTensors.within(frame, plate.frame.data, settings.proxy, plate.device)
    return stage(frame, raw, settings, library, plate=plate, check=check)


def stage(
    frame: Frame,
    raw: RawDepth,
    settings: AnalysisSettings,
    library: ModelSource,
    *,
    window: Neighbourhood = ALONE,
    plate: PlateTensors | None = None,
    check: Check | None = None,
) -> FrameAnalysis:
    """Normalise, bring to plate resolution, let the style stage, fit the global layer.

    Args:
        frame: the plate frame.
        raw: what `estimate_depth` said of its active picture.
        settings: style and shot.
        library: where styles come from.
        window: frames of the shot that steady this one's depth; ignored for depth that needs no steadying.
        plate: the frame's active picture at the settings' proxy where a caller keeps it; says the device.
        check: called between stages; raises to cancel.

    Raises:
        StyleError: the style does not exist or is damaged.
    """
    check, plate = check or never, plate or PlateTensors.of(frame, settings)
    clock = _Clock(depth=raw.ms)
    percentiles = _percentiles(raw.inverse_depth)
    shot = settings.shot or ShotFrame(percentiles[LOW_RANK], percentiles[HIGH_RANK])
    iz = _normalised(_steadied(raw, window), shot)
    check()
    iz = _at_plate_resolution(iz, plate)
    clock.lap("upsample")
    check()
    scale, shift, disparity = _staged(plate, raw, settings, library, iz, shot)
    clock.lap("style")
    check()
    layer = _GlobalLayer.of(plate.frame, scale, shift, disparity, iz, shot)
    disparity, local_range = layer.under(disparity, iz)
    clock.lap("fit")
    clean = _clean(plate, raw, (scale, shift), iz, layer, shot)
    return FrameAnalysis(
        inverse_depth=iz,
        scale=scale,
        shift=shift,
        disparity_px=disparity,
        fit=layer.target,
        width_px=plate.frame.picture_width,
        picture=plate.frame.data,
        iz_low=shot.iz_low,
        iz_high=shot.iz_high,
        raw_percentiles=percentiles,
        inverse_depth_range=finite_range(iz),
        disparity_range_px=finite_range(disparity),
        local_range_px=local_range,
        depth_source=raw.source,
        model_id=raw.model_id,
        style_id=GIVEN if settings.style == GIVEN else library.style(settings.style).id,
        licence_note=raw.licence_note,
        shot_gain=shot.depth_gain,
        shot_zero_plane_pct=shot.zero_plane,
        ms=clock.laps,
        z=raw.z,
        clean=clean,
    )


def _percentiles(raw: Tensor) -> dict[float, float]:
    step = max(1, round((raw.numel() / _SAMPLES) ** 0.5))
    values = host_array(raw[::step, ::step]).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        return dict.fromkeys(RANKS, 0.0)
    at = [round(rank * (values.size - 1)) for rank in RANKS]
    ordered = np.partition(values, sorted(set(at)))
    return {rank: float(ordered[index]) for rank, index in zip(RANKS, at, strict=True)}


def _steadied(raw: RawDepth, window: Neighbourhood) -> Tensor:
    if not window.reach or raw.look.numel() == 0:
        return raw.inverse_depth
    steadied = steady(raw.grey, host_array(raw.inverse_depth), window)
    return torch.from_numpy(steadied).to(raw.inverse_depth.device)


def _normalised(raw: Tensor, shot: ShotFrame) -> Tensor:
    span = shot.iz_high - shot.iz_low
    if not span > _FLAT:
        # A frame without depth lies half-way, close to the screen.
        return torch.where(torch.isfinite(raw), torch.full_like(raw, 0.5), raw)
    return torch.sub(raw, shot.iz_low, out=_like(raw)).mul_(1.0 / span)


def _like(plane: Tensor) -> Tensor:
    """Memory for a plane of the same size, where it lies."""
    return roomy(tuple(plane.shape)) if plane.device.type == "cpu" else torch.empty_like(plane)


def _at_plate_resolution(iz: Tensor, plate: PlateTensors) -> Tensor:
    size = (plate.frame.data.height, plate.frame.data.width)
    if tuple(iz.shape) == size:
        return iz
    if iz.shape[0] >= size[0] and iz.shape[1] >= size[1]:
        return functional.interpolate(iz[None, None], size=size, mode="nearest")[0, 0]
    if "color" in plate.frame.layers:
        return guided_upsample(iz, _guide(rgb_of(plate.color, plate.frame.channels)))
    return functional.interpolate(iz[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]


def _guide(picture: Tensor) -> Tensor:
    """The picture 0..1, a band of rows at a time, which keeps it in the processor's cache.

    The square root stands for the display curve: edges in the shadows count like edges in the light.
    """
    guide = torch.empty(picture.shape, dtype=torch.float32, device=picture.device)
    for out, band in zip(guide.split(_BAND_ROWS), picture.split(_BAND_ROWS), strict=True):
        torch.nan_to_num(band, nan=0.0, out=out).clamp_(0.0, 1.0).sqrt_()
    return guide


def _staged(
    plate: PlateTensors, raw: RawDepth, settings: AnalysisSettings, library: ModelSource, iz: Tensor, shot: ShotFrame
) -> tuple[Tensor, Tensor, Tensor]:
    """vs, vt (fractions) and d_L (px)."""
    frame, device = plate.frame, plate.device
    width = float(frame.picture_width)
    if settings.style == GIVEN:
        span = shot.iz_high - shot.iz_low
        span, shift = (span, shot.iz_low) if span > _FLAT else (0.0, shot.iz_low)
        scale, shift_map = (torch.tensor(value / width, device=device) for value in (span, shift))
        return scale, shift_map, raw.inverse_depth
    style = library.style(settings.style)
    look = plate.look if style.needs_look and raw.look.numel() == 0 else raw.look
    scale, shift_map = style.stage(look, iz, aspect=aspect_of(frame))
    return scale, shift_map, blueprint.blueprint(iz, scale * width, shift_map * width, out=_like(iz))


@dataclass(frozen=True)
class _GlobalLayer:
    """The layer (fractions) that a style made, and the one that the shot or the frame itself sets.

    Attributes:
        own, target: both.
        width: picture width, px.
        constant: whether the style has no local layer.
        is_flat: the shot says that nothing is to be seen here: what a style makes of its noise is no depth.
    """

    own: Fit
    target: Fit
    width: float
    constant: bool
    is_flat: bool = False

    @classmethod
    def of(
        cls, frame: Frame, scale: Tensor, shift: Tensor, disparity: Tensor, iz: Tensor, shot: ShotFrame
    ) -> _GlobalLayer:
        """Of one frame's scale and shift (fractions), disparity (px) and inverse depth."""
        width = float(frame.picture_width)
        constant = scale.ndim == 0 and shift.ndim == 0
        if shot.fit_scale == shot.fit_shift == 0.0:
            return cls(Fit(0.0, 0.0), Fit(0.0, 0.0), width, constant, is_flat=True)
        own = Fit(float(scale), float(shift)) if constant else _fit(disparity, iz).times(1.0 / width)
        target = Fit(
            own.scale if shot.fit_scale is None else shot.fit_scale,
            own.shift if shot.fit_shift is None else shot.fit_shift,
        )
        return cls(own, target, width, constant)

    def under(self, disparity: Tensor, iz: Tensor) -> tuple[Tensor, tuple[float, float]]:
        """Disparity (px) with the target layer under it, and the range of what lies on that (px)."""
        if self.is_flat:
            return torch.where(torch.isfinite(disparity), 0.0, disparity), (0.0, 0.0)
        own, target = self.own.times(self.width), self.target.times(self.width)
        moved = blueprint.replace_fit(disparity, iz, own, target)
        if self.constant and moved is disparity:
            return moved, (0.0, 0.0)
        return moved, finite_range(blueprint.local_layer(moved, iz, target))


def _clean(
    plate: PlateTensors,
    raw: RawDepth,
    maps: tuple[Tensor, Tensor],
    iz: Tensor,
    layer: _GlobalLayer,
    shot: ShotFrame,
) -> CleanDepth | None:
    """The clean plate's depth, staged as the plate's is; `maps` are its scale and shift (fractions)."""
    if raw.clean is None:
        return None
    clean_iz = _at_plate_resolution(_normalised(raw.clean, shot), plate)
    hidden = hidden_behind(iz, clean_iz)
    if raw.source == GIVEN:
        disparity = raw.clean
    else:
        scale, shift = (continued(plane, hidden) * layer.width for plane in maps)
        disparity = blueprint.blueprint(clean_iz, scale, shift)
    disparity, local_range = layer.under(disparity, clean_iz)
    return CleanDepth(clean_iz, disparity, hidden, finite_range(clean_iz), finite_range(disparity), local_range)


def _fit(disparity: Tensor, iz: Tensor) -> Fit:
    step = max(1, round((iz.numel() / _SAMPLES) ** 0.5))
    return blueprint.fit(disparity[::step, ::step], iz[::step, ::step])


class _Clock:
    def __init__(self, **laps: float) -> None:
        self.laps = {name: round(ms, 3) for name, ms in laps.items()}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(1000.0 * (now - self._since), 3)
        self._since = now
