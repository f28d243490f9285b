"""A blend of styles is the mix of their blueprints."""

from __future__ import annotations

import pytest
import torch

from art3d_node.library import Library
from host_bridge.core.errors import StyleError


def test_a_blend_lies_between_its_styles() -> None:
    library = Library()
    generator = torch.Generator().manual_seed(1)
    iz = torch.rand(64, 96, generator=generator)
    look = torch.randint(0, 255, (64, 96, 3), generator=generator, dtype=torch.uint8)
    gentle, immersive, blend = (
        library.style(name).stage(look, iz, aspect=1.5) for name in ("gentle", "immersive", "immersive:3,gentle:1")
    )
    for a, b, mixed in zip(gentle, immersive, blend, strict=True):
        assert torch.allclose(mixed, 0.25 * a + 0.75 * b, atol=1e-7) and not torch.allclose(mixed, b, atol=1e-4)


def test_a_blend_with_neutral_and_its_name() -> None:
    library = Library()
    blend = library.style("neutral:1,gentle:1")
    assert blend.needs_look and library.style("gentle").id in blend.id and "neutral" in blend.id
    assert blend.id != library.style("neutral:1,gentle:2").id
    assert library.style("neutral:1,gentle:0").id == library.style("neutral").id
    with pytest.raises(StyleError, match="nobody"):
        library.style("nobody:1,gentle:1")
