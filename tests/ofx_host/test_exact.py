"""Pixels: every output mode, depth, layout, window and scale equals what the Python client gives for the same frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_bridge.client import Client
from host_bridge.core.geometry import Box
from tests.art3d_node.server.conftest import Server
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import COMPONENTS, Picture, depth_name, picture
from tests.ofx_host.profiles import NULL_POINTERS, PROFILES
from tests.ofx_host.reference import Reference, as_depth, frame_of
from tests.ofx_host.scenes import distance, plate

WIDTH, HEIGHT = 96, 64
MODES = (
    "left",
    "right",
    "side-by-side",
    "over-under",
    "anaglyph",
    "disparity",
    "inverse-depth",
    "occlusion",
    "window-masks",
)
ANALYSIS = ("disparity", "inverse-depth", "occlusion", "window-masks")
DEEP: dict[str, Any] = {"depth": "aov", "depth_gain": 2.0}
MIXED = ("anaglyph", "side-by-side", "over-under")

pytestmark = pytest.mark.parametrize("profile", PROFILES, indirect=True, ids=lambda profile: profile.name)


@pytest.fixture(scope="module")
def client(real_server: Server) -> Iterator[Client]:
    """The other way to the same server."""
    with Client(real_server.address) as made:
        yield made


def _node(host: Host, server: Server, color: Any, *, mode: str, knobs: dict[str, Any], **layout: Any) -> Node:
    height, width = color.shape[:2]
    fixed = {"output": mode, "server": server.address, "input_colour": "linear"}
    node = Node(host, size=(width, height), knobs={**knobs, **fixed})
    node.connect("Source", picture(color, **layout), (0, 0, width, height))
    node.connect("Depth", picture(distance(width, height), **layout), (0, 0, width, height))
    return node


def _window(box: Box, height: int) -> tuple[int, int, int, int]:
    """A box as an OpenFX window."""
    flipped = box.flipped(height)
    return flipped.x0, flipped.y0, flipped.x1, flipped.y1


def _check(
    node: Node,
    reference: Reference,
    mode: str,
    box: Box,
    *,
    channels: int,
    dtype: str,
    height: int = HEIGHT,
    layout: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    kind = np.dtype(dtype)
    like = Picture((0, 0, 1, 1), depth_name(kind), COMPONENTS[channels], **(layout or {}))
    found = node.render(_window(box, height), like=like, **options)
    wanted = reference.output(mode, box)
    if mode in MIXED and channels > 1 and (mode == "anaglyph" or node.host.profile.one_size):
        # A sum of six products, or of what lies under a squeezed sample: its rounding depends on the order.
        wanted = np.where(np.isfinite(wanted), wanted, 0)
        assert np.allclose(
            found.astype(np.float64),
            as_depth(wanted, kind).astype(np.float64),
            rtol=2e-3,
            atol=1e-5 if kind.kind == "f" else 1,
        )
        return
    assert np.array_equal(found, as_depth(wanted[..., :channels], kind), equal_nan=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_output_modes(host: Host, real_server: Server, client: Client, mode: str, hero: str) -> None:
    """Every mode for every hero eye, beyond the plate's borders on all sides."""
    color, knobs = plate(), {**DEEP, "hero": hero}
    node = _node(host, real_server, color, mode=mode, knobs=knobs)
    reference = Reference(client, frame_of(color, depth=distance()), one_size=host.profile.one_size, **knobs)
    region = node.region()
    box = Box(int(np.floor(region[0])), HEIGHT - int(region[3]), int(np.ceil(region[2])), HEIGHT)
    _check(node, reference, mode, box, channels=4, dtype="<f4")
    node.destroy()


@pytest.mark.parametrize("mode", ["left", "right", "side-by-side", "anaglyph", "window-masks"])
@pytest.mark.parametrize("mask", ["picture", "layer"])
def test_floating_window(host: Host, real_server: Server, client: Client, mode: str, mask: str) -> None:
    """Turned by hand it is the command line's, in the hero's view too."""
    color = plate()
    knobs = {**DEEP, "floating_window": "manual", "floating_left": 9.0, "floating_left_slant": -0.5,
             "floating_right": 4.0, "floating_softness": 2.0, "floating_mask": mask}  # fmt: skip
    node = _node(host, real_server, color, mode=mode, knobs=knobs)
    reference = Reference(client, frame_of(color, depth=distance()), one_size=host.profile.one_size, **knobs)
    _check(node, reference, mode, Box.of_size(WIDTH, HEIGHT), channels=4, dtype="<f4")
    node.destroy()


@pytest.mark.parametrize("dtype", ["|u1", "<u2", "<f2", "<f4"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("layout", [{}, {"padding": 20}, {"negative": True}, {"negative": True, "padding": 4}])
def test_depths_components_and_layouts(
    host: Host, real_server: Server, client: Client, dtype: str, channels: int, layout: dict[str, Any]
) -> None:
    """Integers travel as integers; rows of source and output may be padded or stored from the top."""
    color = plate(channels=channels, dtype=dtype)
    node = _node(host, real_server, color, mode="right", knobs=DEEP, **layout)
    reference = Reference(client, frame_of(color, depth=distance()), **DEEP)
    _check(node, reference, "right", Box.of_size(WIDTH, HEIGHT), channels=channels, dtype=dtype, layout=layout)
    node.destroy()


@pytest.mark.parametrize("mode", ["side-by-side", "over-under", "anaglyph", "inverse-depth", "occlusion"])
@pytest.mark.parametrize("dtype", ["|u1", "<u2", "<f2"])
def test_modes_in_other_depths(host: Host, real_server: Server, client: Client, mode: str, dtype: str) -> None:
    """The analysis fits integers too, except disparity."""
    color = plate(dtype=dtype)
    node = _node(host, real_server, color, mode=mode, knobs=DEEP)
    reference = Reference(client, frame_of(color, depth=distance()), one_size=host.profile.one_size, **DEEP)
    _check(node, reference, mode, Box.of_size(WIDTH, HEIGHT), channels=4, dtype=dtype)
    node.destroy()


@given(
    mode=st.sampled_from(MODES),
    x=st.integers(-8, 200),
    y=st.integers(-HEIGHT, HEIGHT - 1),
    width=st.integers(1, 60),
    height=st.integers(1, 40),
    hero=st.sampled_from(["left", "right", "none"]),
    gain=st.sampled_from([0.0, 1.0, 3.0]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_property_windows(
    host: Host,
    real_server: Server,
    client: Client,
    mode: str,
    x: int,
    y: int,
    width: int,
    height: int,
    hero: str,
    gain: float,
) -> None:
    """Any window is that crop of the whole; outside the node's region it is black and transparent."""
    color, knobs = plate(), {"depth": "aov", "hero": hero, "depth_gain": gain}
    node = _node(host, real_server, color, mode=mode, knobs=knobs)
    region = node.region()
    top = HEIGHT - int(region[3])
    covered = Box(int(np.floor(region[0] + 1e-3)), top, int(np.ceil(region[2] - 1e-3)), HEIGHT)
    box = Box(x, y, x + width, min(y + height, HEIGHT))
    found = node.render(_window(box, HEIGHT))
    wanted = np.zeros_like(found)
    inside = box.intersect(covered)
    if not inside.empty:
        reference = Reference(client, frame_of(color, depth=distance()), one_size=host.profile.one_size, **knobs)
        wanted[inside.slices(box)] = reference.output(mode, inside)
    assert np.allclose(found, wanted, rtol=1e-4, atol=1e-6) if mode in MIXED else np.array_equal(found, wanted)
    node.destroy()


@pytest.mark.parametrize("scale", [(0.5, 0.5), (0.25, 0.25), (2.0, 2.0)])
@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_convention_proxy_and_pixel_aspect(
    host: Host, real_server: Server, client: Client, scale: tuple[float, float], aspect: float
) -> None:
    """Half-size proxies and anamorphic pixels give the same picture: the % refer to the width in real pixels."""
    if host.profile.picture_aspect:
        pytest.skip("this host has neither proxies nor pixel aspect ratios")
    width, height = int(WIDTH * scale[0] / aspect), int(HEIGHT * scale[1])
    color = plate(width, height)
    node = Node(host, size=(WIDTH, HEIGHT), knobs={**DEEP, "output": "disparity", "server": real_server.address})
    node.connect("Source", picture(color), (0, 0, WIDTH, HEIGHT), aspect=aspect)
    node.connect("Depth", picture(distance(width, height)), (0, 0, WIDTH, HEIGHT), aspect=aspect)
    frame = frame_of(color, aspect=aspect, depth=distance(width, height))
    reference = Reference(client, frame, **DEEP)
    _check(
        node, reference, "disparity", Box.of_size(width, height), channels=4, dtype="<f4", height=height, scale=scale
    )
    found = node.render((0, 0, width, height), scale=scale)
    assert np.ptp(found[..., 0]) / width > 0.01  # type: ignore[operator]
    node.destroy()


def test_overscan_and_offsets(host: Host, real_server: Server, client: Client) -> None:
    """A plate larger than the project, a project that does not start at the origin."""
    if not host.profile.project or host.profile is NULL_POINTERS:
        pytest.skip("this host has no project, or no regions, that a plate could leave")
    color = plate(WIDTH + 20, HEIGHT + 12)
    data = Box(-10, -6, WIDTH + 10, HEIGHT + 6)
    node = Node(host, size=(WIDTH, HEIGHT), offset=(30, 40), knobs={**DEEP, "server": real_server.address})
    rect = (20, 34, WIDTH + 40, HEIGHT + 46)
    node.connect("Source", picture(color, origin=(20, 34)), rect)
    node.connect("Depth", picture(distance(WIDTH + 20, HEIGHT + 12), origin=(20, 34)), rect)
    shifted = Box(data.x0 + 30, data.y0, data.x1 + 30, data.y1)
    frame = frame_of(
        color, display=Box(30, 0, WIDTH + 30, HEIGHT), data=shifted, depth=distance(WIDTH + 20, HEIGHT + 12)
    )
    reference = Reference(client, frame, **DEEP)
    _check(node, reference, "right", shifted, channels=4, dtype="<f4", height=HEIGHT + 40)
    node.destroy()


def test_matte_and_clean_plate(host: Host, real_server: Server, client: Client) -> None:
    """The optional inputs reach the server as layers; an 8-bit matte over part of the frame counts 0 elsewhere."""
    color, clean = plate(), plate(seed=1)
    knobs = {**DEEP, "style": "neutral", "fill": "clean-plate"}
    matte = plate(40, 30, channels=4, dtype="|u1")
    node = _node(host, real_server, color, mode="right", knobs=knobs)
    node.connect("CleanPlate", picture(clean), (0, 0, WIDTH, HEIGHT))
    node.connect("Matte", picture(matte, origin=(8, 10)), (8, 10, 48, 40))
    whole = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    whole[HEIGHT - 40 : HEIGHT - 10, 8:48, 0] = matte[..., 0].astype(np.float32) / np.float32(255)
    frame = frame_of(color, depth=distance(), clean_plate=clean, matte=whole)
    _check(node, Reference(client, frame, **knobs), "right", Box.of_size(WIDTH, HEIGHT), channels=4, dtype="<f4")
    node.destroy()


def test_values_survive(host: Host, real_server: Server) -> None:
    """NaN, infinity, −0.5 and 40 come through an untouched eye of hero none at zero depth as they went in."""
    color = plate()
    color[5, 7], color[9, 11], color[20, 30], color[21, 31] = np.nan, np.inf, -0.5, 40.0
    node = _node(host, real_server, color, mode="left", knobs={"depth": "aov"})
    assert node.identity() == "Source"
    assert np.array_equal(node.render((0, 0, WIDTH, HEIGHT)), color, equal_nan=True)
    node.destroy()


def test_new_pixels_under_an_old_name(host: Host, real_server: Server, client: Client) -> None:
    """A host that gives two pictures the same identifier still gets the right one."""
    knobs = DEEP
    node = _node(host, real_server, plate(), mode="right", knobs=knobs)
    for seed in (0, 1, 0):
        color = plate(seed=seed)
        node.connect("Source", picture(color, uid="always the same"), (0, 0, WIDTH, HEIGHT))
        reference = Reference(client, frame_of(color, depth=distance()), **knobs)
        _check(node, reference, "right", Box.of_size(WIDTH, HEIGHT), channels=4, dtype="<f4")
    node.destroy()
