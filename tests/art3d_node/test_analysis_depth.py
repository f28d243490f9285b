"""Z and estimates become normalised inverse depth; what Z means is decided or named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from art3d_node.analysis import analyse
from art3d_node.estimate import estimate_depth
from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.models.neutral import SCALE, SHIFT
from host_bridge.core.errors import DepthSourceError
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.analysed import LIBRARY, NEUTRAL, Shelf, SmallNet, make_frame


def test_auto_takes_z_where_the_plate_has_it() -> None:
    assert analyse(make_frame(), AnalysisSettings(), Shelf()).depth_source == "aov"
    assert analyse(make_frame(depth=None), AnalysisSettings(), Shelf()).depth_source == "small-net"


def test_inverse_depth_is_normalised_between_robust_far_and_near() -> None:
    found = analyse(make_frame(360, 640), NEUTRAL, LIBRARY)
    iz = found.inverse_depth
    assert float(iz.quantile(0.01)) == pytest.approx(0.0, abs=1e-3)
    assert float(iz.quantile(0.99)) == pytest.approx(1.0, abs=1e-3)
    assert found.inverse_depth_range == (float(iz.min()), float(iz.max()))


def test_outliers_are_not_clipped() -> None:
    frame = make_frame(360, 640)
    frame.layers["depth"][0, 0] = 0.5
    assert float(analyse(frame, NEUTRAL, LIBRARY).inverse_depth[0, 0]) > 5.0


def test_flat_depth_lies_halfway() -> None:
    """In a shot; on its own such a frame has no depth."""
    frame = make_frame(depth=np.full((36, 64, 1), 7.0, np.float32))
    with pytest.raises(DepthSourceError, match="Z is 7 everywhere"):
        analyse(frame, NEUTRAL, LIBRARY)
    found = analyse(frame, replace(NEUTRAL, shot=ShotFrame(0.2, 0.2)), LIBRARY)
    assert torch.allclose(found.disparity_px, torch.tensor(64 * (0.5 * SCALE + SHIFT)))


def test_a_shot_fixes_normalisation() -> None:
    shot = ShotFrame(iz_low=0.05, iz_high=0.55)
    found = analyse(make_frame(), AnalysisSettings(depth="aov", shot=shot), LIBRARY)
    assert float(found.inverse_depth[20, 32]) == pytest.approx((0.25 - 0.05) / 0.5)
    alone = analyse(make_frame(), NEUTRAL, LIBRARY)
    assert found.raw_percentiles == alone.raw_percentiles


def test_a_z_of_one_value_is_passed_over_by_auto() -> None:
    blank = make_frame(depth=np.zeros((36, 64, 1), np.float32))
    assert estimate_depth(blank, AnalysisSettings(), Shelf()).source == "small-net"
    assert estimate_depth(make_frame(), AnalysisSettings(z_meaning="distance"), Shelf()).source == "aov"


class Judged(Shelf):
    """A library whose small network sees the same scene, at its own size and scale."""

    def __init__(self, nearness: Tensor) -> None:
        self.nearness = nearness

    def depth(self, name: str) -> Any:
        if name != "mini":
            return super().depth(name)
        network = SmallNet()
        network.estimate = self.estimate  # type: ignore[method-assign]
        return network

    def estimate(self, frame: SourceInput) -> Estimate:
        assert frame.layout_only
        return Estimate(self.nearness, "mini:1")


@pytest.mark.parametrize(
    ("stored", "meaning"),
    [
        (lambda z: z, "distance"),
        (lambda z: -z, "distance"),
        (lambda z: 100.0 / z, "inverse"),
        (lambda z: (z - z.min()) / (z.max() - z.min()), "far-is-white"),
        (lambda z: 1.0 - (z - z.min()) / (z.max() - z.min()), "near-is-white"),
        (lambda z: 5.0 - z, "near-is-white"),
    ],
)
def test_what_z_means_is_decided_by_a_networks_order(stored: Any, meaning: str) -> None:
    z = make_frame().layers["depth"]
    seen = torch.nn.functional.interpolate(torch.from_numpy(1.0 / z[None, None, ..., 0]), size=(48, 80))[0, 0]
    settings = AnalysisSettings(depth="aov")
    raw = estimate_depth(make_frame(depth=stored(z).astype(np.float32)), settings, Judged(3.0 * seen + 1.0))
    assert raw.z is not None and raw.z.meaning == meaning and raw.model_id == f"aov:{meaning}"
    # Whatever was stored, the box is nearer than the wall.
    assert float(raw.inverse_depth[20, 32]) > float(raw.inverse_depth[2, 2])
    stats = raw.z.stats()
    assert stats["z_meaning"] == meaning and stats["z_agreement"] > 0.9


def test_a_named_meaning_asks_nobody() -> None:
    settings = replace(NEUTRAL, z_meaning="inverse")
    raw = estimate_depth(make_frame(), settings, Judged(torch.zeros(4, 4)))
    assert raw.z is not None and raw.z.stats() == {"z_meaning": "inverse"}
