"""`mini` behind the protocol of depth sources; the network here is untrained."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from art3d_node.models.depth_net import SourceInput
from art3d_node.models.mini import LAYOUT_SHORT_SIDE, WORKING_SHORT_SIDE, MiniDepth, load_mini
from art3d_node.models.mini_source import MiniSource
from art3d_node.models.z_order import spearman


@pytest.mark.parametrize(
    ("look", "aspect", "size"),
    [
        ((576, 1024), 16 / 9, (384, 672)),
        ((1024, 512), 0.5, (768, 384)),
        ((1024, 1024), 100.0, (384, 1536)),
        ((332, 800), 800 / 332, (320, 768)),
        ((90, 160), 16 / 9, (192, 352)),
    ],
)
def test_the_working_size_follows_the_picture(look: tuple[int, int], aspect: float, size: tuple[int, int]) -> None:
    """A small picture is not enlarged for the network, but for its layout."""
    assert WORKING_SHORT_SIDE == 384
    torch.manual_seed(0)
    source = MiniSource(MiniDepth(), model_id="mini:test")
    seen = torch.randint(0, 255, (*look, 3), dtype=torch.uint8)
    found = source.estimate(SourceInput(look=seen, aspect=aspect))
    assert found.inverse_depth.shape == size
    assert found.model_id == "mini:test"
    assert bool(torch.isfinite(found.inverse_depth).all())
    assert not found.inverse_depth.requires_grad


def test_a_layout_is_looked_at_small_and_keeps_the_order_of_near_and_far(plates: Path) -> None:
    source = MiniSource(load_mini(), model_id="mini:test")
    for path in sorted((plates / "kodak").glob("*.png"))[:3]:
        look = torch.from_numpy(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))
        whole, layout = (
            source.estimate(SourceInput(look, 1.5, layout_only=only)).inverse_depth for only in (False, True)
        )
        assert min(layout.shape) == LAYOUT_SHORT_SIDE < min(whole.shape)
        small = cv2.resize(whole.numpy(), layout.numpy().shape[::-1], interpolation=cv2.INTER_AREA)
        assert spearman(small.ravel().astype(np.float64), layout.numpy().ravel().astype(np.float64)) > 0.95
