"""A small film by a known director, and its shards, made once for all training tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.assignment import FilmSpec
from training.config import CurateConfig
from training.curate import curate
from training.depth import Depth
from training.masks import mask_source
from training.pairs import Bench
from training.shards import Entry, index
from training.stage.directors import director_named
from training.stage.film import FilmPlan, write_film
from training.stage.textures import Textures
from training.stereo_net import stereo_net

SMALL = CurateConfig(
    size_px=256, per_shot=2, min_shot_frames=2, depth="sidecar", fattening_px=4, min_ddc=0.55, samples_per_shard=5
)


def small_bench(**changes: object) -> Bench:
    """What tests measure pairs with."""
    config = CurateConfig(**{**SMALL.__dict__, **changes})
    return Bench(config, stereo_net("sgm", reach_px=32), Depth(config.depth), mask_source(config.masks))


@pytest.fixture(scope="session", autouse=True)
def two_threads() -> None:
    """Small tensors gain nothing from many threads."""
    torch.set_num_threads(2)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six shots of three frames, side by side, with black bars, depth and mattes beside it."""
    path = tmp_path_factory.mktemp("films") / "rehearsal.mp4"
    plan = FilmPlan(shots=6, frames_per_shot=3, width=320, height=180, grain=0.002, seed=4)
    return write_film(path, director_named("measured"), plan, Textures())


@pytest.fixture(scope="session")
def shards(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film's shards."""
    folder = tmp_path_factory.mktemp("shards")
    curate([FilmSpec(str(film), style="measured")], folder, small_bench())
    return folder


@pytest.fixture(scope="session")
def entries(shards: Path) -> list[Entry]:
    """The film's samples."""
    return index(shards)
