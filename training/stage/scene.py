"""Scenes made of planes. A plane's inverse depth is affine in the picture, so parallax moves it affinely: both
eyes and every camera position are exact, with exact inverse depth.

Convention:
    Pictures are (rows, columns), y down, 0..1. Inverse depth iz is 0..1, larger = nearer. x counts from the
    picture's left edge; a plane may reach beyond the picture on either side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """One surface of the scene.

    Attributes:
        color: (h, w, 4) RGB premultiplied by alpha; transparent beyond.
        origin: x, y of its first pixel, px of the picture.
        iz: (a, b, c) of iz = a + b·x + c·y, x and y in px of the picture.
        pop_out: 1 when the director pulls this plane out of the picture, else 0.
    """

    color: Image
    origin: tuple[int, int]
    iz: tuple[float, float, float]
    pop_out: float = 0.0


@dataclass(frozen=True)
class View:
    """One eye's picture.

    Attributes:
        color: (H, W, 3), 0..1.
        iz: (H, W) inverse depth.
        matte: (H, W) 1 where a plane was pulled out of the picture.
    """

    color: Image
    iz: Image
    matte: Image


@dataclass(frozen=True)
class Scene:
    """Planes from far to near, and the picture's size in px."""

    planes: tuple[Plane, ...]
    width: int
    height: int

    def view(self, *, gain_px: float = 0.0, offset_px: float = 0.0, pop_out_px: float = 0.0) -> View:
        """The picture whose points lie at x + gain·iz + offset (+ pop_out on pulled planes).

        A camera that trucks by m shows gain = m. The right eye of a director's (s, t) shows gain = m − s,
        offset = −t, pop_out = −(what comes out).

        Args:
            gain_px: shift per unit of inverse depth, px.
            offset_px: shift of everything, px.
            pop_out_px: further shift of pulled planes, px.
        """
        shape = (self.height, self.width)
        color, iz, matte = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for plane in self.planes:
            a, b, c = plane.iz
            move = offset_px + pop_out_px * plane.pop_out + gain_px * a
            forward = np.array([[1 + gain_px * b, gain_px * c, move], [0, 1, 0]], np.float64)
            self._paint(plane, forward, color, iz, matte)
        return View(color, iz, matte)

    def _paint(self, plane: Plane, forward: Matrix, color: Image, iz: Image, matte: Image) -> None:
        """Lays a plane moved by `forward` over what is there, touching only the columns and rows it reaches."""
        y0, y1 = plane.origin[1], plane.origin[1] + plane.color.shape[0]
        x0, x1 = self._columns(plane, forward)
        if x1 <= x0:
            return
        moved = _warp(plane, forward, (x0, y0, x1, y1))
        region = slice(y0, y1), slice(x0, x1)
        alpha = moved[..., 3]
        color[region] = moved[..., :3] + color[region] * (1 - alpha[..., None])
        a, b, c = plane.iz
        y = np.arange(y0, y1, dtype=np.float32)[:, None]
        x = (np.arange(x0, x1, dtype=np.float32) - np.float32(forward[0, 1]) * y - np.float32(forward[0, 2])) / (
            np.float32(forward[0, 0])
        )
        solid = alpha > 0.5
        iz[region] = np.where(solid, a + b * x + c * y, iz[region])
        matte[region] = np.where(solid, np.float32(plane.pop_out), matte[region])

    def _columns(self, plane: Plane, forward: Matrix) -> tuple[int, int]:
        h, w = plane.color.shape[:2]
        left, top = plane.origin
        corners = np.array([[x, y, 1.0] for x in (left, left + w) for y in (top, top + h)])
        reach = corners @ forward[0]
        return max(0, int(reach.min()) - 2), min(self.width, int(reach.max()) + 3)


def _warp(plane: Plane, forward: Matrix, window: tuple[int, int, int, int]) -> Image:
    """The plane inside `window` (x0, y0, x1, y1) of the picture; rows stay where they are."""
    x0, y0, x1, y1 = window
    left, top = plane.origin
    matrix = forward.astype(np.float64)
    matrix[0, 2] += forward[0, 0] * left + forward[0, 1] * top - x0
    matrix[1, 2] += top - y0
    return np.asarray(cv2.warpAffine(plane.color, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR), np.float32)
