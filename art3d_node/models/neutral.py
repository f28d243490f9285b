"""The style `neutral`: constant vs and vt, which is what geometric conversion does.

Every learned style is compared with it. Its figures are a decision: docs/decisions/001-neutral-style.md.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

SCALE = 0.020
SHIFT = -0.013
"""Fractions of picture width: inverse depth 0..1 becomes parallax +1.3 … −0.7 %."""


class Staging(Protocol):
    """What a style does to a frame."""

    @property
    def id(self) -> str:
        """Changes whenever the result may change."""
        ...

    @property
    def name(self) -> str:
        """What the artist chooses."""
        ...

    @property
    def needs_look(self) -> bool:
        """Whether `stage` looks at the picture."""
        ...

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        """vs and vt for one frame.

        Args:
            look: (h, w, 3) uint8, display-referred; anything where `needs_look` is false.
            inverse_depth: (H, W) normalised iz at plate resolution.
            aspect: width over height of the frame in square pixels.

        Returns:
            vs, vt: each (H, W), or 0-d where constant; fractions of picture width.
        """
        ...


class Neutral:
    """Constant vs and vt."""

    id = "neutral-1"
    name = "neutral"
    needs_look = False

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        """As `Staging.stage`; two 0-d tensors."""
        return inverse_depth.new_tensor(SCALE), inverse_depth.new_tensor(SHIFT)
