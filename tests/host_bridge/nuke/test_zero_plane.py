"""Pick Zero Plane brings what was sampled onto the screen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.host_bridge.nuke.comp import make_comp
from tests.host_bridge.nuke.stand_in import Knob


def test_pick_zero_plane(load: Any, tmp_path: Path) -> None:
    """What was sampled comes to lie on the screen, also where the budget compresses."""
    loaded = load("pick")
    node = make_comp(loaded, tmp_path)
    points = []

    def sample(channel: str, x: float, y: float) -> float:
        points.append((channel, x, y))
        # 30 px of 1000 in front of the screen, a fifth of every move lost to the soft limit.
        return float(-30.0 + 0.8 * node["zero_plane"].value() * 10.0)

    node.inner["Disparity"].sampled = sample
    box = [0.0, -0.25, 0.5, 0.25]
    loaded.nuke.viewer = SimpleNamespace(node=lambda: {"colour_sample_bbox": Knob("b", box)})
    loaded.module.pick_zero_plane()
    assert points[0] == ("red", 625.0, 250.0)
    assert abs(sample("red", 0, 0)) < 0.2
    assert "Zero Plane is 3.7" in loaded.nuke.said[-1]


def test_pick_needs_a_sample(load: Any, tmp_path: Path) -> None:
    """No viewer, nothing sampled, no node, two nodes."""
    loaded = load("pick")
    loaded.module.pick_zero_plane()
    assert "no Art3D node" in loaded.nuke.said[-1]
    make_comp(loaded, tmp_path)
    loaded.module.pick_zero_plane()
    assert "open a viewer" in loaded.nuke.said[-1]
    loaded.nuke.viewer = SimpleNamespace(node=lambda: {"colour_sample_bbox": Knob("b", [0, 0, 0, 0])})
    loaded.module.pick_zero_plane()
    assert "Ctrl-click" in loaded.nuke.said[-1]
    make_comp(loaded, tmp_path)
    loaded.module.pick_zero_plane()
    assert "select one" in loaded.nuke.said[-1]
