"""A plane that is made where somebody looks; and the renderer, which must not look anywhere else."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from art3d_node import lazy_plane
from art3d_node.analysis import analyse
from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.lazy_plane import LazyPlane, Part
from art3d_node.library import Library
from art3d_node.plate import GIVEN
from art3d_node.prepared import prepare
from art3d_node.renderer import render_box
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

CPU = torch.device("cpu")
HEIGHT, WIDTH = 150, 400
DATA = Box.of_size(WIDTH, HEIGHT)
OUTPUTS = ("left", "right", "left_extra", "right_extra", "disparity_left", "disparity_right", "occlusion_right")


def test_nobody_sees_the_steps_in_which_a_cell_is_made() -> None:
    def compute(at: Part, plane: torch.Tensor) -> None:
        time.sleep(0.05)  # whoever comes meanwhile must wait, or would begin when the first one reads
        plane[at] = -1.0
        time.sleep(0.05)
        plane[at] = 1.0

    plane = LazyPlane((60, 60), CPU, compute)

    def look(delay_s: float) -> bool:
        time.sleep(delay_s)
        seen, end = plane.over((0, 60), (0, 60)), time.monotonic() + 0.2
        right = True
        while time.monotonic() < end:
            right &= bool((seen == 1.0).all())
        return right

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(look, (0.0, 0.08)))


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (700, 1), (200, 1100)])
def test_only_the_cells_looked_at_are_made_and_only_once(size: tuple[int, int]) -> None:
    truth = torch.arange(size[0] * size[1], dtype=torch.float32, device=CPU).view(size)
    made = torch.zeros(size, device=CPU)

    def compute(part: Part, plane: torch.Tensor) -> None:
        made[part] += 1
        plane[part] = truth[part]

    plane = LazyPlane(size, CPU, compute)
    y, x = size[0] // 2, size[1] // 2
    assert plane.over((y, y + 1), (x, x + 1))[y, x] == truth[y, x]
    rows, columns = min(lazy_plane.CELL_ROWS, size[0]), min(lazy_plane.CELL_COLUMNS, size[1])
    assert made[y, x] == 1
    assert made.sum() <= rows * columns
    assert torch.equal(plane.over((-9, size[0] + 9), (-9, size[1] + 9)), truth)
    assert bool((made == 1).all())
    assert plane.nbytes == 4 * truth.numel()


def _ones(part: Part, plane: torch.Tensor) -> None:
    plane[part] = 1.0


def test_ranges_outside_stand_for_the_border() -> None:
    plane = LazyPlane((200, 1100), CPU, _ones)
    assert bool((plane.over((-50, -3), (1500, 1700))[0, -1] == 1.0).all())


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cells, and no value wherever none was asked for."""
    monkeypatch.setattr(lazy_plane, "CELL_ROWS", 4)
    monkeypatch.setattr(lazy_plane, "CELL_COLUMNS", 4)
    make = LazyPlane.__init__

    def poison(self: LazyPlane, *words: Any) -> None:
        make(self, *words)
        self._plane.fill_(math.nan)

    monkeypatch.setattr(LazyPlane, "__init__", poison)


@pytest.fixture(scope="module")
def staged() -> tuple[Frame, FrameAnalysis]:
    generator = np.random.default_rng(3)
    d = np.full((HEIGHT, WIDTH), -6.0, np.float32) + np.linspace(0, 4, HEIGHT, dtype=np.float32)[:, None]
    d[30:120, 100:180], d[60:70, 200:390], d[10:140, 250] = 7.0, 3.0, 5.5
    layers = {
        "color": generator.random((HEIGHT, WIDTH, 4), np.float32),
        "extra": generator.random((HEIGHT, WIDTH, 1), np.float32),
        "disparity": d[..., None],
    }
    frame = Frame(DATA, DATA, layers, ("R", "G", "B", "A"))
    return frame, analyse(frame, AnalysisSettings(style=GIVEN), Library())


@pytest.mark.parametrize("hero", ["left", "right", "none"])
@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("box", [Box(90, 50, 130, 80), Box(0, 0, 9, 9), Box(380, 140, 420, 160), Box(-30, 20, 5, 60)])
def test_a_tile_depends_on_no_disparity_that_it_did_not_ask_for(
    staged: tuple[Frame, FrameAnalysis], poisoned: None, hero: str, edges: str, box: Box
) -> None:
    controls = replace(Controls(budget_front=20.0, budget_behind=20.0, depth_gain=1.2), hero=hero, edges=edges)
    whole = render_box(prepare(*staged, controls), DATA, OUTPUTS).planes
    tile = render_box(prepare(*staged, controls), box, OUTPUTS).planes
    inside = box.intersect(DATA)
    for name in OUTPUTS:
        part = tile[name][inside.slices(box)].numpy().tobytes()
        assert part == whole[name][inside.slices(DATA)].contiguous().numpy().tobytes(), name
