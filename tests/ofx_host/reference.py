"""What the node should give, from the Python client: the same frame, asked through other code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from host_bridge.client import Client
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.outputs import review
from host_bridge.wire.settings import AnalysisSettings

CHANNELS = {4: ("R", "G", "B", "A"), 3: ("R", "G", "B"), 1: ("A",)}


def frame_of(
    color: Array, *, display: Box | None = None, data: Box | None = None, aspect: float = 1.0, **layers: Array
) -> Frame:
    """The frame that the plug-in should upload."""
    own = data or Box.of_size(color.shape[1], color.shape[0])
    return Frame(display or own, own, {"color": color, **layers}, CHANNELS[color.shape[2]], aspect)


class Reference:
    """Composes the node's outputs from the client's planes."""

    def __init__(self, client: Client, frame: Frame, *, one_size: bool = False, **knobs: Any) -> None:
        self._client, self._frame, self._one_size = client, frame, one_size
        known = {field.name for field in fields(Controls)}
        self._controls = Controls(**{k: v for k, v in knobs.items() if k in known})
        defaults = {"depth": "auto", "style": "neutral", "z_meaning": "auto"}
        self._settings = AnalysisSettings(**{name: knobs.get(name, default) for name, default in defaults.items()})

    def planes(self, box: Box, *names: str) -> list[Array]:
        """Planes of a box."""
        tile = self._client.tile(self._frame, self._settings, self._controls, box, names)
        return [np.array(tile.planes[name]) for name in names]

    def output(self, mode: str, box: Box) -> Array:
        """(h, w, c) float32 of an output mode; `box` in plate coordinates."""
        return {
            "left": self._eye,
            "right": self._eye,
            "side-by-side": self._squeezed if self._one_size else self._side_by_side,
            "over-under": self._squeezed if self._one_size else self._over_under,
            "anaglyph": self._anaglyph,
            "disparity": self._disparity,
            "inverse-depth": self._depth,
            "occlusion": self._occlusion,
            "window-masks": self._masks,
        }[mode](box, mode)

    def _eye(self, box: Box, mode: str) -> Array:
        return self.planes(box, mode)[0]

    def _side_by_side(self, box: Box, mode: str) -> Array:
        display, data = self._frame.display, self._frame.data
        whole = np.zeros((box.height, box.width, len(self._frame.channels)), np.float32)
        for eye, shift in (("left", 0), ("right", display.width)):
            columns = Box(display.x0, data.y0, display.x1, data.y1)
            part = box.shift(-shift, 0).intersect(columns)
            if not part.empty:
                whole[part.shift(shift, 0).slices(box)] = self.planes(part, eye)[0]
        return whole

    def _over_under(self, box: Box, mode: str) -> Array:
        display, data = self._frame.display, self._frame.data
        whole = np.zeros((box.height, box.width, len(self._frame.channels)), np.float32)
        for eye, shift in (("left", -display.height), ("right", 0)):
            rows = Box(data.x0, display.y0, data.x1, display.y1)
            part = box.shift(0, -shift).intersect(rows)
            if not part.empty:
                whole[part.shift(0, shift).slices(box)] = self.planes(part, eye)[0]
        return whole

    def _squeezed(self, box: Box, mode: str) -> Array:
        """Both whole eyes, each half as wide or high, and of that the box."""
        data, axis = self._frame.data, 1 if mode == "side-by-side" else 0
        size = (data.height, data.width)[axis]
        eyes = []
        for eye, count in (("left", (size + 1) // 2), ("right", size // 2)):
            # The share of each old sample in each new one.
            edges = np.arange(count + 1) * size / count
            old = np.arange(size)
            shares = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
            shares = shares.clip(0) * count / size
            picture = np.moveaxis(self.planes(data, eye)[0].astype(np.float64), axis, 0)
            eyes.append(np.moveaxis(np.tensordot(shares, picture, 1), 0, axis))
        return np.concatenate(eyes, axis=axis).astype(np.float32)[box.slices(data)]

    def _anaglyph(self, box: Box, mode: str) -> Array:
        left, right = self.planes(box, "left", "right")
        if left.shape[2] < 3:
            return right if self._controls.hero == "right" else left
        mixed = left[..., :3].astype(np.float64) @ review._LEFT.T + right[..., :3].astype(np.float64) @ review._RIGHT.T
        alpha = (right if self._controls.hero == "right" else left)[..., 3:]
        return np.concatenate([mixed.astype(np.float32), alpha], axis=2)

    def _disparity(self, box: Box, mode: str) -> Array:
        left, right = self.planes(box, "disparity_left", "disparity_right")
        nothing = np.zeros_like(left)
        return np.concatenate([-left, nothing, right, nothing], axis=2)

    def _depth(self, box: Box, mode: str) -> Array:
        iz = self.planes(box, "inverse_depth")[0]
        return np.concatenate([iz, iz, iz, np.ones_like(iz)], axis=2)

    def _occlusion(self, box: Box, mode: str) -> Array:
        left, right = self.planes(box, "occlusion_left", "occlusion_right")
        return np.concatenate([left, right, right, np.ones_like(left)], axis=2)

    def _masks(self, box: Box, mode: str) -> Array:
        left, right = self.planes(box, "window_left", "window_right")
        return np.concatenate([left, right, right, np.ones_like(left)], axis=2)


def as_depth(pixels: Array, dtype: np.dtype[Any]) -> Array:
    """float32 in a host's sample type: integers from 0..1, clamped, rounded."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return pixels.astype(dtype)
    top = np.float32(np.iinfo(dtype).max)
    return np.asarray(np.rint(np.clip(np.nan_to_num(pixels, nan=0.0), 0, 1).astype(np.float32) * top).astype(dtype))
