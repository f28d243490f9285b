"""When each frame of a film is shown: kept with its scan, so that its pairs are found by seeking."""

from __future__ import annotations

from itertools import pairwise

from training.films import Film, OffsetFilm, PackedFilm, SwappedFilm, TwinFilm
from training.video import Video


def videos_of(film: Film) -> tuple[Video, ...]:
    """The video files that a film is read from; none where it has a source of another kind."""
    match film:
        case PackedFilm(source=Video() as source):
            return (source,)
        case TwinFilm(left=Video() as left, right=Video() as right):
            return left, right
        case SwappedFilm(film=inner) | OffsetFilm(film=inner):
            return videos_of(inner)
    return ()


def plain_times(film: Film) -> list[list[list[int]]]:
    """For each video: the steps between its frames' times, and the frames where decoding can begin; else nothing.

    Args:
        film: whose frames were all read.
    """
    videos = videos_of(film)
    if not all(video.times.known and video.times.seen for video in videos):
        return []
    times = [[time for time, _ in video.times.seen if time is not None] for video in videos]
    entrances = [[n for n, (_, enters) in enumerate(video.times.seen) if enters] for video in videos]
    return [[[t[0], *(b - a for a, b in pairwise(t))], keys] for t, keys in zip(times, entrances, strict=True)]


def restore_times(film: Film, plain: list[list[list[int]]]) -> None:
    """Gives a film the times that `plain_times` told of it."""
    for video, (steps, entrances) in zip(videos_of(film), plain, strict=False):
        known, time = set(entrances), 0
        seen: list[tuple[int | None, bool]] = []
        for number, step in enumerate(steps):
            time += step
            seen.append((time, number in known))
        video.times.seen[:] = seen
        video.times.finish()
