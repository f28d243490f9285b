"""A small plate, and a tile of it that is asked for and proved: what tests of real servers begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from host_bridge.client import Client
from host_bridge.client.tile import Tile
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server import synthetic

OUTPUTS = ("right", "disparity_left")
BOX = Box.of_size(96, 64)


def picture(seed: int = 0, box: Box = BOX) -> Frame:
    color = np.random.default_rng(seed).random((box.height, box.width, 4)).astype(np.float16)
    return Frame(box, box, {"color": color}, ("R", "G", "B", "A"))


def prove(
    tile: Tile, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str] = OUTPUTS
) -> None:
    wanted = synthetic.expected(frame, settings, controls, box, outputs)
    assert set(tile.planes) == set(wanted)
    assert all(np.array_equal(tile.planes[name], wanted[name]) for name in wanted)


def tile(
    client: Client,
    frame: Frame,
    *,
    settings: AnalysisSettings | None = None,
    controls: Controls | None = None,
    box: Box = BOX,
    outputs: Sequence[str] = OUTPUTS,
    **named: Any,
) -> Tile:
    """Asks for a tile and proves it."""
    settings, controls = settings or AnalysisSettings(), controls or Controls()
    found = client.tile(frame, settings, controls, box, outputs, **named)
    prove(found, frame, settings, controls, box, outputs)
    return found
