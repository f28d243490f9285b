"""Frames with a staged disparity, and the renderer's answer to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.plate import GIVEN
from art3d_node.renderer import RenderedBox, render
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS
from host_bridge.wire.settings import AnalysisSettings

LIBRARY = Library()
H, W = 40, 96
FULL = Box.of_size(W, H)
WIDE = Controls(budget_front=20.0, budget_behind=20.0, edges="hard")
EVERY = tuple(OUTPUTS)


def given_frame(disparity: Any, *, data: Box = FULL, display: Box = FULL, **layers: Any) -> Frame:
    """Noise with a staged disparity, px."""
    size = (data.height, data.width)
    generator = np.random.default_rng(5)
    every: dict[str, Any] = {
        "color": generator.random((*size, 4), np.float32),
        "extra": generator.random((*size, 2), np.float32),
        "disparity": np.broadcast_to(np.asarray(disparity, np.float32), size)[..., None].copy(),
        **layers,
    }
    return Frame(display, data, {k: v for k, v in every.items() if v is not None}, ("R", "G", "B", "A"))


def pop_out() -> Any:
    """A wall 4 px behind the screen and a square 6 px in front of it."""
    d = np.full((H, W), -4.0, np.float32)
    d[10:30, 40:60] = 6.0
    return d


def shoot(
    frame: Frame, controls: Controls = WIDE, box: Box | None = None, outputs: tuple[str, ...] = EVERY
) -> RenderedBox:
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    return render(frame, found, controls, frame.data if box is None else box, outputs)


def carried(colours: Any, disparity: Any, sign: int) -> tuple[Any, Any]:
    """(H, W, C) and (H, W) arrays moved by whole numbers of pixels, pixel by pixel: the nearest wins, NaN is a hole.

    Args:
        colours, disparity: of the plate; whole numbers, px.
        sign: 1 towards the right eye, -1 towards the left.
    """
    out, nearest = np.full_like(colours, np.nan), np.full_like(disparity, -np.inf)
    rows, width = np.arange(disparity.shape[0]), disparity.shape[1]
    for x in range(width):
        at = x - sign * np.rint(disparity[:, x]).astype(int)
        inside = (at >= 0) & (at < width)
        y, at = rows[inside], at[inside]
        wins = disparity[y, x] > nearest[y, at]
        out[y[wins], at[wins]], nearest[y[wins], at[wins]] = colours[y[wins], x], disparity[y[wins], x]
    return out, nearest
