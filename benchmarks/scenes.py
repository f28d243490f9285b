"""Scenes whose every view is known: textured cut-outs in front of each other, rendered per view.

A layer is a planar cut-out in the left view's coordinates with disparity ``a + b (x - cx) + c (y - cy)``
px. A view at ``v`` (0 = left eye, 1 = right eye) sees its point at ``x - v d(x)``; every sample of every
view is computed by inverting that line, so no view is a warp of another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

EVERYWHERE, ELLIPSE, BOX, STAR = 0, 1, 2, 3
WAVES = 12
STRIPES = 3


@dataclass(frozen=True)
class Scene:
    """Two true views and what connects them.

    Attributes:
        name: what the table calls it.
        left: (H, W, 3) float32, the plate.
        right: (H, W, 3) float32, the true new view.
        disparity: (H, W) float32, px on the left grid, of the surface that covers most of the pixel.
        occlusion: (H, W) bool on the right grid: the point at the pixel's centre is not in ``left``.
        outside: (H, W) bool, the part of ``occlusion`` whose point lies beyond the border of ``left``.
        outline: (H, W) bool on the right grid: not occluded, but an outline passes within a pixel, in the
            right view or at the same point of the left one. What is neither is plainly visible.
    """

    name: str
    left: Tensor
    right: Tensor
    disparity: Tensor
    occlusion: Tensor
    outside: Tensor
    outline: Tensor


@dataclass(frozen=True)
class Layer:
    """One cut-out, front to back in a list: shape, outline, disparity plane, texture.

    Attributes:
        shape: EVERYWHERE, ELLIPSE, BOX or STAR.
        centre: cx, cy, px.
        size: half width, half height, px.
        angle: of the shape, radians.
        softness: half the width over which the outline fades, px; 0 is a hard outline.
        plane: a, b, c of the disparity.
        seed: of the texture.
    """

    shape: int
    centre: tuple[float, float]
    size: tuple[float, float]
    angle: float
    softness: float
    plane: tuple[float, float, float]
    seed: int


def _texture(seed: int, detail: float) -> Floats:
    """Rows (fx, fy, phase, gain, r, g, b): WAVES sine waves, STRIPES wavy bands, a base colour.

    A band is ``tanh(gain sin)``: its edges are half of ``detail`` px wide, so that a pixel grid can hold them.
    """
    rng = np.random.default_rng(seed)
    period = np.geomspace(detail, detail * 90, WAVES) * rng.uniform(0.8, 1.25, WAVES)
    period = np.r_[period, rng.uniform(14, 50, STRIPES) * detail]
    angle = rng.uniform(0, np.pi, WAVES + STRIPES)
    amplitude = np.r_[0.02 * (period[:WAVES] / period[:WAVES].max()) ** 0.2, np.full(STRIPES, 0.042)]
    colour = amplitude[:, None] * (1.0 + 0.5 * rng.standard_normal((WAVES + STRIPES, 3)))
    gain = np.r_[np.zeros(WAVES), period[WAVES:] / (0.5 * np.pi * detail)]
    phase = rng.uniform(0, 2 * np.pi, WAVES + STRIPES)
    frequency = 2 * np.pi / period
    waves = np.column_stack([frequency * np.cos(angle), frequency * np.sin(angle), phase, gain, colour])
    return np.vstack([waves, np.r_[np.zeros(4), rng.uniform(0.35, 0.65, 3)]])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _cover(layer: Floats, x: float, y: float) -> float:
    """How much of the layer is at (x, y): 0 .. 1."""
    shape = int(layer[0])
    if shape == EVERYWHERE:
        return 1.0
    dx, dy = x - layer[1], y - layer[2]
    u = dx * np.cos(layer[5]) + dy * np.sin(layer[5])
    v = dy * np.cos(layer[5]) - dx * np.sin(layer[5])
    if shape == BOX:
        distance = max(abs(u) - layer[3], abs(v) - layer[4])
    else:
        norm = np.sqrt((u / layer[3]) ** 2 + (v / layer[4]) ** 2) + 1e-9
        edge = 1.0
        if shape == STAR:
            edge = 0.75 + 0.25 * np.cos(5 * np.arctan2(v / layer[4], u / layer[3]))
        distance = (norm - edge) * min(layer[3], layer[4])
    if layer[6] <= 0:
        return 1.0 if distance <= 0 else 0.0
    t: float = min(max(0.5 - 0.5 * distance / layer[6], 0.0), 1.0)
    return t * t * (3 - 2 * t)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _point(layer: Floats, x: float, y: float, v: float) -> tuple[float, float]:
    """Left-view column of the layer's point that view ``v`` shows at (x, y), and its disparity."""
    a, b, c = layer[7], layer[8], layer[9]
    left = (x + v * (a - b * layer[1] + c * (y - layer[2]))) / (1 - v * b)
    return left, a + b * (left - layer[1]) + c * (y - layer[2])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _colour(waves: Floats, x: float, y: float, weight: float, out: Floats) -> None:
    last = waves.shape[0] - 1
    for i in range(last):
        angle = waves[i, 0] * x + waves[i, 1] * y + waves[i, 2]
        if waves[i, 3] > 0:
            bend = 0.7 * np.sin(0.31 * (waves[i, 0] * y - waves[i, 1] * x) + 2 * waves[i, 2])
            value = weight * np.tanh(waves[i, 3] * np.sin(angle + bend))
        else:
            value = weight * np.sin(angle)
        for c in range(3):
            out[c] += value * waves[i, 4 + c]
    for c in range(3):
        out[c] += weight * waves[last, 4 + c]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _front(layers: Floats, x: float, y: float, v: float) -> tuple[int, float, float]:
    """Index of the first layer that covers at least half of the point, its left column, its disparity."""
    for i in range(layers.shape[0]):
        left, d = _point(layers[i], x, y, v)
        if _cover(layers[i], left, y) >= 0.5:
            return i, left, d
    return -1, x, 0.0


@numba.njit(cache=True, parallel=True)  # type: ignore[untyped-decorator]
def _render(layers: Floats, textures: Floats, v: float, grid: int, out: Floats) -> None:
    """Average grid x grid samples per pixel, each composited front to back."""
    for y in numba.prange(out.shape[0]):
        for x in range(out.shape[1]):
            total = np.zeros(3)
            for j in range(grid):
                for i in range(grid):
                    px, py = x + (i + 0.5) / grid - 0.5, y + (j + 0.5) / grid - 0.5
                    rest = 1.0
                    for k in range(layers.shape[0]):
                        left, _ = _point(layers[k], px, py, v)
                        cover = _cover(layers[k], left, py)
                        if cover > 0:
                            _colour(textures[k], left, py, rest * cover, total)
                            rest *= 1 - cover
                            if rest <= 0:
                                break
            for c in range(3):
                out[y, x, c] = total[c] / (grid * grid)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _alone(layers: Floats, x: float, y: float, v: float, reach: float) -> bool:
    """Tell whether one layer covers the whole square of ``reach`` px around a point of view ``v``."""
    seen, _, _ = _front(layers, x, y, v)
    for dy in (-reach, 0.0, reach):
        for dx in (-reach, 0.0, reach):
            if _front(layers, x + dx, y + dy, v)[0] != seen:
                return False
    return True


@numba.njit(cache=True, parallel=True)  # type: ignore[untyped-decorator]
def _describe(
    layers: Floats, reach: float, disparity: npt.NDArray[np.float32], occlusion: Masks, outside: Masks, outline: Masks
) -> None:
    width = disparity.shape[1]
    for y in numba.prange(disparity.shape[0]):
        for x in range(width):
            _, _, disparity[y, x] = _front(layers, x, y, 0.0)
            seen, left, _ = _front(layers, x, y, 1.0)
            first, _, _ = _front(layers, left, y, 0.0)
            outside[y, x] = left < -0.5 or left > width - 0.5
            hidden = first != seen or outside[y, x]
            alone = _alone(layers, x, y, 1.0, reach) and _alone(layers, left, y, 0.0, reach)
            occlusion[y, x], outline[y, x] = hidden, not hidden and not alone


def render(name: str, layers: list[Layer], size: tuple[int, int], *, grid: int, detail: float) -> Scene:
    """Render both views of ``layers`` (front to back) with ``grid`` x ``grid`` samples per pixel."""
    height, width = size
    table = np.array([[q.shape, *q.centre, *q.size, q.angle, q.softness, *q.plane] for q in layers])
    textures = np.stack([_texture(q.seed, detail) for q in layers])
    views = [np.empty((height, width, 3), np.float32) for _ in range(2)]
    for v, out in enumerate(views):
        _render(table, textures, float(v), grid, out)
    disparity = np.empty((height, width), np.float32)
    occlusion, outside, outline = (np.empty((height, width), np.bool_) for _ in range(3))
    reach = 1.5 + max(q.softness for q in layers)
    _describe(table, reach, disparity, occlusion, outside, outline)
    tensors = [torch.from_numpy(array) for array in (*views, disparity, occlusion, outside, outline)]
    return Scene(name, *tensors)


def layered(
    name: str,
    *,
    size: tuple[int, int] = (1080, 1920),
    span: tuple[float, float] = (-20.0, 30.0),
    softness: float = 0.0,
    grid: int = 1,
    seed: int = 1,
    detail: float = 4.0,
) -> Scene:
    """Eight cut-outs in front of a slanted backdrop, disparities from ``span[0]`` to ``span[1]`` px."""
    height, width = size
    rng = np.random.default_rng(seed)
    unit = height / 1080
    low, high = span
    steps = np.linspace(high, low, 9)
    layers = []
    for i, level in enumerate(steps[:-1]):
        shape = (ELLIPSE, BOX, STAR, BOX)[i % 4]
        half = rng.uniform(90, 230, 2) * unit if i % 4 != 3 else np.array([rng.uniform(3, 14), 330.0]) * unit
        centre = (rng.uniform(0.08, 0.92) * width, rng.uniform(0.15, 0.85) * height)
        slope = rng.uniform(-0.2, 0.2, 2) * (high - low) / 8 / max(half.max(), 1.0)
        plane = (float(level), float(slope[0]), float(slope[1]))
        angle = rng.uniform(0, np.pi) if i % 4 != 3 else rng.uniform(-0.3, 0.3)
        layers.append(Layer(shape, centre, (half[0], half[1]), angle, softness * unit, plane, 100 * seed + i))
    tilt = 0.2 * (high - low) / 8 / height
    backdrop = (low + tilt * height / 2, 0.0, tilt)
    layers.append(Layer(EVERYWHERE, (width / 2, height / 2), (1.0, 1.0), 0.0, 0.0, backdrop, 100 * seed + 50))
    return render(name, layers, size, grid=grid, detail=detail * unit)


def ramps(name: str, *, size: tuple[int, int] = (1080, 1920), detail: float = 4.0) -> Scene:
    """Three slanted planes without a common level, a fraction of a pixel to a few pixels apart per row."""
    height, width = size
    unit = height / 1080
    tilts = ((0.004, 0.003), (-0.006, 0.002), (0.002, -0.004))
    layers = [
        Layer(
            ELLIPSE,
            (width * (0.25 + 0.25 * i), height * 0.5),
            (190 * unit, 330 * unit),
            0.4 * i,
            0.0,
            (9.3 * unit - 4 * unit * i, *tilt),
            70 + i,
        )
        for i, tilt in enumerate(tilts)
    ]
    centre = (width / 2, height / 2)
    layers.append(Layer(EVERYWHERE, centre, (1.0, 1.0), 0.0, 0.0, (-6.7 * unit, 0.003, 0.002), 79))
    return render(name, layers, size, grid=1, detail=detail * unit)
