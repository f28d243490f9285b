"""Describe, create, change, destroy; and hosts that leave out what they may leave out."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_bridge.core.params import KNOBS, PLUGIN_KNOBS
from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import FILTER, GENERAL, Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.profiles import PROFILES
from tests.ofx_host.properties import PropertySet
from tests.ofx_host.scenes import plate

every_host = pytest.mark.parametrize("profile", PROFILES, indirect=True, ids=lambda profile: profile.name)


@every_host
def test_describe(host: Host) -> None:
    """What the effect says of itself."""
    said = host.describe().properties
    assert said.values["OfxImageEffectPropSupportedContexts"] == [FILTER, GENERAL]
    assert len(said.values["OfxImageEffectPropSupportedPixelDepths"]) == 4
    assert said.get("OfxImageEffectPluginRenderThreadSafety") == "OfxImageEffectRenderFullySafe"
    assert said.get("OfxImageEffectPropSupportsTiles") == 1


@every_host
@pytest.mark.parametrize("context", [FILTER, GENERAL])
def test_describe_in_context(host: Host, context: str) -> None:
    """Clips and their needs."""
    clips = host.describe_in_context(context).clips
    assert set(clips) == {"Source", "Depth", "Matte", "CleanPlate", "CleanDepth", "Output"}
    optional = {name for name, clip in clips.items() if clip.properties.get("OfxImageClipPropOptional")}
    assert optional == {"Depth", "Matte", "CleanPlate", "CleanDepth"}
    assert len(clips["Source"].properties.values["OfxImageEffectPropSupportedComponents"]) == 3
    assert clips["Source"].properties.get("OfxImageEffectPropSupportsTiles") == 0
    assert clips["Output"].properties.get("OfxImageEffectPropSupportsTiles") == 1


@every_host
def test_convention_knobs_are_the_table(host: Host) -> None:
    """Labels, ranges, defaults, choices and help of every parameter come from the knob table."""
    params = host.describe_in_context(GENERAL).param_set.params
    for knob in (*KNOBS, *PLUGIN_KNOBS):
        said = params[knob.name].properties
        assert said.get("OfxParamPropHint") == knob.help
        assert str(said.get("OfxPropLabel")).startswith(knob.label)
        assert bool(said.get("OfxParamPropAnimates")) == knob.animates
        if knob.kind == "choice":
            options = tuple(said.values["OfxParamPropChoiceOption"])
            assert all(option.startswith(choice) for option, choice in zip(options, knob.choices, strict=True))
            assert (options == knob.choices) != (host.profile.one_size and knob.name == "output")
            assert knob.choices[said.get("OfxParamPropDefault")] == knob.default
        elif knob.name.startswith("use_"):
            lies = host.profile.name in ("resolve", "resolve-null", "hostsupport")
            assert bool(said.get("OfxParamPropDefault")) != lies
        else:
            assert said.get("OfxParamPropDefault") == knob.default
        if knob.kind in ("float", "int"):
            assert (said.get("OfxParamPropMin"), said.get("OfxParamPropMax")) == (knob.minimum, knob.maximum)


@every_host
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


def test_load_is_counted(bundle: Path, fake_server: Server) -> None:
    """A host may load once an instance: no unload but the last takes anything away, and one too many does nothing."""
    host = Host(bundle)
    for _ in range(3):
        assert host.call("OfxActionLoad") == abi.OK
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    node.connect("Source", picture(plate()), (0, 0, 96, 64))
    for _ in range(2):
        assert np.array_equal(node.render((0, 0, 96, 64)), plate() + 5)
        assert host.call("OfxActionUnload") == abi.OK
    assert np.array_equal(node.render((0, 0, 96, 64)), plate() + 5)
    assert host.call("OfxActionUnload") == abi.OK
    assert node.render_into(picture(plate()), (0, 0, 96, 64)) == abi.ERR_FATAL
    assert host.call("OfxActionUnload") == abi.OK
    assert host.call("OfxActionLoad") == abi.OK
    assert np.array_equal(node.render((0, 0, 96, 64)), plate() + 5)
    node.destroy()
    assert host.call("OfxActionUnload") == abi.OK


def test_instances_that_render_nothing_cost_nothing(host: Host) -> None:
    """No thread and no file, however many there are."""
    me = psutil.Process()
    before = me.num_threads(), me.num_fds()
    nodes = [Node(host, size=(96, 64)) for _ in range(20)]
    for node in nodes:
        node.connect("Source", picture(plate()), (0, 0, 96, 64))
        node.region(), node.preferences(), node.identity()
    assert (me.num_threads(), me.num_fds()) == before
    for node in nodes:
        node.destroy()


def test_unload_while_a_render_waits(bundle: Path, fake_server: Server) -> None:
    """What a render holds stays until it ends; the unload itself does not wait for it."""
    host = Host(bundle)
    assert host.load() == abi.OK
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address, "depth": "slow-2.0"})
    node.connect("Source", picture(plate()), (0, 0, 96, 64))
    statuses: list[int] = []
    target = picture(np.zeros_like(plate()))
    thread = threading.Thread(target=lambda: statuses.append(node.render_into(target, (0, 0, 96, 64))))
    thread.start()
    time.sleep(0.5)
    assert host.call("OfxActionUnload") == abi.OK
    assert not statuses
    thread.join()
    assert statuses == [abi.OK] and np.array_equal(target.array, plate() + 5)
    node.destroy()


def test_host_without_further_inputs(bundle: Path, fake_server: Server) -> None:
    """A host that takes one input only still gets a node."""
    host = Host(bundle, refuse_clips=frozenset({"Depth", "Matte", "CleanPlate", "CleanDepth"}))
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
