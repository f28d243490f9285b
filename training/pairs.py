"""One stereo pair → one training sample, or the reason why not.

Convention:
    Work is done on a square of `size_px`; a sample's disparities are x_L − x_R as fractions of picture width.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch

from art3d_node.stereo.ddc import ddc_iou, robust_fit
from art3d_node.stereo.rectify import corrected, largest, vertical_disparity, vertical_error
from training.config import REPORT_WIDTH_PX, CurateConfig
from training.depth import Depth
from training.masks import EyeView, MaskSource
from training.stereo_net import Disparities, StereoNet, consistent
from training.trust import distinct

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)
SWAPPED = "eyes swapped"
REASONS = (
    "vertical disparity",
    "inconsistent",
    "too little texture",
    "too little range",
    SWAPPED,
    "disparity and depth disagree",
)
_SWAP_CORRELATION = -0.3
_CORRECT_ABOVE_PX = 0.3


@dataclass(frozen=True)
class Eye:
    """One eye of a sample, each (H, W).

    Attributes:
        picture: (H, W, 3) uint8.
        disparity: x_L − x_R on this eye's grid, fraction of width; 0 where not valid.
        inverse_depth: iz.
        valid: M_valid.
        local: M_local, part of M_valid.
    """

    picture: Picture
    disparity: Map
    inverse_depth: Map
    valid: Mask
    local: Mask


@dataclass(frozen=True)
class Look:
    """A pair as far as it was measured, for a person's eyes; left and right each.

    Attributes:
        pictures: (H, W, 3) uint8.
        disparity: (H, W) x_L − x_R, fraction of width, NaN where it is not valid; None: it was not matched.
        inverse_depth: (H, W) iz, or None.
        local: (H, W) M_local, or None.
    """

    pictures: tuple[Picture, Picture]
    disparity: tuple[Map, Map] | None = None
    inverse_depth: tuple[Map, Map] | None = None
    local: tuple[Mask, Mask] | None = None


@dataclass(frozen=True)
class Sample:
    """A pair that passed, its figures by name, and the reason that a person overruled, or ""."""

    left: Eye
    right: Eye
    figures: dict[str, float] = field(default_factory=dict)
    overruled: str = ""

    @property
    def look(self) -> Look:
        """What there is to see of it."""
        eyes = self.left, self.right
        disparity = [np.where(eye.valid, eye.disparity, np.float32(np.nan)) for eye in eyes]
        return Look(
            (eyes[0].picture, eyes[1].picture),
            (disparity[0], disparity[1]),
            (eyes[0].inverse_depth, eyes[1].inverse_depth),
            (eyes[0].local, eyes[1].local),
        )


@dataclass(frozen=True)
class Reject:
    """A pair that did not pass: one of `REASONS`, the figures known by then, and what there is to see."""

    reason: str
    figures: dict[str, float]
    look: Look


@dataclass
class _Verdict:
    """The first reason against a pair; a forced pair goes on in spite of it."""

    forced: bool
    reason: str = ""

    def ends(self, reason: str) -> bool:
        """Note a reason, or none (""); whether measuring ends here."""
        self.reason = self.reason or reason
        return bool(reason) and not self.forced


@dataclass(frozen=True)
class Beside:
    """What lies beside a film for one frame, (H, W) at the working size per eye, or None."""

    depth: tuple[Map, Map] | None = None
    matte: tuple[Map, Map] | None = None


@dataclass(frozen=True)
class _Measured:
    """A pair with everything that supervision is made of, left and right each; see `Bench.measure`."""

    eyes: tuple[Picture, Picture]
    found: Disparities
    valid: tuple[Mask, Mask]
    iz: tuple[Map, Map]
    matte: tuple[Map, Map] | None


@dataclass(frozen=True)
class Bench:
    """What a pair is measured with."""

    config: CurateConfig
    stereo: StereoNet
    depth: Depth
    masks: MaskSource

    def measure(
        self, left: Picture, right: Picture, aspect: float, beside: Beside, *, forced: bool = False
    ) -> Sample | Reject:
        """Run every check of the film filters in order of cost.

        Args:
            left, right: (size, size, 3) uint8.
            aspect: width over height of the picture, square pixels.
            beside: what lies beside the film.
            forced: keep the pair whatever the filters say, as long as it has a valid pixel.
        """
        figures: dict[str, float] = {}
        verdict = _Verdict(forced)
        right, ok = self._rectified(left, right, figures)
        if verdict.ends("" if ok else "vertical disparity"):
            return Reject(verdict.reason, figures, Look((left, right)))
        found = self.stereo.match(left, right)
        agreed = consistent(found, tolerance_px=self.config.consistency_px)
        sure = found.sure or distinct(found, left, right)
        valid = agreed[0] & sure[0], agreed[1] & sure[1]
        if verdict.ends(self._filtered(found, agreed, valid, figures)) or not all(mask.any() for mask in valid):
            return Reject(verdict.reason, figures, Look((left, right), _shown(found, valid)))
        eyes = (left, right)
        depth = beside.depth or (None, None)
        iz = tuple(self.depth(eye, aspect, near) for eye, near in zip(eyes, depth, strict=True))
        return self._supervised(_Measured(eyes, found, valid, (iz[0], iz[1]), beside.matte), figures, verdict)

    def _rectified(self, left: Picture, right: Picture, figures: dict[str, float]) -> tuple[Picture, bool]:
        vertical = vertical_disparity(left, right)
        error = vertical_error(vertical)
        size = largest(error, left.shape[1], left.shape[0])
        figures["vertical_error_px"] = size
        if _CORRECT_ABOVE_PX < size <= self.config.correctable_px:
            right = corrected(right, error)
            vertical = vertical_disparity(left, right)
        share = vertical.share_over(self.config.vertical_limit_px)
        figures["vertical_share"] = share
        return right, share <= self.config.vertical_share

    def _filtered(
        self, found: Disparities, agreed: tuple[Mask, Mask], valid: tuple[Mask, Mask], figures: dict[str, float]
    ) -> str:
        share = min(float(mask.mean()) for mask in agreed)
        figures["consistent"] = share
        figures["valid"] = min(float(mask.mean()) for mask in valid)
        if share < self.config.min_consistent:
            return "inconsistent"
        if figures["valid"] < max(self.config.min_valid, 1e-9):
            return "too little texture"
        low, high = np.percentile(found.left[valid[0]], (2, 98))
        width = found.left.shape[1]
        figures["near_pct"], figures["far_pct"] = 100 * float(high) / width, 100 * float(low) / width
        least = self.config.min_range_px / self.config.range_width_px * width
        return "too little range" if high - low < least else ""

    def _supervised(self, pair: _Measured, figures: dict[str, float], verdict: _Verdict) -> Sample | Reject:
        found, valid, iz = pair.found, pair.valid, pair.iz
        stack = [
            torch.from_numpy(np.nan_to_num(np.stack(x)).astype(np.float32)) for x in (found_pair(found), iz, valid)
        ]
        look = Look(pair.eyes, _shown(found, valid), iz)
        figures["correlation"] = _correlation(found.left[valid[0]], iz[0][valid[0]])
        if verdict.ends(SWAPPED if figures["correlation"] < _SWAP_CORRELATION else ""):
            return Reject(verdict.reason, figures, look)
        fit = robust_fit(*stack)
        report = REPORT_WIDTH_PX / found.left.shape[1]
        figures["fit_scale_px"], figures["fit_shift_px"] = (float(v[0]) * report for v in (fit.scale, fit.shift))
        residual = [
            np.where(v, self._in_front(d, z, float(s), float(t)), np.float32(np.nan))
            for d, z, v, s, t in zip(found_pair(found), iz, valid, fit.scale, fit.shift, strict=True)
        ]
        mattes = pair.matte or (None, None)
        local = [
            self.masks.find(EyeView(pair.eyes[i], residual[i], float(fit.spread[i]), mattes[i])) & valid[i]
            for i in (0, 1)
        ]
        figures["local_share"] = float(local[0].mean())
        agrees = self._agrees(stack, local, figures)
        if verdict.ends("" if agrees else "disparity and depth disagree"):
            return Reject(verdict.reason, figures, replace(look, local=(local[0], local[1])))
        width = np.float32(found.left.shape[1])
        built = [
            Eye(pair.eyes[i], np.where(valid[i], d, 0).astype(np.float32) / width, iz[i], valid[i], local[i])
            for i, d in enumerate(found_pair(found))
        ]
        return Sample(built[0], built[1], figures, verdict.reason)

    def _in_front(self, disparity: Map, iz: Map, scale: float, shift: float) -> Map:
        """What the fit leaves, px, taking for each pixel the nearest surface close by.

        Matchers fatten what is in front by some pixels; without this every outline would look like a stroke.
        """
        side = 2 * self.config.fattening_px + 1
        nearest = cv2.dilate(iz, np.ones((side, side), np.uint8))
        return np.asarray(disparity - (scale * nearest + shift), np.float32)

    def _agrees(self, stack: list[torch.Tensor], local: list[Mask], figures: dict[str, float]) -> bool:
        """DDC-IoU of the global part: strokes are meant to disagree with depth."""
        width = stack[0].shape[-1]
        least = self.config.min_range_px / self.config.range_width_px * width
        trusted = stack[2][:1] * torch.from_numpy(~local[0][None])
        value = float(ddc_iou(stack[0][:1], stack[1][:1], trusted, reading=self.config.ddc, min_span=least / 2)[0])
        figures["ddc"] = value
        return value >= self.config.min_ddc


def found_pair(found: Disparities) -> tuple[Map, Map]:
    """Both maps, left first."""
    return found.left, found.right


def _shown(found: Disparities, valid: tuple[Mask, Mask]) -> tuple[Map, Map]:
    """Disparities as fractions of width, NaN where they are not valid."""
    width = np.float32(found.left.shape[1])
    left, right = (np.where(v, d / width, np.float32(np.nan)) for d, v in zip(found_pair(found), valid, strict=True))
    return left, right


def _correlation(a: Map, b: Map) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-9))


def squared(picture: npt.NDArray[Value], size_px: int) -> npt.NDArray[Value]:
    """A picture or map at the working size: averaged down or interpolated up."""
    shrink = picture.shape[0] >= size_px and picture.shape[1] >= size_px
    interpolation = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=interpolation), picture.dtype)
