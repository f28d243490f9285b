"""The fresh set: what is written down, what stays out of training, and its two measures on known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.mini.fresh import Ranked, coherence, kept_out, pasted, ranks_kept, read_pairs
from training.mini.scribbles import POINTS, read_points


def test_the_set_is_as_large_as_it_says() -> None:
    rows = list(read_pairs())
    assert len(rows) == 26
    assert sum(len(pairs) for _, pairs in rows) == 218
    assert all(0 <= c <= 1 for _, pairs in rows for pair in pairs for at in pair for c in at)


def test_no_picture_of_it_is_trained_on() -> None:
    for name, _ in read_pairs():
        assert kept_out(Path(f"training_assets/photos/{name}.jpg"))
    assert kept_out(Path("training_assets/pairs_depth/depthy_hut_image.jpg"))
    assert kept_out(Path("training_assets/clips/mdn_chroma_key_man.mp4"))
    assert not any(kept_out(Path(file)) for file, _, _ in read_points(POINTS))
    assert not kept_out(Path("training_assets/photos/jazz_trumpet.jpg"))


def test_ranked_pairs_count_what_is_the_right_way_round() -> None:
    estimate = np.tile(np.linspace(0, 1, 50), (40, 1))
    picture = Ranked("ramp", np.zeros((40, 50, 3), np.uint8), (((0.9, 0.5), (0.1, 0.5)), ((0.2, 0.5), (0.8, 0.5))))
    assert ranks_kept(estimate, picture) == 1


def test_a_torn_thing_is_not_coherent() -> None:
    instance = np.zeros((100, 120), bool)
    instance[20:, 40:80] = True
    floor = np.tile(np.linspace(0, 1, 100)[:, None], (1, 120))
    assert coherence(np.where(instance, 2.0, floor), instance) == 1.0
    torn = np.where(instance & (np.arange(100) < 60)[:, None], -1.0, np.where(instance, 2.0, floor))
    assert coherence(torn, instance) == pytest.approx(0.5, abs=0.06)
    assert coherence(floor, instance) < 0.2


def test_the_man_is_cut_out_whole(plates: Path) -> None:
    assets = plates.parent / "training_assets"
    if not assets.exists():
        pytest.skip(f"{assets} is absent")
    first = next(pasted(assets))
    rows = np.flatnonzero(first.instance.any(1))
    assert first.rgb.shape == (432, 640, 3)
    assert rows[-1] == 431, "stands on the lower edge"
    assert 0.1 < first.instance.mean() < 0.6
