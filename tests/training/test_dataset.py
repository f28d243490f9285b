"""Batches: held-out shots, mirroring, determinism."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.conftest import SMALL
from training.config import FitConfig
from training.dataset import Pairs, batches, colour_gain, grid_of, mirrored, plan_epoch, split_by_shot
from training.losses import sample_rows
from training.pairs import Sample
from training.shards import Entry, ShardError
from training.stereo_net import Disparities, consistent

CONFIG = FitConfig(size_px=128, batch=3)


def test_shots_are_held_out_whole(entries: list[Entry]) -> None:
    train, held = split_by_shot(entries, 0.3)
    shots = [{e.row["shot"] for e in group} for group in (train, held)]
    assert shots[0] and shots[1] and not shots[0] & shots[1]
    assert len(train) + len(held) == len(entries)
    assert split_by_shot(entries[::-1], 0.3)[1] == held[::-1]


def test_one_shot_cannot_be_held_out(entries: list[Entry]) -> None:
    with pytest.raises(ShardError, match="single shot"):
        split_by_shot(entries[:1], 0.2)
    assert split_by_shot(entries[:1], 0.0) == (entries[:1], [])


def test_pictures_keep_their_proportions(entries: list[Entry]) -> None:
    assert grid_of(entries[0], 128) == (64, 128)
    batch = next(batches(Pairs(entries, CONFIG, augment=False), [[(0, 0), (0, 1)]]))
    assert batch.rgb.shape == (2, 3, 64, 128) and batch.iz.shape == (2, 64, 128)
    assert torch.equal(batch.left.global_mask + batch.left.local, batch.left.valid)
    figures = entries[0].row["figures"]
    kept = batch.left.disparity[0][batch.left.valid[0] > 0]
    assert float(kept.quantile(0.02)) == pytest.approx(figures["far_pct"], abs=0.2)
    assert float(kept.quantile(0.98)) == pytest.approx(figures["near_pct"], abs=0.4)


def test_a_mirrored_pair_is_still_stereo(entries: list[Entry]) -> None:
    """In the mirrored scene the new left eye's disparity still leads to the same point in the new right eye."""
    left, right = Pairs(entries, CONFIG, augment=False).eyes(0)
    new_left, new_right = mirrored(right), mirrored(left)
    px = 128 / 100
    maps = Disparities((new_left.maps[0] * px).numpy(), (new_right.maps[0] * px).numpy())
    agree = consistent(maps, tolerance_px=0.75)[0] & new_left.masks[0].numpy()
    assert agree.sum() / new_left.masks[0].sum() > 0.85
    x = torch.arange(128.0)[None].expand(64, 128) - new_left.maps[0] * px
    grey = [eye.rgb.float().mean(0) for eye in (new_left, new_right)]
    there = sample_rows(grey[1][None], x[None])[0]
    seen = torch.from_numpy(agree)
    assert (grey[0] - there).abs()[seen].mean() < 0.6 * (grey[0] - grey[1]).abs()[seen].mean()


def test_the_same_turn_gives_the_same_batch(entries: list[Entry]) -> None:
    one, two = (Pairs(entries, CONFIG, augment=True) for _ in range(2))
    a, b, c = one[(3, 1)], two[(3, 1)], two[(4, 1)]
    assert torch.equal(a.rgb, b.rgb) and torch.equal(a.left.disparity, b.left.disparity)
    assert not torch.equal(a.rgb, c.rgb)


def test_colours_change_but_not_hue() -> None:
    gains = np.array([colour_gain(np.random.default_rng(n), 0.3) for n in range(50)])
    assert gains.min() > np.exp(-0.3) - 1e-6 and gains.max() < np.exp(0.3) + 1e-6 and gains.std() > 0.1


def test_epochs_use_every_sample_once_in_batches_of_one_size() -> None:
    grids = [(64, 128)] * 7 + [(72, 128)] * 4
    plan = plan_epoch(grids, 3, seed=1, epoch=2)
    assert sorted(i for batch in plan for _, i in batch) == list(range(11))
    assert all(len({grids[i] for _, i in batch}) == 1 and len(batch) <= 3 for batch in plan)
    assert plan == plan_epoch(grids, 3, seed=1, epoch=2) != plan_epoch(grids, 3, seed=1, epoch=3)


def test_a_sample_without_valid_pixels(entries: list[Entry]) -> None:
    class Blind(Entry):
        def load(self) -> Sample:
            sample = super().load()
            return replace(sample, left=replace(sample.left, valid=np.zeros_like(sample.left.valid)))

    blind = Blind(**entries[0].__dict__)
    with pytest.raises(ShardError, match="no valid pixel"):
        Pairs([blind], CONFIG, augment=False).eyes(0)


def test_workers_read_the_same(entries: list[Entry]) -> None:
    plan = [[(0, 0), (0, 1)], [(0, 2)]]
    alone = list(batches(Pairs(entries, CONFIG, augment=True), plan))
    helped = list(batches(Pairs(entries, CONFIG, augment=True), plan, workers=1))
    assert all(torch.equal(a.rgb, b.rgb) and a.keys == b.keys for a, b in zip(alone, helped, strict=True))
    assert SMALL.size_px == 256
