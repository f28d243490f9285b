"""The stage: exact geometry, directors who keep their mean, the same film twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.errors import BadInputError, OutputError
from training.stage.build import _wardrobe, build_scene
from training.stage.directors import DIRECTORS, Director, director_named, eased_shift, stage_shots
from training.stage.film import FilmPlan, shoot, write_film
from training.stage.scene import Plane, Scene
from training.stage.textures import Textures, painted


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no director"):
        director_named("nobody")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write this film"):
        write_film(tmp_path / "file" / "x.mp4", DIRECTORS["deep"], FilmPlan(shots=1), Textures())


def _ramp_plane(width: int, height: int, iz: tuple[float, float, float]) -> Plane:
    color = np.ones((height, width + 60, 4), np.float32)
    color[..., :3] = np.linspace(0, 1, width + 60, dtype=np.float32)[None, :, None]
    return Plane(color, (-30, 0), iz)


def test_points_land_where_the_director_puts_them() -> None:
    """A left pixel of value v is found in the right eye at x − (s·iz + t), on a slanted plane too."""
    width, height, iz = 128, 32, (0.2, 0.003, 0.004)
    scene = Scene((_ramp_plane(width, height, iz),), width, height)
    scale, shift = 6.0, -3.0
    left, right = scene.view(), scene.view(gain_px=-scale, offset_px=-shift)
    x, y = 70, 20
    disparity = scale * left.iz[y, x] + shift
    assert left.iz[y, x] == pytest.approx(0.2 + 0.003 * x + 0.004 * y, abs=1e-5)
    found = np.interp(left.color[y, x, 0], right.color[y, :, 0], np.arange(width))
    assert found == pytest.approx(x - disparity, abs=0.05)
    assert right.iz[y, round(found)] == pytest.approx(left.iz[y, x], abs=0.003)


def test_near_planes_cover_far_ones_and_pop_out() -> None:
    far, near = _ramp_plane(64, 32, (0.1, 0, 0)), Plane(np.ones((8, 10, 4), np.float32), (20, 10), (0.8, 0, 0), 1.0)
    scene = Scene((far, near), 64, 32)
    assert scene.view().iz[12, 25] == pytest.approx(0.8) and scene.view().matte.sum() == 80
    moved = scene.view(pop_out_px=-5.0).matte
    assert moved[12, 15:25].all() and not moved[12, 25:].any()


def test_a_few_shots_keep_the_directors_mean() -> None:
    director = Director("d", (15.0, 2.0), (-9.0, 1.0), close_up_gain=0.8)
    close_ups = [n % 3 == 0 for n in range(12)]
    shots = stage_shots(director, close_ups, np.random.default_rng(0))
    assert np.mean([s.scale_px for s in shots]) == pytest.approx(15.0, abs=0.6)
    assert np.mean([s.shift_px for s in shots]) == pytest.approx(-9.0, abs=1e-6)
    assert np.std([s.shift_px for s in shots]) == pytest.approx(1.0, abs=0.15)


def test_convergence_travels_after_a_cut() -> None:
    director = Director("d", (15.0, 2.0), (-9.0, 1.0), ease_frames=3)
    path = [eased_shift(director, -12.0, -6.0, n) for n in range(5)]
    assert path == sorted(path) and -12 < path[0] < -6 and path[3] == path[4] == -6


def test_somebody_wears_the_colour_exactly_when_pulled() -> None:
    for popped in (True, False):
        scene = build_scene(96, 54, Textures(), np.random.default_rng(5), close_up=False, colour="red", pop_out=popped)
        assert any(plane.pop_out for plane in scene.planes) is popped
        worn = [_wardrobe(np.random.default_rng(seed), "red", popped) for seed in range(20)]
        assert all(("red" in clothes) is popped for clothes in worn)


def test_the_same_seed_gives_the_same_film() -> None:
    plan = FilmPlan(shots=2, frames_per_shot=2, width=96, height=54, aspect=0)
    one, two = (list(shoot(DIRECTORS["deep"], plan, Textures())) for _ in range(2))
    assert [n for n, _ in one] == [0, 0, 1, 1]
    assert all(np.array_equal(a.left.color, b.left.color) for (_, a), (_, b) in zip(one, two, strict=True))
    assert not np.array_equal(one[0][1].left.color, one[2][1].left.color)


def test_photographs_become_surfaces(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    Image.fromarray((255 * painted(rng, 80, 60)).astype(np.uint8)).save(tmp_path / "a.png")
    crop = Textures(tmp_path).crop(rng, 160, 90)
    assert crop.shape == (90, 160, 3) and crop.dtype == np.float32 and 0 <= crop.min() < crop.max() <= 1
