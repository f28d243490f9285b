"""The factory of film-like pictures: known answers of the tracer, whole things, cut-outs, and what a shard holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("embreex")

from training.mini import meshes, sets
from training.mini.cutouts import Backdrop, CutOut, paste, photographs
from training.mini.data import Cache
from training.mini.embree import Camera, Lamp, World
from training.mini.factory import SHAPES, load_props, scene, usable
from training.mini.fresh import kept_out
from training.mini.lens import filmed
from training.mini.losses import wholeness_loss
from training.mini.persons import in_front
from training.mini.stage import Stage, aim

_GREY = np.full(3, 0.5)


def _boxes() -> World:
    """A box two metres away before a wall at five metres."""
    near = meshes.box(np.array([-0.5, -0.5, 2.0]), np.array([0.5, 0.5, 3.0]), _GREY, None, 1.0)
    wall = meshes.box(np.array([-9.0, -9.0, 5.0]), np.array([9.0, 9.0, 6.0]), _GREY, None, 1.0)
    lamp = Lamp(np.array([0.0, 0.0, -5.0]), np.ones(3, np.float32), far=True)
    return World([(near, 7), (wall, 0)], [lamp], np.ones((8, 16, 3)), ambient=0.2)


def _straight(focal: float = 1.0) -> Camera:
    return aim(np.zeros(3), np.array([0.0, 0.0, 1.0]), focal=focal)


def test_depth_is_along_the_axis_and_numbers_name_things() -> None:
    view = _boxes().render(_straight(), (60, 80), np.random.default_rng(0))
    assert np.allclose(np.unique(view.iz.round(4)), [0.2, 0.5]), "planes across the axis, not spheres about the eye"
    assert set(np.unique(view.ids)) == {0, 7}
    assert np.array_equal(view.ids > 0, view.iz > 0.4)
    rows = np.flatnonzero((view.ids > 0).any(1))
    assert (rows[0], rows[-1]) == (15, 44), "half a metre at two metres and a focal length of one height"


def test_a_thing_casts_a_shadow() -> None:
    lamp = Lamp(np.array([2.0, 0.0, 0.0]), np.ones(3, np.float32) * 9)
    world = _boxes()
    world._lamps = [lamp]
    view = world.render(_straight(0.6), (60, 80), np.random.default_rng(0))
    level = view.colour.mean(2)
    assert level[30, 8] < 0.75 * level[30, 72], "the wall left of the box lies in its shadow"


def test_what_is_out_of_focus_is_soft() -> None:
    view = _boxes().render(_straight(), (60, 80), np.random.default_rng(0))
    rng = np.random.default_rng(3)
    frame = filmed(view, rng, focus=2.0, blur=0.0)
    assert frame.shape == (60, 80, 3)
    assert frame.dtype == np.uint8
    assert usable(view)


def test_torn_things_cost_whole_ones_do_not() -> None:
    target = torch.full((2, 48, 64), 0.2)
    target[:, 8:, 20:44] = 1.0
    ids = torch.zeros(2, 48, 64, dtype=torch.uint8)
    ids[:, 8:, 20:44] = 1
    mask, generator = torch.ones(2, 48, 64), torch.Generator().manual_seed(0)
    torn = target.clone()
    torn[:, 8:18] = 0.2
    good = wholeness_loss(target, target, mask, ids, generator=generator)
    bad = wholeness_loss(torn, target, mask, ids, generator=generator)
    nothing = wholeness_loss(torn, target, mask, torch.zeros_like(ids), generator=generator)
    assert float(good.max()) < 0.05
    assert float(bad.min()) > 10 * float(good.max())
    assert float(nothing.abs().max()) == 0.0


def test_a_cut_out_lies_before_what_it_covers() -> None:
    rng = np.random.default_rng(0)
    cut = CutOut(np.full((64, 64, 3), 0.7, np.float32), np.ones((64, 64), np.float32), np.zeros((64, 64), np.float32))
    iz, ids = np.tile(np.linspace(0, 1, 96, dtype=np.float32)[:, None], (1, 128)), np.zeros((96, 128), np.uint8)
    shown, depth = paste(np.zeros((96, 128, 3), np.float32), iz, ids, cut, 3, rng)
    on = ids == 3
    assert on.any()
    assert depth[on].min() > np.quantile(iz[on], 0.9)
    assert np.array_equal(depth[~on], iz[~on])
    assert shown[on].mean() > shown[~on].mean()


def test_people_stand_before_their_surroundings_and_outlines_are_unknown() -> None:
    behind = Backdrop(np.zeros((96, 128, 3), np.uint8), np.full((96, 128), 0.5, np.float32))
    mask = np.zeros((96, 128), np.float32)
    mask[30:, 40:80], mask[28:30, 40:80] = 1.0, 0.5
    iz, ids = in_front(behind, [mask], np.random.default_rng(0))
    assert np.isnan(iz[28:30, 40:80]).all()
    assert iz[ids == 1].min() > np.nanmax(iz[ids == 0])


def test_nothing_fresh_lies_behind_a_cut_out(plates: Path) -> None:
    assets = plates.parent / "training_assets"
    if not assets.exists():
        pytest.skip(f"{assets} is absent")
    files = photographs(plates, assets)
    assert len(files) > 100
    assert not any(kept_out(f) for f in files)


@pytest.mark.parametrize("maker", [maker for maker, _ in sets.MAKERS], ids=lambda maker: maker.__name__)
def test_a_stage_shows_something(plates: Path, maker: object, tmp_path: Path) -> None:
    """Every set makes pictures with depth from near to far, and a shard of them is read as it was written."""
    assets = plates.parent / "training_assets"
    if not assets.exists():
        pytest.skip(f"{assets} is absent")
    props = _props(assets, plates)
    pictures = []
    for seed in range(8):
        stage = Stage(np.random.default_rng(seed), props)  # type: ignore[arg-type]
        maker(stage)  # type: ignore[operator]
        world = stage.world()
        pictures = [world.render(shot.camera, (54, 72), stage.rng, side=1) for shot in stage.shots]
        pictures = [view for view in pictures if usable(view)]
        if pictures:
            break
    assert pictures
    assert all(np.isfinite(view.colour).all() for view in pictures)
    assert any((view.ids > 0).any() for view in pictures) or maker is sets.interior


_kept: list[object] = []


def _props(assets: Path, plates: Path) -> dict[str, Any]:
    if not _kept:
        _kept.append(load_props(assets, plates, 1, surfaces_count=12, skies_count=3))
    return _kept[0]  # type: ignore[return-value]


def test_a_seed_makes_the_same_scene_again(plates: Path) -> None:
    assets = plates.parent / "training_assets"
    if not assets.exists():
        pytest.skip(f"{assets} is absent")
    props = _props(assets, plates)
    one, two = (scene(props, np.random.default_rng(5), (54, 72)) for _ in range(2))  # type: ignore[arg-type]
    assert len(one) == len(two) > 0
    for a, b in zip(one, two, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert all(len(shape) == 2 for shape in SHAPES)


def test_new_shards_are_read_while_training(tmp_path: Path) -> None:
    def write(name: str, count: int) -> None:
        rgb = np.zeros((count, 8, 8, 3), np.uint8)
        np.savez(tmp_path / name, rgb=rgb, iz=rgb[..., 0].astype(np.float16), ids=rgb[..., 0])

    write("film_1_0000.npz", 2)
    cache = Cache(tmp_path)
    (tmp_path / "film_1_0009.part").write_bytes(b"half a shard")
    write("film_1_0001.npz", 3)
    cache.refresh()
    cache.refresh()
    assert {source: len(pictures) for source, pictures in cache.pictures.items()} == {"film": 5}
