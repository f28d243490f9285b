"""Which targets and which samples one region of the new view needs: the one owner of every margin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from art3d_node import native

Region = tuple[int, int, int, int]

BESIDE = native.SLOPE_PX + 1  # columns past the end of a hole that its fill reads
WIDENING = 4  # px by which taking an outline apart can widen the hole beside it
INTERPOLATED = 4  # columns beside a sample that tell how it is interpolated


@dataclass(frozen=True)
class Window:
    """The targets to compute for a region, in the plate's pixel coordinates, half-open.

    Attributes:
        left, top, right, bottom: the rectangle of targets.
        samples: first and one past the last column of the plate that can reach it.
        widest: no hole inside the picture is wider than this, px.
        inner: first and one past the last row that the region shows; the others are its apron.
        region: what was asked for; its rows outside the plate and its columns more than a plate's width away repeat.
        size: (H, W) of the plate.
    """

    left: int
    top: int
    right: int
    bottom: int
    samples: tuple[int, int]
    widest: int
    inner: tuple[int, int]
    region: Region
    size: tuple[int, int]

    @property
    def needed(self) -> Region:
        """x0, y0, x1, y1 of the plate, and of its disparity, that the region depends on; it may reach outside."""
        beside, above = native.OUTLINE_PX + BESIDE + INTERPOLATED, native.OUTLINE_PX + native.APRON_PX
        return self.samples[0] - beside, self.region[1] - above, self.samples[1] + beside, self.region[3] + above

    def samples_within(self, span: tuple[float, float]) -> tuple[int, int]:
        """First and one past the last column of a picture on the plate's grid that can reach the window.

        Args:
            span: lowest and highest shift ``x_source - x_target`` of that picture, px.
        """
        return _samples(self.left, self.right, span, self.size[1])

    def span(self) -> tuple[int, int]:
        """First and one past the last column of the window that the region shows."""
        first, last = _columns(self.region, self.size[1])
        return (first - self.left, last - self.left) if last > first else (0, 0)

    def cut(self, plane: Tensor) -> Tensor:
        """Cut the region out of the window's inner rows: a view of ``plane`` (inner, w, ...) where nothing repeats."""
        (x0, y0, x1, y1), (height, width) = self.region, self.size
        if x1 <= x0 or y1 <= y0:
            return plane.new_empty(y1 - y0, x1 - x0, *plane.shape[2:])
        first, last = self.span()
        if y0 >= 0 and y1 <= height and last - first == x1 - x0:
            return plane[: y1 - y0, first:last]
        down = torch.arange(y0, y1, device=plane.device).clamp(0, height - 1) - (self.top + self.inner[0])
        along = torch.arange(x0, x1, device=plane.device).clamp(-width, 2 * width - 1) - self.left
        return plane[down][:, along]

    def mark_outside(self, mask: Tensor) -> None:
        """Set the rows of ``mask`` (h, w) that lie above or below the plate."""
        y0 = self.region[1]
        mask[: max(-y0, 0)] = True
        mask[max(self.size[0] - y0, 0) :] = True


def required_input(
    region: Region,
    size: tuple[int, int],
    span: tuple[float, float],
    *,
    soft: bool = True,
    fill: bool = True,
    step: float = math.inf,
) -> Window:
    """What one region of the new view needs.

    A region may lie far outside the plate. Rows there repeat the plate's first or last row, columns
    more than a plate's width away repeat the column at that distance, so that the window stays small.

    Args:
        region: x0, y0, x1, y1, half-open.
        size: (H, W) of the plate.
        span: lowest and highest shift ``x_source - x_target``, px.
        soft: whether outlines are taken apart.
        fill: whether holes are filled.
        step: how far the disparities of two neighbours in a row can lie apart, px.
    """
    height, width = size
    apron, slack = native.APRON_PX if fill else 0, WIDENING if soft else 0
    _, y0, _, y1 = region
    low, high = span
    # What lands more than a plate's width away is never looked at: no hole is wider than three of them.
    widest = int(min(math.ceil(min(high - low, step)) + 2 + slack, 3 * width + 4))
    first, last = _columns(region, width)
    upper, lower = (min(max(y0, 0), height - 1), min(max(y1 - 1, 0), height - 1) + 1) if y1 > y0 else (0, 0)
    border = max(widest + BESIDE, apron)
    # Every row has a sample at or right of the first of these, and one left of the second.
    always_right = max(width - 2 - math.ceil(min(high, width)), -width)
    always_left = min(2 - math.floor(max(low, -width)), 2 * width)
    left, right = min(first - border, always_right), max(last + border, always_left)
    # Nothing lands outside these, so a margin there would be empty.
    left = max(left, min(first, -math.ceil(min(high, width)) - 2))
    right = min(right, max(last, width - math.floor(max(low, -width)) + 2))
    top, bottom = (max(upper - apron, 0), min(lower + apron, height)) if y1 > y0 else (0, 0)
    return Window(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        samples=_samples(left, right, span, width),
        widest=widest,
        inner=(upper - top, lower - top),
        region=region,
        size=size,
    )


def _columns(region: Region, width: int) -> tuple[int, int]:
    """First and one past the last column to compute: those of the region, none far away; (0, 0) when it is empty."""
    if region[2] <= region[0]:
        return 0, 0
    first, last = (min(max(x, -width), 2 * width - 1) for x in (region[0], region[2] - 1))
    return first, last + 1


def range_of(disparity: Tensor, clean_disparity: Tensor | None) -> tuple[float, float]:
    """Lowest and highest finite disparity of a plate and of its clean plate, px."""
    ranges = [finite_range(plane) for plane in (disparity, clean_disparity) if plane is not None]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def finite_range(disparity: Tensor) -> tuple[float, float]:
    """Lowest and highest finite disparity, px; (0, 0) where there is none."""
    low, high = torch.stack(torch.aminmax(disparity)).tolist()
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = disparity[torch.isfinite(disparity)]
    return (float(finite.min()), float(finite.max())) if finite.numel() else (0.0, 0.0)


def shift_span(low: float, high: float, sign: float) -> tuple[float, float]:
    """How far a sample can lie from its target, px: lowest and highest ``x_source - x_target``."""
    return (low, high) if sign > 0 else (-high, -low)


def _samples(left: int, right: int, span: tuple[float, float], width: int) -> tuple[int, int]:
    first, last = (int(min(max(value, 0), width)) for value in (left + span[0] - 2, right + span[1] + 2))
    return first, last
