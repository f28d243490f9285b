"""Cuts, bars, samples."""

from __future__ import annotations

from pathlib import Path

import cv2
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


@pytest.mark.parametrize("bars", [(6, 0, 0, 0), (0, 8, 0, 0), (0, 0, 10, 0), (0, 0, 0, 12), (6, 8, 10, 12)])
def test_a_padded_film_gives_the_films_picture(bars: tuple[int, int, int, int]) -> None:
    """The picture of a padded film is the film's, to the pixel, and so are its shots."""
    top, bottom, left, right = bars
    frames = [*[_picture(1)] * 8, *[_picture(2)] * 8]
    bare = scan_film(_film(frames), where="film", min_shot_frames=2)
    barred = [np.pad(f, ((top, bottom), (left, right), (0, 0))) for f in frames]
    padded = scan_film(_film(barred), where="film", min_shot_frames=2)
    assert bare.picture == Box(0, 0, 100, 60)
    assert padded.picture == bare.picture.shift(left, top)
    assert [(s.start, s.stop) for s in padded.shots] == [(s.start, s.stop) for s in bare.shots] == [(0, 8), (8, 16)]


def test_a_film_that_shows_nothing() -> None:
    with pytest.raises(PlateError, match="black throughout"):
        scan_film(_film([np.full((40, 100, 3), 10, np.uint8)] * 3), where="film", min_shot_frames=2)


def test_frames_between_two_shots_are_never_kept() -> None:
    """A dissolve, a dip to black and a flash: no sample lies in them."""
    one, two, three = (_wide(seed) for seed in (1, 2, 3))
    shares = [k / 9 for k in range(1, 9)]
    mixed = [np.uint8((1 - s) * one + s * two) for s in shares]
    out = [np.uint8(two * (1 - k / 7)) for k in range(1, 7)]
    back = [np.uint8(three * (k / 7)) for k in range(1, 7)]
    lit = [np.uint8(np.clip(one * 1.5 + 60.0, 0, 255))] * 2
    black = [np.zeros_like(one)] * 3
    frames = [*[one] * 8, *lit, *[one] * 10, *mixed, *[two] * 20, *out, *black, *back, *[three] * 20]
    scan = scan_film(_film(frames), where="film", min_shot_frames=6)  # type: ignore[arg-type]
    assert scan.frames == len(frames) and [s.number for s in scan.shots] == [0, 1, 2]
    kept = {n for shot in scan.shots for n in shot.samples(50)}
    assert not kept & {8, 9, *range(20, 28), *range(48, 63)}
    assert kept >= {0, 7, 10, 18, 30, 46, 64, 82}


def test_a_cut_that_leaves_a_short_shot_is_none() -> None:
    frames = [*[_wide(1)] * 12, *[_wide(2)] * 12, *[_wide(3)] * 4]
    assert [(s.start, s.stop) for s in scan_film(_film(frames), where="f", min_shot_frames=6).shots] == [
        (0, 12),
        (12, 28),
    ]
    assert len(scan_film(_film(frames), where="f", min_shot_frames=2).shots) == 3


def _wide(seed: int) -> np.ndarray:
    return np.asarray(cv2.resize(_picture(seed), (96, 54), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_samples_keep_away_from_cuts() -> None:
    assert Shot(0, 100, 110).samples(2) == [102, 107]
    assert Shot(0, 5, 6).samples(3) == [5]
