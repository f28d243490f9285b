"""Describe, create, change, destroy; and hosts that leave out what they may leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_bridge.params import KNOBS, PLUGIN_KNOBS
from tests.ofx_host import abi
from tests.ofx_host.host import FILTER, GENERAL, Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.properties import PropertySet
from tests.ofx_host.scenes import plate
from tests.server.conftest import Server


def test_describe(host: Host) -> None:
    """What the effect says of itself."""
    said = host.describe().properties
    assert said.values["OfxImageEffectPropSupportedContexts"] == [FILTER, GENERAL]
    assert len(said.values["OfxImageEffectPropSupportedPixelDepths"]) == 4
    assert said.get("OfxImageEffectPluginRenderThreadSafety") == "OfxImageEffectRenderFullySafe"
    assert said.get("OfxImageEffectPropSupportsTiles") == 1


@pytest.mark.parametrize("context", [FILTER, GENERAL])
def test_describe_in_context(host: Host, context: str) -> None:
    """Clips and their needs."""
    clips = host.describe_in_context(context).clips
    assert set(clips) == {"Source", "Depth", "Matte", "CleanPlate", "Output"}
    optional = {name for name, clip in clips.items() if clip.properties.get("OfxImageClipPropOptional")}
    assert optional == {"Depth", "Matte", "CleanPlate"}
    assert len(clips["Source"].properties.values["OfxImageEffectPropSupportedComponents"]) == 3
    assert clips["Source"].properties.get("OfxImageEffectPropSupportsTiles") == 0
    assert clips["Output"].properties.get("OfxImageEffectPropSupportsTiles") == 1


def test_convention_knobs_are_the_table(host: Host) -> None:
    """Labels, ranges, defaults, choices and help of every parameter come from the knob table."""
    params = host.describe_in_context(GENERAL).param_set.params
    for knob in (*KNOBS, *PLUGIN_KNOBS):
        said = params[knob.name].properties
        assert said.get("OfxParamPropHint") == knob.help
        assert str(said.get("OfxPropLabel")).startswith(knob.label)
        assert bool(said.get("OfxParamPropAnimates")) == knob.animates
        if knob.kind == "choice":
            assert tuple(said.values["OfxParamPropChoiceOption"]) == knob.choices
            assert knob.choices[said.get("OfxParamPropDefault")] == knob.default
        else:
            assert said.get("OfxParamPropDefault") == knob.default
        if knob.kind in ("float", "int"):
            assert (said.get("OfxParamPropMin"), said.get("OfxParamPropMax")) == (knob.minimum, knob.maximum)


def test_unknown_actions_are_left_to_the_host(host: Host) -> None:
    """An action of a later API, one without a handle, one with a strange handle."""
    assert host.call("OfxActionOfTomorrow") == abi.REPLY_DEFAULT
    assert host.call("OfxImageEffectActionRender", None, PropertySet()) == abi.ERR_BAD_HANDLE
    assert host.call("OfxActionDestroyInstance", PropertySet()) == abi.ERR_BAD_HANDLE


@pytest.mark.parametrize("name", ["OfxPropertySuite", "OfxImageEffectSuite", "OfxParameterSuite"])
def test_missing_needed_suite(bundle: Path, name: str) -> None:
    """The plug-in declines to load."""
    host = Host(bundle, without=frozenset({(name, 1)}))
    assert host.load() == abi.ERR_MISSING_FEATURE
    assert host.unload() == abi.OK


def test_missing_optional_suites(bundle: Path, fake_server: Server) -> None:
    """Without messages and progress it renders, and faults are told by status alone."""
    host = Host(bundle, without=frozenset({("OfxMessageSuite", 2), ("OfxProgressSuite", 2)}))
    assert host.load() == abi.OK
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    color = plate()
    node.connect("Source", picture(color), (0, 0, 96, 64))
    assert np.array_equal(node.render((0, 0, 96, 64)), color + 5)
    node.set(depth="boom")
    assert node.render_into(picture(color), (0, 0, 96, 64)) == abi.FAILED
    node.destroy()
    host.unload()


def test_host_without_further_inputs(bundle: Path, fake_server: Server) -> None:
    """A host that takes one input only still gets a node."""
    host = Host(bundle, refuse_clips=frozenset({"Depth", "Matte", "CleanPlate"}))
    host.load()
    node = Node(host, context=FILTER, size=(96, 64), knobs={"server": fake_server.address})
    node.connect("Source", picture(plate()), (0, 0, 96, 64))
    assert node.render((0, 0, 96, 64)).shape == (64, 96, 4)
    node.destroy()
    host.unload()


NEEDED = {
    "OfxPropInstanceData",
    "OfxImagePropData",
    "OfxImagePropBounds",
    "OfxImageEffectPropPixelDepth",
    "OfxImageEffectPropComponents",
    "OfxImageEffectPropRenderWindow",
}


@given(seed=st.integers(0, 2**32 - 1), rate=st.floats(0, 1), spare=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_property_hosts_that_know_less(bundle: Path, fake_server: Server, seed: int, rate: float, spare: bool) -> None:
    """Whatever properties a host does not know: a status comes back, never a crash, and pixels are right or absent."""
    rng = np.random.default_rng(seed)
    host = Host(bundle, fault=lambda name, way: (not spare or name not in NEEDED) and bool(rng.random() < rate))
    if host.load() == abi.OK:
        try:
            node = Node(host, size=(96, 64), knobs={"server": fake_server.address})
        except AssertionError:
            node = None
        if node is not None:
            color = plate()
            source = picture(color)
            node.connect("Source", source, (0, 0, 96, 64))
            target = picture(np.zeros_like(color))
            status = node.render_into(target, (0, 0, 96, 64))
            assert target.intact()
            assert status != abi.OK or target.array.shape == color.shape
            host.fault = lambda name, way: False
            node.destroy()
    host.fault = lambda name, way: False
    host.unload()
