"""Disparities of a rectified pair, both ways, and where they may be trusted.

Semi-global matching by `native.match_pair` over a range that a first look at a small copy bounds; then the outlines are
put where the pictures have them, and what no texture along the row supports is left out.

Convention:
    Disparity is x_L − x_R in px of the given pictures, > 0 in front of the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from art3d_node import native

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SMALL_PX = 192  # about the width of the picture of the first look
LEAST_TRUSTED = 0.02  # of the small picture, else its disparities bound nothing
OUTSIDE = 0.002  # share of them that may lie outside the range on either side
ROOM_PX = 6  # that the range goes beyond them
SUPPORT_PX = (21, 3)  # columns and rows over which the rise of the costs is averaged
SUPPORT_ROWS = 2  # above and below, which must rise too
ALIKE_PX = (15, 5)  # columns and rows over which slopes are correlated
AROUND_PX = (15, 5)  # such windows around a pixel must all be alike
STILL_CODES = 0.5  # of slope, below which nothing correlates
APART_CODES = 40.0  # difference of slopes that says no more than a greater one
SPECKLE_PX = 60  # smaller patches of one disparity are noise
SPECKLE_STEP_PX = 1.5
_WORD = 16  # steps of a px that OpenCV's speckles know
ZONE_PX = 5  # pixels around a step of disparity whose outline is settled
STEP_PX = 2.0
LIKENESS_CODES = 36.0  # sum of three channels' differences at which a voter's weight has fallen to 1/e
TEXTURE_PX = 9  # pixels of a row on either side of one that must have texture


@dataclass(frozen=True)
class Trust:
    """What a disparity must show to count; tuned on three pairs, see docs/decisions/140 and 205.

    Attributes:
        tolerance_px: by so much the eyes may disagree.
        margin: by so much of its own cost the best disparity must beat the next best.
        alike: correlation of both eyes' slopes along the row, over each window around a pixel: noise has none.
        slope_codes: mean change I(x + 1) − I(x − 1) along the row that each side of a pixel must have, codes.
        odds: log odds that a disparity is within a pixel, by `_odds`.
    """

    tolerance_px: float = 1.0
    margin: float = 0.05
    alike: float = 0.4
    slope_codes: float = 0.6
    odds: float = 2.5


TRUST = Trust()
OF_SHARE, OF_PARTNER, OF_RISE, OF_APART, AT_REST = 4.0, 2.0, 5.1, 5.0, -4.0  # of the log odds, see `_odds`


@dataclass(frozen=True)
class Matched:
    """A matched pair; each a tuple of the left and the right eye's (H, W).

    Attributes:
        disparity: the best found, px; NaN at the ends of the search and where its partner would lie outside.
        valid: where it may be trusted: both eyes agree, and the pictures themselves single it out.
    """

    disparity: tuple[Map, Map]
    valid: tuple[Mask, Mask]


def match(left: Picture, right: Picture, *, reach_px: int, trust: Trust = TRUST) -> Matched:
    """Match a pair whose rows meet.

    Args:
        left, right: (H, W, 3) uint8.
        reach_px: largest disparity in front of or behind the screen, px.
        trust: what counts as valid.

    Raises:
        ValueError: the pictures differ in size or type, or the reach is not positive.
    """
    if left.shape != right.shape or left.ndim != 3 or left.shape[2] != 3 or reach_px < 1:
        raise ValueError(
            f"expected two pictures (H, W, 3) and a reach > 0, got {left.shape}, {right.shape}, {reach_px}"
        )
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    found = _matched(left, right, _range(left, right, reach_px, trust), trust)
    # The search goes on to a whole number of lanes.
    within = [v & (np.abs(d) <= reach_px) for d, v in zip(found.disparity, found.valid, strict=True)]
    return Matched(found.disparity, (within[0], within[1]))


def _range(left: Picture, right: Picture, reach_px: int, trust: Trust) -> tuple[int, int]:
    """Lowest disparity to search, px, and how many."""
    full = -reach_px, _lanes(2 * reach_px + 1)
    factor = max(2, round(left.shape[1] / SMALL_PX))
    if min(left.shape[:2]) < 16 * factor:
        return full
    size = left.shape[1] // factor, left.shape[0] // factor
    small = [np.asarray(cv2.resize(eye, size, interpolation=cv2.INTER_AREA), np.uint8) for eye in (left, right)]
    reach = -(-reach_px // factor) + 1
    coarse = _matched(small[0], small[1], (-reach, _lanes(2 * reach + 1)), trust)
    found = np.concatenate([d[v] for d, v in zip(coarse.disparity, coarse.valid, strict=True)])
    if found.size < 2 * LEAST_TRUSTED * small[0].shape[0] * small[0].shape[1]:
        return full
    low, high = factor * np.quantile(found, (OUTSIDE, 1 - OUTSIDE))
    first = max(-reach_px, int(np.floor(low)) - ROOM_PX - factor)
    last = min(reach_px, int(np.ceil(high)) + ROOM_PX + factor)
    return (first, _lanes(last - first + 1)) if last > first else full


def _lanes(count: int) -> int:
    return -(-count // native.LANES) * native.LANES


def _matched(left: Picture, right: Picture, searched: tuple[int, int], trust: Trust) -> Matched:
    shape = (2, *left.shape[:2])
    raw, margin, rise = (np.empty(shape, np.float32) for _ in range(3))
    native.match_pair(left, right, searched[0], searched[1], raw, margin, rise)
    agreed = consistent((raw[0], raw[1]), trust.tolerance_px)
    slopes = _slope(left), _slope(right)
    eyes = []
    for eye, picture in enumerate((left, right)):
        known = np.isfinite(_without_speckles(np.where(agreed[eye] & (margin[eye] > trust.margin), raw[eye], np.nan)))
        moved, share = _outlined(picture, raw[eye], known, searched)
        partner_slopes = _carried(slopes[1 - eye], moved, -1.0 if eye == 0 else 1.0)
        blank = (_texture(slopes[eye]) <= trust.slope_codes) | (
            _alike(slopes[eye], partner_slopes, known) <= trust.alike
        )
        eyes.append(_Eye(moved, share, _supported(rise[eye]), _apart(slopes[eye], partner_slopes), known & ~blank))
    again = consistent((eyes[0].disparity, eyes[1].disparity), trust.tolerance_px)
    valid = [
        again[i] & eyes[i].known & (_odds(eyes[i], eyes[1 - i], sign) > trust.odds) for i, sign in ((0, -1.0), (1, 1.0))
    ]
    disparity = [np.where(v, eye.disparity, r) for v, eye, r in zip(valid, eyes, raw, strict=True)]
    return Matched((disparity[0], disparity[1]), (valid[0], valid[1]))


@dataclass(frozen=True)
class _Eye:
    """What speaks for the disparities of one eye, each (H, W).

    Attributes:
        disparity: px; NaN where it is not known.
        share: of the weights at an outline that say so.
        rise: how far the costs rise beside the disparity.
        apart: how far the eyes' slopes differ there, 0..1.
        known: where it may count at all.
    """

    disparity: Map
    share: Map
    rise: Map
    apart: Map
    known: Mask


def _odds(here: _Eye, there: _Eye, sign: float) -> Map:
    """Log odds that a disparity is within a pixel of the truth: a logistic regression on the pairs tuned on."""
    partner = _partner(here.disparity, sign)
    width = here.share.shape[1]
    seconded = np.take_along_axis(there.share, partner.clip(0, width - 1), axis=1)
    return np.asarray(
        OF_SHARE * here.share + OF_PARTNER * seconded + OF_RISE * here.rise - OF_APART * here.apart + AT_REST
    )


def consistent(disparity: tuple[Map, Map], tolerance_px: float) -> tuple[Mask, Mask]:
    """Where a point's disparity from either eye agrees within the tolerance; both eyes' (H, W)."""
    left, right = disparity
    return _agrees(left, right, -1.0, tolerance_px), _agrees(right, left, 1.0, tolerance_px)


def _agrees(here: Map, there: Map, sign: float, tolerance_px: float) -> Mask:
    width = here.shape[1]
    column = _partner(here, sign)
    inside = (column >= 0) & (column < width)
    partner = np.take_along_axis(there, column.clip(0, width - 1), axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(inside & (np.abs(partner - here) <= tolerance_px))


def _partner(disparity: Map, sign: float) -> npt.NDArray[np.int64]:
    """Columns of the other eye's nearest pixels."""
    x = np.arange(disparity.shape[1], dtype=np.float32) + np.float32(sign) * np.nan_to_num(disparity)
    return np.asarray(np.rint(x), np.int64)


def _supported(rise: Map) -> Map:
    """Mean rise along the row, the least of the rows that a pixel's census sees: beside a texture a blank is blank."""
    return np.asarray(cv2.erode(cv2.blur(rise, SUPPORT_PX), np.ones((2 * SUPPORT_ROWS + 1, 1), np.uint8)), np.float32)


def _slope(picture: Picture) -> Map:
    """I(x + 1) − I(x − 1) of a row, codes: a difference of exposure costs little."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = np.array([[-1, 0, 1]], np.float32)
    return np.asarray(cv2.filter2D(grey, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _carried(slope: Map, disparity: Map, sign: float) -> Map:
    """The other eye's slope at each pixel's partner."""
    y, x = np.indices(disparity.shape, np.float32)
    at = x + np.float32(sign) * np.nan_to_num(disparity)
    return np.asarray(cv2.remap(slope, at, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _alike(here: Map, there: Map, known: Mask) -> Map:
    """Correlation of both eyes' slopes, the least of the windows around each pixel."""

    def mean(values: Map) -> Map:
        return np.asarray(cv2.blur(values * known, ALIKE_PX), np.float32)

    power = np.sqrt(np.maximum(mean(here * here) * mean(there * there), 0))
    return np.asarray(
        cv2.erode(mean(here * there) / (power + STILL_CODES), np.ones(AROUND_PX[::-1], np.uint8)), np.float32
    )


def _apart(here: Map, there: Map) -> Map:
    return np.asarray(cv2.blur(np.abs(here - there), (3, 3)).clip(0, APART_CODES) / APART_CODES, np.float32)


def _without_speckles(disparity: Map) -> Map:
    none = -32768
    fixed_point = np.where(np.isfinite(disparity), np.rint(disparity * _WORD).clip(-32000, 32000), none).astype(
        np.int16
    )
    cv2.filterSpeckles(fixed_point, none, SPECKLE_PX, round(SPECKLE_STEP_PX * _WORD))
    return np.where(fixed_point == none, np.float32(np.nan), disparity)


def _outlined(picture: Picture, disparity: Map, known: Mask, searched: tuple[int, int]) -> tuple[Map, Map]:
    """Known disparities with their outlines on the picture's, and the share of the weights that say so.

    Pixels on which the eyes do not agree vote too: they alone know what lies behind where one eye sees nothing.
    """
    found = np.isfinite(disparity)
    side = np.ones((2 * ZONE_PX + 1, 2 * ZONE_PX + 1), np.uint8)
    high = cv2.dilate(np.where(found, disparity, np.float32(-1e6)), side)
    low = cv2.erode(np.where(found, disparity, np.float32(1e6)), side)
    out, share = np.empty_like(disparity), np.empty_like(disparity)
    zone = np.ascontiguousarray(known & (high - low > STEP_PX))
    native.settle_outlines(picture, disparity, zone, _LIKENESS, searched, out, share)
    return np.where(known, out, np.float32(np.nan)), share


_LIKENESS = (1 + 1024 * np.exp(-np.arange(native.UNLIKE) / LIKENESS_CODES)).astype(np.uint16)


def _texture(slope: Map) -> Map:
    """Mean size of the slopes, codes, on that side of each pixel where it is less.

    A blank ends where its texture does: its own row and one side of it are blank.
    """
    mean = np.full((1, TEXTURE_PX), 1 / TEXTURE_PX, np.float32)
    sides = [
        cv2.filter2D(np.abs(slope), -1, mean, anchor=(at, 0), borderType=cv2.BORDER_REPLICATE)
        for at in (0, TEXTURE_PX - 1)
    ]
    return np.asarray(np.minimum(*sides), np.float32)
