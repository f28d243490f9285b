"""The real engine behind the real server: a tile is a crop, whichever way it came."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from art3d_node.server.workers.compute import make
from host_bridge.client import Client
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS, as_half, bare, pixel_type
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.conftest import StartServer

OUTPUTS_HERE = tuple(name for name in OUTPUTS if not name.endswith("_extra"))
DATA = Box(-4, -3, 92, 61)


def picture() -> Frame:
    rng = np.random.default_rng(0)
    color = rng.random((64, 96, 4)).astype(np.float16)
    depth = np.where(np.arange(96)[None, :, None] > 48, 2.0, 6.0) + np.zeros((64, 96, 1))
    layers = {"color": color, "depth": depth.astype(np.float32)}
    return Frame(Box.of_size(88, 58), DATA, layers, ("R", "G", "B", "A"))  # type: ignore[arg-type]


@pytest.mark.parametrize("shared_memory", [True, False], ids=["memory", "inline"])
def test_tiles_through_the_server_are_crops_of_the_whole(start_server: StartServer, shared_memory: bool) -> None:
    server = start_server(engine="art3d_node.server.workers.compute:make")
    frame, settings, controls = picture(), AnalysisSettings(depth="aov"), Controls(depth_gain=3.0, hero="none")
    planes, _ = make("cpu", 1 << 28).tile(
        {frame.key: frame}, frame.key, settings, controls, frame.data, OUTPUTS_HERE, check=lambda: None
    )
    whole = {name: torch.cat(list(strips)).numpy() for name, strips in planes.items()}
    with Client(server.address, hello_timeout_s=60, shared_memory=shared_memory) as client:
        for tile in client.tiles(frame, settings, controls, frame.data.tiles(37, 29), OUTPUTS_HERE):
            for name in OUTPUTS_HERE:
                wanted = whole[name][tile.box.slices(frame.data)]
                assert np.array_equal(tile.planes[name], wanted, equal_nan=True), name
        figures = client.measure(
            {"left": whole["left"], "right": whole["right"], "reference": whole["right"],
             "disparity": whole["disparity_left"]}
        )  # fmt: skip
        assert figures["ssim"] == pytest.approx(1.0) and figures["budget"]
        assert {style["name"] for style in client.welcome.styles} >= {"neutral"}


@pytest.mark.parametrize("shared_memory", [True, False], ids=["memory", "inline"])
def test_half_floats_are_the_floats_rounded(start_server: StartServer, shared_memory: bool) -> None:
    server = start_server(engine="art3d_node.server.workers.compute:make")
    asked = (*(as_half(name) for name in ("right", "occlusion_right")), "disparity_left")
    frame, settings = picture(), AnalysisSettings(depth="aov")
    frame.layers["color"][5, 7:9, 0] = (65504.0, np.inf)
    with Client(server.address, hello_timeout_s=60, shared_memory=shared_memory) as client:
        whole = client.tile(frame, settings, Controls(), frame.data, tuple(map(bare, asked)))
        for tile in client.tiles(frame, settings, Controls(), frame.data.tiles(41, 29), asked):
            for name in asked:
                wanted = whole.planes[bare(name)][tile.box.slices(frame.data)]
                assert tile.planes[bare(name)].dtype.str == pixel_type(name)
                assert np.array_equal(tile.planes[bare(name)], wanted.astype(pixel_type(name)), equal_nan=True), name
