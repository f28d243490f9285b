"""Several styles at once: their blueprints mixed by weight, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from art3d_node.models.neutral import Staging


@dataclass(frozen=True)
class BlendedStyle:
    """Σ share · (vs, vt): the blueprint is linear in both, so the disparity is the same mix of the styles' own.

    Attributes:
        name: the blend as text.
        parts: styles and shares, which sum to 1.
    """

    name: str
    parts: Sequence[tuple[Staging, float]]

    @property
    def id(self) -> str:
        """Of all parts and shares."""
        return "+".join(f"{share:.9g}*{style.id}" for style, share in self.parts)

    @property
    def needs_look(self) -> bool:
        """Whether any part looks at the picture."""
        return any(style.needs_look for style, _ in self.parts)

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        """As `Staging.stage`."""
        scale, shift = inverse_depth.new_zeros(()), inverse_depth.new_zeros(())
        for style, share in self.parts:
            staged = style.stage(look, inverse_depth, aspect=aspect)
            scale, shift = scale + share * staged[0], shift + share * staged[1]
        return scale, shift
