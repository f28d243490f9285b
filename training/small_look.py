"""A film looked through at a smaller size: shots, bars and eyes out of step need no more, at a fraction of the cost."""

from __future__ import annotations

from dataclasses import replace

from host_bridge.core.geometry import Box
from training.films import Film, OffsetFilm, PackedFilm, StereoFrame, SwappedFilm, TwinFilm
from training.frame_times import videos_of
from training.shots import Scan
from training.video import Video

ENOUGH_PX = 960
"""Width of an eye that is looked through as it is."""


def shrinking(film: Film, first: StereoFrame) -> int:
    """How many times smaller the eyes of this film may be decoded for a first look; 1: as they are.

    Args:
        film: as opened.
        first: one of its frames.
    """
    height, width = first.left.shape[:2]
    for factor in range(width // ENOUGH_PX, 1, -1):
        if width % factor == 0 and height % factor == 0 and first.right.shape == first.left.shape and _can(film):
            return factor
    return 1


def _can(film: Film) -> bool:
    return bool(videos_of(film)) and film.layout != "frame-packed"


def smaller(film: Film, factor: int) -> Film:
    """The same film, its pictures `factor` times smaller; one that `shrinking` looked at."""
    match film:
        case PackedFilm(source=Video() as source):
            return replace(film, source=replace(source, shrink=factor))
        case TwinFilm(left=Video() as left, right=Video() as right):
            return replace(film, left=replace(left, shrink=factor), right=replace(right, shrink=factor))
        case SwappedFilm(film=inner) | OffsetFilm(film=inner):
            return replace(film, film=smaller(inner, factor))
    return film


def grown(scan: Scan, factor: int, size: tuple[int, int]) -> Scan:
    """What a smaller look told, in px of the film's own eyes.

    Args:
        scan: of the smaller pictures.
        factor: how many times smaller they were.
        size: (width, height) of the film's eyes, px.
    """

    def box(small: Box) -> Box:
        # A row that is half bar may have passed for picture.
        rim = factor - 1
        right, low = small.x1 * factor, small.y1 * factor
        return Box(
            small.x0 * factor + rim * (small.x0 > 0),
            small.y0 * factor + rim * (small.y0 > 0),
            right - rim * (right < size[0]),
            low - rim * (low < size[1]),
        )

    shots = tuple(replace(shot, picture=box(shot.picture) if shot.picture else None) for shot in scan.shots)
    return replace(scan, shots=shots, picture=box(scan.picture))


def frames_expected(film: Film) -> int | None:
    """How many frames a film's container counts; None where it does not say."""
    videos = videos_of(film)
    return videos[0].frames_counted() if videos else None
