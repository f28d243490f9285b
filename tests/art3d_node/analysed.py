"""Frames to analyse, and depth networks of known behaviour."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.library import Library
from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.models.neutral import SCALE, SHIFT
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire.settings import AnalysisSettings

LIBRARY = Library()
NEUTRAL = AnalysisSettings(depth="aov", z_meaning="distance")


def make_frame(height: int = 36, width: int = 64, *, data: Box | None = None, **layers: Any) -> Frame:
    """A wall with a floor before it, and a box that stands on the floor."""
    box = data or Box.of_size(width, height)
    z = np.full((box.height, box.width), 10.0, np.float32)
    rows = np.arange(box.height, dtype=np.float32)[:, None] / box.height
    z = np.where(rows > 0.5, 10.0 - 14.0 * (rows - 0.5), z)
    z[int(0.3 * box.height) : int(0.8 * box.height), int(0.4 * box.width) : int(0.6 * box.width)] = 4.0
    generator = np.random.default_rng(3)
    color = generator.random((box.height, box.width, 4), np.float32)
    color[..., 3] = 1.0
    every: dict[str, Any] = {"color": color, "depth": z[..., None].astype(np.float32), **layers}
    kept = {name: value for name, value in every.items() if value is not None}
    return Frame(Box.of_size(width, height), box, kept, ("R", "G", "B", "A"))


class SmallNet:
    """A depth source that looks at the picture: nearness is brightness, at 1/4 of the size."""

    name, needs_look, licence_note = "small-net", True, ""

    def estimate(self, frame: SourceInput) -> Estimate:
        grey = frame.look.float().mean(dim=2)
        return Estimate(grey[::4, ::4].contiguous(), "small-net:1")


class Wavy:
    """A style whose vs and vt change over the picture."""

    id, name, needs_look = "wavy-1", "wavy", True

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        assert look.numel() > 0
        ramp = torch.linspace(-1, 1, inverse_depth.shape[1]).expand(inverse_depth.shape)
        return SCALE + 0.004 * ramp, SHIFT + 0.003 * ramp * ramp


class Shelf:
    """A library with the two."""

    def depth(self, name: str) -> Any:
        return SmallNet() if name == "small-net" else LIBRARY.depth(name)

    def style(self, name: str) -> Any:
        return Wavy() if name == "wavy" else LIBRARY.style(name)

    def automatic(self, *, has_z: bool) -> str:
        return "aov" if has_z else "small-net"


def same(a: FrameAnalysis, b: FrameAnalysis) -> bool:
    return torch.equal(a.disparity_px, b.disparity_px) and torch.equal(a.inverse_depth, b.inverse_depth)
