"""`mini` behind the protocol of depth sources; the network here is untrained."""

from __future__ import annotations

import pytest
import torch

from art3d_node.models.depth_net import SourceInput
from art3d_node.models.mini import WORKING_SHORT_SIDE, MiniDepth
from art3d_node.models.mini_source import MiniSource


@pytest.mark.parametrize(("aspect", "size"), [(16 / 9, (320, 576)), (0.5, (640, 320)), (100.0, (320, 1280))])
def test_the_working_size_follows_the_picture(aspect: float, size: tuple[int, int]) -> None:
    assert WORKING_SHORT_SIDE == 320
    torch.manual_seed(0)
    source = MiniSource(MiniDepth(), model_id="mini:test")
    look = torch.randint(0, 255, (90, 160, 3), dtype=torch.uint8)
    found = source.estimate(SourceInput(look=look, aspect=aspect))
    assert found.inverse_depth.shape == size
    assert found.model_id == "mini:test"
    assert bool(torch.isfinite(found.inverse_depth).all())
    assert not found.inverse_depth.requires_grad
