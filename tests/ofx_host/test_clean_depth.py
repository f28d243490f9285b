"""A clean plate's own depth through the node: holes show what stands behind the foreground where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_bridge.core.frame import Array
from host_bridge.shot.depth_choice import ShotDepth
from host_bridge.shot.file import Shot, ShotEntry, save_shot
from tests.art3d_node.server.conftest import Server
from tests.art3d_node.staged import carried
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.profiles import HOSTSUPPORT, PROFILES, RESOLVE, RESOLVE_NULL, Profile
from tests.ofx_host.scenes import plate

WIDTH, HEIGHT = 160, 48
RECT = (0, 0, WIDTH, HEIGHT)
NEAR_PX, FAR_PX, STEP_PX = 8.0, -12.0, -4.0

every_host = pytest.mark.parametrize("profile", PROFILES, indirect=True, ids=lambda profile: profile.name)


@dataclass(frozen=True)
class Stage:
    """An actor at +8 px before a wall at −12 px; behind him, out of the plate's sight, a box at −4 px.

    Attributes:
        step: plate pixels per pixel of the rendering.
        toward: 1 for the right eye, −1 for the left, which sees the stage mirrored.
    """

    step: int = 1
    toward: int = 1

    @property
    def _column(self) -> Array:
        column = np.broadcast_to(np.arange(0, WIDTH, self.step), (HEIGHT // self.step, WIDTH // self.step))
        return column if self.toward > 0 else WIDTH - self.step - column

    def of_disparity(self, disparity_px: Any) -> Array:
        """(h, w, 1) the inverse depth that is staged so."""
        return np.asarray((disparity_px - FAR_PX) / (NEAR_PX - FAR_PX), np.float32)[..., None]

    @property
    def is_actor(self) -> Array:
        return (self._column >= 60) & (self._column < 100)

    @property
    def behind_px(self) -> Array:
        return np.where((self._column >= 84) & (self._column < 96), STEP_PX, FAR_PX)

    @property
    def disparity_px(self) -> Array:
        return np.where(self.is_actor, NEAR_PX, FAR_PX)

    @property
    def clean(self) -> Array:
        """A texture that nothing could guess."""
        return plate(WIDTH // self.step, HEIGHT // self.step, seed=7)

    @property
    def color(self) -> Array:
        return np.asarray(np.where(self.is_actor[..., None], np.float32(0.9), self.clean), np.float32)

    def hole(self, occlusion: Array) -> tuple[Array, Array]:
        """Where the new eye sees what the plate hides and the clean plate shows, and the truth of it all."""
        truth, nearest = carried(self.clean, self.behind_px / self.step, self.toward)
        bare = ~np.isfinite(carried(self.color, self.disparity_px / self.step, self.toward)[1])
        inner = bare & np.isfinite(nearest) & (self._column >= 60) & (self._column < 140)
        assert inner.sum() >= 6 * HEIGHT / self.step**2
        assert (occlusion[inner] > 0).all()
        return inner, truth


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A shot that stages inverse depth 0 … 1 as −12 … +8 px."""
    entry = ShotEntry(0.0, 1.0, (NEAR_PX - FAR_PX) / WIDTH, FAR_PX / WIDTH, 0.0, scene=0, signature="00")
    path = tmp_path / "stage.art3d"
    depth = ShotDepth(meaning="inverse")
    save_shot(Shot("plate.####.exr", "aov", "id", "neutral", "inverse", {0: entry}, depth=depth), path)
    return path


@pytest.fixture
def node(host: Host, real_server: Server, shot: Path) -> Iterator[Node]:
    knobs = {"server": real_server.address, "shot": str(shot), "depth": "aov", "z_meaning": "inverse",
             "depth_budget": "none", "edges": "hard", "fill": "clean-plate", "input_colour": "linear"}  # fmt: skip
    made = Node(host, size=(WIDTH, HEIGHT), knobs=knobs)
    yield made
    made.destroy()


def feed(node: Node, stage: Stage, *, depth: bool = True, **layout: Any) -> None:
    pictures = {"Source": stage.color, "CleanPlate": stage.clean, "Depth": stage.of_disparity(stage.disparity_px)}
    if depth:
        pictures["CleanDepth"] = stage.of_disparity(stage.behind_px)
    for name, array in pictures.items():
        node.connect(name, picture(array, **layout), RECT)


def rendered(node: Node, stage: Stage, output: str, window: Any = None, **options: Any) -> Array:
    node.set(output=output)
    whole = (0, 0, WIDTH // stage.step, HEIGHT // stage.step)
    scale = (1 / stage.step, 1 / stage.step)
    return node.render(window or whole, scale=scale, like=Picture((0, 0, 1, 1)), **options)


def hole_of(node: Node, stage: Stage) -> tuple[Array, Array]:
    occlusion = rendered(node, stage, "occlusion")
    return stage.hole(occlusion[..., 1 if stage.toward > 0 else 0])


@every_host
@pytest.mark.parametrize("hero", ["left", "right"])
def test_holes_are_exact_with_it_and_wrong_without(node: Node, hero: str) -> None:
    stage = Stage(toward=1 if hero == "left" else -1)
    eye = "right" if hero == "left" else "left"
    node.set(hero=hero)
    feed(node, stage)
    hole, truth = hole_of(node, stage)
    assert np.allclose(rendered(node, stage, eye)[hole], truth[hole], atol=1e-5)
    node.set(use_clean_depth=0)
    assert np.abs(rendered(node, stage, eye)[hole] - truth[hole]).mean() > 0.1


@pytest.mark.parametrize("layout", [{"padding": 20}, {"negative": True}, {"negative": True, "padding": 4}])
def test_rows_may_be_padded_or_stored_from_the_top(node: Node, layout: dict[str, Any]) -> None:
    stage = Stage()
    feed(node, stage, **layout)
    hole, truth = hole_of(node, stage)
    assert np.allclose(rendered(node, stage, "right")[hole], truth[hole], atol=1e-5)


def test_a_proxy_shows_the_same(node: Node) -> None:
    stage = Stage(step=2)
    feed(node, stage)
    hole, truth = hole_of(node, stage)
    assert np.allclose(rendered(node, stage, "right")[hole], truth[hole], atol=1e-5)


@pytest.mark.parametrize("window", [(90, 5, 115, 40), (0, 30, 160, 31), (100, 0, 101, 48)])
def test_a_window_is_a_crop(node: Node, window: tuple[int, int, int, int]) -> None:
    stage = Stage()
    feed(node, stage)
    x0, y0, x1, y1 = window
    whole = rendered(node, stage, "right")
    assert np.array_equal(rendered(node, stage, "right", window), whole[HEIGHT - y1 : HEIGHT - y0, x0:x1])


def test_it_may_cover_a_part(node: Node) -> None:
    """A picture over what the hole shows and no more, of colour channels of which red counts; the rest is unseen."""
    stage = Stage()
    feed(node, stage)
    hole, truth = hole_of(node, stage)
    part = np.repeat(stage.of_disparity(stage.behind_px), 4, axis=2)[:, 80:100]
    part[..., 1:] = 0.3
    node.connect("CleanDepth", picture(part, origin=(80, 0)), (80, 0, 100, HEIGHT))
    assert np.allclose(rendered(node, stage, "right")[hole], truth[hole], atol=1e-5)


def test_whole_frames_of_it_are_asked_where_the_picture_shows_it(node: Node) -> None:
    feed(node, Stage())
    asked = node.regions_of_interest((10, 10, 20, 20)).values
    assert asked["OfxImageClipPropRoI_CleanDepth"] == list(RECT)
    for change in ({"fill": "background"}, {"fill": "clean-plate", "use_clean_depth": 0}):
        node.set(**change)
        assert "OfxImageClipPropRoI_CleanDepth" not in node.regions_of_interest((10, 10, 20, 20)).values


def refused(node: Node, *words: str, status: int = abi.FAILED) -> None:
    node.set(output="right")
    target = Picture(RECT)
    assert node.render_into(target, RECT) == status
    assert all(word in node.effect.message for word in words), node.effect.message
    assert target.intact()


def test_what_cannot_be_used_is_refused_by_name(node: Node) -> None:
    """A field, nothing but black, no Depth in whose units it could be, a network's depth, no clean plate."""
    stage = Stage()
    feed(node, stage)
    node.effect.clips["CleanDepth"].properties.put("test.field", "OfxFieldUpper")
    refused(node, "progressive", status=abi.ERR_UNSUPPORTED)
    node.effect.clips["CleanDepth"].properties.put("test.field", "OfxFieldNone")
    good = node.effect.clips["CleanDepth"].images
    assert good is not None
    node.connect("CleanDepth", picture(stage.clean[..., :1] * 0), RECT)
    refused(node, "Clean Depth is black", "Use Clean Depth")
    node.connect("CleanDepth", good, RECT)
    node.set(use_depth=0)
    refused(node, "Clean Depth is in the units of the Depth input", "Use Clean Depth")
    node.set(use_depth=1, use_clean_plate=0)
    refused(node, "no clean plate came")
    node.set(use_clean_plate=1, shot="", depth="mini")
    refused(node, "Clean Depth: ", "mini is a network", "leave Clean Depth out")
    node.set(fill="background")
    assert rendered(node, stage, "right").shape == (HEIGHT, WIDTH, 4)


@pytest.mark.parametrize("profile", [HOSTSUPPORT, RESOLVE, RESOLVE_NULL], indirect=True, ids=lambda p: p.name)
def test_a_host_that_calls_it_connected(node: Node, profile: Profile) -> None:
    """It is off from the start; switched on, no pixels are no input, and black ones are refused."""
    stage = Stage()
    feed(node, stage, depth=False)
    assert node.effect.param_set.params["use_clean_depth"].at(0) == 0
    without = rendered(node, stage, "right")
    node.set(use_clean_depth=1)
    if profile.unconnected == "black":
        refused(node, "Clean Depth is black")
    elif profile.unconnected == "null":
        assert np.array_equal(rendered(node, stage, "right"), without)


def test_another_depth_under_an_old_name(node: Node) -> None:
    """The plate's key is remembered by what the host calls its pictures, and this is one of them."""
    stage = Stage()
    feed(node, stage)
    hole, truth = hole_of(node, stage)
    for is_right in (True, False, True):
        depth = stage.of_disparity(stage.behind_px if is_right else np.full((HEIGHT, WIDTH), STEP_PX))
        node.connect("CleanDepth", picture(depth, uid="always the same"), RECT)
        shown = np.abs(rendered(node, stage, "right")[hole] - truth[hole]).max()
        assert (shown < 1e-5) == is_right
