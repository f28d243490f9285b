"""Cuts, bars, samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.errors import PlateError
from host_bridge.geometry import Box
from training.films import open_film
from training.shots import Shot, picture_box, scan_film


def test_a_film_without_frames() -> None:
    with pytest.raises(PlateError, match="no frames"):
        scan_film([], where="film", min_shot_frames=2)


def test_cuts_and_bars_of_the_rehearsal(film: Path) -> None:
    scan = scan_film(open_film(str(film)).pairs(), where="film", min_shot_frames=2)
    assert [(s.start, s.stop) for s in scan.shots] == [(n, n + 3) for n in range(0, 18, 3)]
    assert scan.picture == Box(0, 10, 320, 170)


def test_pillars_and_a_dark_picture() -> None:
    bright = np.zeros((40, 100), np.uint8)
    bright[:, 10:90] = 200
    assert picture_box(bright, where="film") == Box(10, 0, 90, 40)
    with pytest.raises(PlateError, match="black throughout"):
        picture_box(np.full((40, 100), 10, np.uint8), where="film")


def test_a_night_sky_is_no_bar() -> None:
    bright = np.zeros((100, 50), np.uint8)
    bright[60:] = 90
    assert picture_box(bright, where="film") == Box(0, 0, 50, 100)


def test_samples_keep_away_from_cuts() -> None:
    assert Shot(0, 100, 110).samples(2) == [102, 107]
    assert Shot(0, 5, 6).samples(3) == [5]
