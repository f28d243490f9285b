"""Where inverse depth comes from: one protocol, many sources.

Convention:
    Inverse depth is relative and larger = nearer. A source returns it raw: any affine scale, its own resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from art3d_node import native

MAX_ASPECT = 4.0
CPU = torch.device("cpu")


@dataclass(frozen=True)
class SourceInput:
    """What a depth source may look at, all over one data window.

    Attributes:
        look: (h, w, 3) uint8, display-referred, at any size; anything for a source that needs none.
        aspect: width over height of the window in square pixels.
        z: (H, W) float32, the plate's Z, or None.
        alpha: (H, W) float32, or None.
        z_meaning: what Z's values mean: "distance", "inverse", "far-is-white" or "near-is-white".
        layout_only: only what lies before what is wanted, not where it ends: a network may look at a smaller picture.
    """

    look: Tensor
    aspect: float
    z: Tensor | None = None
    alpha: Tensor | None = None
    z_meaning: str = "distance"
    layout_only: bool = False


@dataclass(frozen=True)
class Estimate:
    """Raw inverse depth.

    Attributes:
        inverse_depth: (h, w) float32, larger = nearer, finite, at the source's own resolution, where it computed.
        model_id: what made it, precise enough to make it again.
    """

    inverse_depth: Tensor
    model_id: str


class DepthSource(Protocol):
    """A way to inverse depth. Sources hold no state that one frame could leave for the next."""

    @property
    def name(self) -> str:
        """What `--depth` calls it."""
        ...

    @property
    def needs_look(self) -> bool:
        """Whether it looks at the picture, as networks do; what it says then has no sharp edges of its own."""
        ...

    @property
    def licence_note(self) -> str:
        """What the user has to know before commercial work, or ""."""
        ...

    def estimate(self, frame: SourceInput) -> Estimate:
        """The raw inverse depth of one frame.

        Raises:
            ValueError: this source cannot read this frame.
        """
        ...


def working_size(aspect: float, *, short_side_px: int, multiple: int) -> tuple[int, int]:
    """(height, width) of a network's input: the short side given, both multiples of `multiple`, at most 4:1."""
    long_side = min(max(aspect, 1.0 / aspect), MAX_ASPECT) * short_side_px
    short, long = (max(multiple, multiple * round(side / multiple)) for side in (short_side_px, long_side))
    return (short, long) if aspect >= 1.0 else (long, short)


def resized_look(look: Tensor, size: tuple[int, int]) -> Tensor:
    """(h, w, 3) uint8 → (1, 3, *size) float 0..1, area-averaged down, bilinear up."""
    shrinks = size[0] <= look.shape[0] and size[1] <= look.shape[1]
    if shrinks and look.device.type == "cpu":
        small = torch.empty(1, 3, *size, device=CPU)
        native.shrink_look(look.contiguous().numpy(), small[0].numpy())
        return small
    x = look.permute(2, 0, 1)[None].to(torch.float32) / 255.0
    if shrinks:
        return functional.interpolate(x, size=size, mode="area")
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
