"""The masks of a floating window: a strip at one side of each eye's picture, computed per pixel of any tile.

Convention:
    1 is seen, 0 is masked. Positions are of the display window inside its bars, where the picture's edges are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from art3d_node.plate import PlateTensors
from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.geometry import Box

LEAST_SOFT_PX = 1.0
"""A mask fades over a pixel at least, so that a slanted edge has no steps."""
_EYES = ("left", "right")


def window_mask(plate: PlateTensors, window: FloatingWindow, softness_pct: float, eye: str, box: Box) -> Tensor | None:
    """One eye's mask over a box of the plate, (h, w, 1) float32; None where nothing is masked.

    The mask of an edge at p % ends p % of the picture width inside the picture and fades outwards from there, by a
    smooth step over the softness, so that the picture keeps all that the knob leaves it.
    """
    if not any(_ends(window, eye)) or box.empty:
        return None
    y = torch.arange(box.y0, box.y1, dtype=torch.float64, device=plate.device)
    x = torch.arange(box.x0, box.x1, dtype=torch.float64, device=plate.device)
    inside, width = _inside_px(plate, window, eye, y + 0.5, x[None] + 0.5)
    soft = max(LEAST_SOFT_PX, softness_pct * plate.frame.picture_width / 100.0)
    t = ((inside - width - 0.5) / soft + 1.0).clamp(0.0, 1.0)
    # An edge that lies on the screen masks nothing, not even what lies beyond it.
    mask = torch.where(width > 0.0, t * t * (3.0 - 2.0 * t), 1.0)
    return mask.to(torch.float32)[..., None]


def hidden_parallax(
    plate: PlateTensors, window: FloatingWindow, disparity_px: Tensor, every: int, hero: str
) -> tuple[float, float] | None:
    """Nearest and farthest parallax that the masks hide of a frame, % of the width; None where they hide nothing.

    Args:
        plate: the frame.
        window: where its edges are.
        disparity_px: (h, w) on the hero grid, every how many-th row and column of the picture.
        every: that number.
        hero: whose grid it is; "none" is the middle between both eyes.
    """
    data = plate.frame.data
    rows, columns = (torch.arange(n, dtype=torch.float64, device=plate.device) * every for n in disparity_px.shape)
    covered = torch.zeros_like(disparity_px, dtype=torch.bool)
    for eye in _EYES:
        if any(_ends(window, eye)):
            away = 0.5 if hero == "none" else float(eye != hero)
            x = data.x0 + columns[None] + 0.5 + (away if eye == "left" else -away) * disparity_px
            inside, width = _inside_px(plate, window, eye, data.y0 + rows + 0.5, x)
            covered |= inside < width
    found = disparity_px[covered & torch.isfinite(disparity_px)] * (-100.0 / plate.frame.picture_width)
    return (round(float(found.min()), 4), round(float(found.max()), 4)) if found.numel() else None


def darkened(view: Tensor, mask: Tensor | None, channels: tuple[str, ...]) -> Tensor:
    """A view (h, w, C) under a mask; alpha stays, since a window's edge is opaque."""
    if mask is None:
        return view
    masked = torch.where(mask > 0.0, view * mask, 0.0)
    if "A" in channels:
        alpha = channels.index("A")
        masked[..., alpha] = view[..., alpha]
    return masked


def _ends(window: FloatingWindow, eye: str) -> tuple[float, float]:
    return window.left_pct if eye == "left" else window.right_pct


def _inside_px(plate: PlateTensors, window: FloatingWindow, eye: str, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """How far positions lie inside the picture's own edge, and how far the mask reaches in their rows (h, 1); px."""
    display = plate.frame.display
    top, bottom = _ends(window, eye)
    share = ((y - display.y0) / display.height).clamp(0.0, 1.0)
    width = ((top + (bottom - top) * share) * (plate.frame.picture_width / 100.0))[:, None]
    return (x - display.x0 if eye == "left" else display.x1 - x), width
