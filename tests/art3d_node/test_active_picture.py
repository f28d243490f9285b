"""What lies inside the bars is staged as if there were none; the bars are a window on the screen plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.prepared import prepare
from art3d_node.renderer import render_box
from art3d_node.server.workers.compute import Compute
from art3d_node.transfer import host_array
from host_bridge.core.bars import Bars, bars_of, inside
from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame

LIBRARY = Library()
MINI = AnalysisSettings(depth="mini", style="immersive")
SIDES: list[Bars] = [(24, 24, 0, 0), (0, 0, 30, 30), (20, 12, 16, 24), (20, 0, 0, 0), (0, 0, 0, 22), (0, 0, 2, 0)]
EVERY = tuple(OUTPUTS)
VIEWS = {"left": "color", "right": "color", "left_extra": "extra", "right_extra": "extra"}


def picture(seed: int = 3, size: tuple[int, int] = (90, 160)) -> Frame:
    """A wall, a floor and two things on it, with grain, alpha, a further layer and a matte."""
    rng = np.random.default_rng(seed)
    rows, columns = size
    y, x = np.mgrid[0:rows, 0:columns]
    color = np.stack([0.25 + 0.2 * y / rows, 0.3 + 0.1 * x / columns, 0.35 - 0.1 * y / rows], -1)
    color[(x - 50) ** 2 + (y - 50) ** 2 < 500] = (0.7, 0.2, 0.1)
    color[30:80, 110:135] = (0.1, 0.5, 0.6)
    color = color * rng.uniform(0.8, 1.2, (rows, columns, 1))
    layers = {
        "color": np.concatenate([color, np.ones((rows, columns, 1))], -1).astype(np.float32),
        "extra": rng.random((rows, columns, 1), np.float32),
        "matte": np.ones((rows, columns, 1), np.float32),
    }
    box = Box.of_size(columns, rows)
    return Frame(box, box, layers, ("R", "G", "B", "A"))


def barred(frame: Frame, bars: Bars, *, light: float = 0.0) -> Frame:
    """The frame with bars around it, which carry noise where `light` is more than 0."""
    top, bottom, left, right = bars
    rng = np.random.default_rng(1)
    layers = {}
    for name, array in frame.layers.items():
        layers[name] = np.pad(array, ((top, bottom), (left, right), (0, 0)))
        if name == "color" and light:
            outside = np.ones(layers[name].shape[:2], bool)
            outside[top : top + frame.data.height, left : left + frame.data.width] = False
            layers[name][outside, :3] += light * rng.random((int(outside.sum()), 3), np.float32)
    box = Box.of_size(frame.data.width + left + right, frame.data.height + top + bottom)
    return Frame(box, box, layers, frame.channels)


def shown(
    frame: Frame, controls: Controls | None = None, settings: AnalysisSettings = MINI, box: Box | None = None
) -> dict[str, np.ndarray]:
    prepared = prepare(frame, analyse(frame, settings, LIBRARY), controls or Controls())
    planes = render_box(prepared, box or frame.data, EVERY).planes
    return {name: plane.numpy() for name, plane in planes.items()}


def at_rest(name: str, plane: np.ndarray) -> np.ndarray:
    """What a plane holds where there is no picture: a floating window that is off hides nothing."""
    return np.ones_like(plane) if name.startswith("window_") else np.zeros_like(plane)


@pytest.mark.parametrize(
    ("bars", "hero"), [*((bars, "left") for bars in SIDES), (SIDES[2], "right"), (SIDES[2], "none")]
)
def test_inside_the_bars_all_is_as_without_them(bars: Bars, hero: str) -> None:
    plain, frame = picture(), barred(picture(), bars)
    part = inside(frame.data, bars).slices(frame.data)
    controls = Controls(hero=hero)
    wanted, made = shown(plain, controls), shown(frame, controls)
    for name in EVERY:
        assert np.array_equal(made[name][part], wanted[name]), name


@pytest.mark.parametrize("bars", SIDES[:3])
@pytest.mark.parametrize("hero", ["left", "none"])
@pytest.mark.parametrize("zero_plane", [-1.5, 1.5])
def test_the_bars_lie_on_the_screen_as_they_are(bars: Bars, hero: str, zero_plane: float) -> None:
    frame = barred(picture(), bars, light=0.0005)
    outside = np.ones((frame.data.height, frame.data.width), bool)
    outside[inside(frame.data, bars).slices(frame.data)] = False
    for name, plane in shown(frame, Controls(hero=hero, zero_plane=zero_plane)).items():
        expected = frame.layers[VIEWS[name]] if name in VIEWS else at_rest(name, plane)
        assert np.array_equal(plane[outside], expected[outside]), name


@pytest.mark.parametrize(("bars", "dead"), [((0, 0, 2, 0), slice(0, 2)), ((0, 0, 0, 2), slice(-2, None))])
@pytest.mark.parametrize("zero_plane", [0.0, 1.0, -1.0])
def test_dead_columns_grow_no_stripe(bars: tuple[int, int, int, int], dead: slice, zero_plane: float) -> None:
    """Two dead columns at an edge stay two in the new eye, and the picture begins beside them."""
    right = shown(barred(picture(), bars), Controls(zero_plane=zero_plane))["right"]
    dark = right[..., :3].max(axis=2) < 0.02
    assert dark[:, dead].all()
    assert not np.delete(dark, np.arange(dark.shape[1])[dead], axis=1).any()


@pytest.mark.parametrize("hero", ["left", "none"])
def test_a_tile_is_a_crop_across_bars(hero: str) -> None:
    bars = (20, 12, 16, 24)
    frame = barred(picture(), bars, light=0.0005)
    controls = Controls(hero=hero, zero_plane=-1.0)
    reach = frame.data.grow(7, 5)
    whole = shown(frame, controls, box=reach)
    prepared = prepare(frame, analyse(frame, MINI, LIBRARY), controls)
    for box in (*reach.tiles(37, 29), Box(0, 0, 16, 20), Box(-30, -9, -20, 2), Box(3, 1, 4, 2)):
        planes = render_box(prepared, box, EVERY).planes
        for name in EVERY:
            seen = box.intersect(reach)
            if seen.empty:
                assert np.array_equal(planes[name].numpy(), at_rest(name, planes[name].numpy()))
            else:
                assert np.array_equal(planes[name].numpy()[seen.slices(box)], whole[name][seen.slices(reach)]), name


def test_a_plate_that_ends_inside_the_picture_still_reaches_out() -> None:
    """Bars above and below: the new view may still leave the data window at its sides."""
    frame = barred(picture(), (20, 20, 0, 0))
    wide = replace(frame, display=frame.display.grow(12, 0))
    right = shown(wide, Controls(zero_plane=2.0), box=wide.display)["right"]
    beyond = right[:, -12:, 3]
    assert beyond[20:-20].any()
    assert not beyond[:20].any() and not beyond[-20:].any()


@pytest.mark.parametrize("proxy", [1, 2, 3])
def test_proxies_have_the_same_picture(proxy: int) -> None:
    bars = (20, 12, 16, 24)
    frame = barred(picture(), bars)
    settings = replace(MINI, proxy=proxy)
    seen = frame.proxy(proxy)
    planes = render_box(prepare(seen, analyse(frame, settings, LIBRARY), Controls()), seen.data, EVERY).planes
    part = inside(frame.data, bars).sampled(frame.data, proxy)
    outside = torch.ones(seen.data.height, seen.data.width, dtype=torch.bool)
    outside[part.slices(seen.data)] = False
    assert not planes["disparity_left"][outside].any() and planes["disparity_left"][~outside].any()
    assert np.array_equal(planes["left"], seen.layers["color"])


def test_settings_name_the_picture() -> None:
    """Named, it is taken as it is; the frame's own bars count only when none is named."""
    frame = barred(picture(), (20, 12, 0, 0))
    whole = analyse(frame, replace(MINI, picture=frame.data), LIBRARY)
    part = analyse(frame, replace(MINI, picture=Box(10, 20, 140, 90)), LIBRARY)
    assert whole.picture == frame.data and part.picture == Box(10, 20, 140, 90)
    assert part.disparity_px.shape == (70, 130) and part.width_px == 130
    assert bars_of(analyse(frame, MINI, LIBRARY).picture, frame.data) == (20, 12, 0, 0)
    for wrong in (Box(0, 0, 0, 0), Box(-1, 0, 50, 50), Box(0, 0, 161, 50)):
        with pytest.raises(BadInputError, match="outside the data window"):
            analyse(frame, replace(MINI, picture=wrong), LIBRARY)


def test_z_and_looks_are_cut_too() -> None:
    """Depth of the plate's own Z, and of a look that the host made, sees nothing of the bars."""
    bars = (24, 24, 0, 0)
    plain = picture()
    z = 2.0 + np.arange(90, dtype=np.float32)[:, None, None].repeat(160, 1)
    look = (plain.layers["color"][::2, ::2, :3] * 255).clip(0, 255).astype(np.uint8)
    for name, array, settings in (("depth", z, replace(MINI, depth="aov")), ("look", look, MINI)):
        plain_layers = {**plain.layers, name: array}
        framed = barred(plain, bars)
        pad = 24 if name == "depth" else 12
        framed = replace(framed, layers={**framed.layers, name: np.pad(array, ((pad, pad), (0, 0), (0, 0)))})
        wanted = analyse(replace(plain, layers=plain_layers), settings, LIBRARY)
        assert torch.equal(analyse(framed, settings, LIBRARY).disparity_px, wanted.disparity_px)


def test_a_given_disparity_is_taken_bars_and_all() -> None:
    frame = barred(picture(), (20, 20, 0, 0))
    given = np.full((130, 160, 1), 3.0, np.float32)
    frame = replace(frame, layers={**frame.layers, "disparity": given})
    assert (shown(frame, settings=AnalysisSettings(style="given"))["disparity_left"] == 3.0).all()


def _tile(engine: Compute, frames: list[Frame], settings: AnalysisSettings) -> np.ndarray:
    known = {frame.key: frame for frame in frames}
    planes, _ = engine.tile(
        known, frames[0].key, settings, Controls(), frames[0].data, ("disparity_left",), check=lambda: None
    )
    return np.concatenate([host_array(strip) for strip in planes["disparity_left"]])


def test_neighbours_are_seen_through_the_same_window() -> None:
    """In a shot, the depth of a barred frame is steadied as that of the frame without bars."""
    engine, bars = Compute("cpu", 64 << 20), (20, 20, 10, 10)
    plain = [picture(seed) for seed in (3, 4, 5)]
    framed = [barred(frame, bars) for frame in plain]
    found = []
    for frames in (plain, framed):
        shot = ShotFrame(0.0, 1.0, before=(frames[1].key,), after=(frames[2].key,))
        box = inside(frames[0].data, bars) if frames is framed else frames[0].data
        found.append(_tile(engine, frames, replace(MINI, shot=shot, picture=box))[box.slices(frames[0].data)])
    assert np.array_equal(found[0], found[1])
