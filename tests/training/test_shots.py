"""Cuts, bars, samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from training.films import StereoFrame, open_film
from training.shots import Shot, scan_film


def test_a_film_without_frames() -> None:
    with pytest.raises(PlateError, match="no frames"):
        scan_film([], where="film", min_shot_frames=2)


def test_cuts_and_bars_of_the_rehearsal(film: Path) -> None:
    scan = scan_film(open_film(str(film)).pairs(), where="film", min_shot_frames=2)
    assert [(s.start, s.stop) for s in scan.shots] == [(n, n + 3) for n in range(0, 18, 3)]
    assert scan.picture == Box(0, 10, 320, 170)


def _film(pictures: list[np.ndarray]) -> list[StereoFrame]:
    return [StereoFrame(index, picture, picture) for index, picture in enumerate(pictures)]


def _picture(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 220, (6, 10, 3), np.uint8)
    return np.asarray(np.kron(coarse, np.ones((10, 10, 1), np.uint8)), np.uint8)


def test_bars_belong_to_shots() -> None:
    """Each shot has its own picture; a dark frame takes that of its shot."""
    wide = [np.pad(_picture(1), ((10, 10), (0, 0), (0, 0)))] * 6
    wide[3] = wide[3] // 60
    full = [np.pad(_picture(2), ((10, 10), (0, 0), (0, 0)), mode="edge")] * 6
    scan = scan_film(_film(wide + full), where="film", min_shot_frames=2)
    assert scan.picture == Box(0, 0, 100, 80)
    assert scan.shots[0].picture == Box(0, 10, 100, 70)
    assert scan.shots[-1].picture == Box(0, 0, 100, 80)


def test_a_film_that_shows_nothing() -> None:
    with pytest.raises(PlateError, match="black throughout"):
        scan_film(_film([np.full((40, 100, 3), 10, np.uint8)] * 3), where="film", min_shot_frames=2)


def test_samples_keep_away_from_cuts() -> None:
    assert Shot(0, 100, 110).samples(2) == [102, 107]
    assert Shot(0, 5, 6).samples(3) == [5]
