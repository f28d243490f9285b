"""Windows: what the node covers, what it asks for, when it passes the plate on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.scenes import distance, plate

RECT = (0.0, 0.0, 1000.0, 500.0)
BUDGET = {"budget_front": 2.0, "budget_behind": 1.0}


def _node(host: Host, **knobs: object) -> Node:
    node = Node(host, size=(1000, 500), knobs={**BUDGET, **knobs})
    node.connect("Source", picture(plate()), RECT)
    return node


@pytest.mark.parametrize(
    ("knobs", "region"),
    [
        ({"output": "left"}, RECT),
        ({"output": "right"}, (-20, 0, 1010, 500)),
        ({"output": "left", "hero": "right"}, (-10, 0, 1020, 500)),
        ({"output": "right", "hero": "none"}, (-10, 0, 1005, 500)),
        ({"output": "left", "hero": "none"}, (-5, 0, 1010, 500)),
        ({"output": "right", "depth_budget": "none"}, (-200, 0, 1200, 500)),
        ({"output": "anaglyph"}, (-20, 0, 1010, 500)),
        ({"output": "disparity"}, (-20, 0, 1010, 500)),
        ({"output": "occlusion"}, (-20, 0, 1010, 500)),
        ({"output": "inverse-depth"}, RECT),
        ({"output": "side-by-side"}, (0, 0, 2000, 500)),
    ],
)
def test_convention_region_of_definition(host: Host, knobs: dict[str, object], region: tuple[float, ...]) -> None:
    """The new view reaches as far as the depth budget: what pops out moves left in the right eye."""
    node = _node(host, **knobs)
    assert node.region() == pytest.approx(region)
    node.destroy()


def test_region_follows_animated_knobs(host: Host) -> None:
    """Knobs are read at the time that is asked."""
    node = _node(host, budget_front=lambda time: 1.0 + time)
    assert [node.region(time)[0] for time in (0.0, 1.0, 2.0)] == pytest.approx([-10, -20, -30])
    node.destroy()


def test_region_of_a_plate_with_overscan(host: Host) -> None:
    """% refer to the project's width, or to the source's where the artist says so."""
    node = _node(host)
    node.connect("Source", picture(plate()), (-100, -50, 1100, 550))
    assert node.region() == pytest.approx((-120, -50, 1110, 550))
    node.set(picture="source")
    assert node.region() == pytest.approx((-124, -50, 1112, 550))
    node.destroy()


def test_endless_source(host: Host) -> None:
    """A source that is everywhere is cut to the project."""
    node = _node(host, output="inverse-depth")
    node.connect("Source", picture(plate()), (-2147483648, -2147483648, 2147483647, 2147483647))
    assert node.region() == RECT
    node.destroy()


def test_host_of_one_resolution(bundle: Path) -> None:
    """Where pictures must have one size, the new view has the plate's."""
    host = Host(bundle, values={"OfxImageEffectPropSupportsMultiResolution": 0})
    host.load()
    node = _node(host, output="right")
    assert node.region() == RECT
    node.destroy()
    host.unload()


def test_whole_frames_are_asked_of_the_inputs(host: Host) -> None:
    """The analysis is of the whole frame, whatever window is rendered; unconnected inputs are not asked."""
    node = _node(host)
    node.connect("Depth", picture(distance()), RECT)
    asked = node.regions_of_interest((10, 10, 20, 20)).values
    assert asked["OfxImageClipPropRoI_Source"] == list(RECT) == asked["OfxImageClipPropRoI_Depth"]
    assert "OfxImageClipPropRoI_Matte" not in asked
    node.destroy()


@pytest.mark.parametrize(
    ("knobs", "clip"),
    [
        ({"output": "left", "hero": "left"}, "Source"),
        ({"output": "right", "hero": "right"}, "Source"),
        ({"output": "left", "hero": "left", "depth_gain": 0.0, "sculpt": 0.0}, "Source"),
        ({"output": "right", "hero": "left", "depth_gain": 0.0, "sculpt": 0.0}, None),
        ({"output": "left", "hero": "none"}, None),
        ({"output": "side-by-side"}, None),
        ({"output": "occlusion"}, None),
    ],
)
def test_identity(host: Host, knobs: dict[str, object], clip: str | None) -> None:
    """The hero eye is the plate."""
    node = _node(host, **knobs)
    assert node.identity() == clip
    node.destroy()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_preferences(host: Host, channels: int) -> None:
    """Views keep the plate's components; the analysis is RGBA, disparity always float."""
    names = {1: "Alpha", 3: "RGB", 4: "RGBA"}
    node = Node(host, size=(96, 64))
    node.connect("Source", picture(plate(channels=channels, dtype="|u1")), (0, 0, 96, 64))
    assert node.preferences().get("OfxImageClipPropComponents_Output") == f"OfxImageComponent{names[channels]}"
    assert node.preferences().get("OfxImageClipPropDepth_Output") is None
    node.set(output="disparity")
    assert node.preferences().get("OfxImageClipPropComponents_Output") == "OfxImageComponentRGBA"
    assert node.preferences().get("OfxImageClipPropDepth_Output") == "OfxBitDepthFloat"
    node.destroy()
