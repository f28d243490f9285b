"""The frames of one shot on their way to a page: read and written side by side, judged in order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from host_bridge.core import machine
from host_bridge.core.atomic import replacing
from host_bridge.core.errors import Art3DError
from host_bridge.review.figures import SAMPLES, Figures, figures_of, jitter, resized
from host_bridge.review.matched import Matcher, matched
from host_bridge.review.pair import Pair
from host_bridge.review.proxies import Proxy, frame_script
from host_bridge.review.source import StereoSource
from host_bridge.shot.signature import Glance
from host_bridge.shot.transitions import Finder

MOST_WORKERS = 16
READERS = 3


@dataclass(frozen=True)
class FrameWork:
    """What is done with each frame of a shot.

    Attributes:
        folder: where the scripts of its frames go.
        shot: its place on the page, from 0.
        proxy: what they are written with.
        done: called for each frame that came to its end.
        match: matches frames that bring no disparity; None leaves those without.
    """

    folder: Path
    shot: int
    proxy: Proxy
    done: Callable[[], None]
    match: Matcher | None


@dataclass
class FramesFound:
    """What became of a shot's frames.

    Attributes:
        figures: of each frame that could be read, in order.
        failed: frame number → why it could not.
        width_px: columns of the whole picture.
        pixel_aspect: of the last frame.
        swapped: of each matched frame that tells, whether its eyes look swapped.
        cuts: first frames of new scenes.
        filled_in: the eyes of which it is known what was filled.
    """

    figures: list[Figures] = field(default_factory=list)
    failed: dict[int, Art3DError] = field(default_factory=dict)
    width_px: int = 0
    pixel_aspect: float = 1.0
    swapped: list[bool] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    filled_in: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Done:
    """A frame whose script is written: its figures, and the pair on the page's own grid."""

    figures: Figures
    pair: Pair
    glance: Glance | None


def write_frames(source: StereoSource, cuts: Sequence[int] | None, work: FrameWork) -> FramesFound:
    """Writes the scripts of a shot's frames and measures them.

    Args:
        source: where they are.
        cuts: first frames of new scenes; None finds them in the pictures.
        work: what is done with each.

    Raises:
        OutputError: a script cannot be written.
        Art3DError: the matcher cannot answer.
    """
    found, finder = FramesFound(), Finder()
    before: Pair | None = None
    starts = set(cuts or ())
    for done in _worked(source, work, found, glances=cuts is None):
        work.done()
        if done is None:
            continue
        if done.pair.number in starts:
            before = None
        steady = math.nan if before is None else jitter(done.pair, before)
        found.figures.append(replace(done.figures, jitter=steady))
        found.width_px, found.pixel_aspect = done.pair.full_width, done.pair.pixel_aspect
        if done.glance is not None:
            finder.add(done.glance)
        before = done.pair
    found.cuts = list(cuts) if cuts is not None else _scene_starts(finder, found.figures)
    firsts = set(found.cuts)
    # What changes at a cut is no jitter.
    found.figures = [replace(f, jitter=math.nan) if f.number in firsts else f for f in found.figures]
    return found


def _worked(source: StereoSource, work: FrameWork, found: FramesFound, *, glances: bool) -> Iterator[_Done | None]:
    """Frames in order, None for one that cannot be read.

    Files are decoded one after the other, the parts of each side by side, so readers that wait their turn must not keep
    writers from theirs. Matching, which is the server's work, keeps the caller's thread.
    """
    workers = min(MOST_WORKERS, machine.cpus())
    writing: deque[Future[_Done]] = deque()
    with ThreadPoolExecutor(READERS, "art3d-read") as readers, ThreadPoolExecutor(workers, "art3d-review") as writers:
        try:
            for pair in _pairs(readers, source, work, found.failed):
                if pair is None:
                    yield None
                    continue
                if pair.parallax is None and work.match is not None:
                    pair, eyes = matched(pair, work.match)
                    found.swapped += [] if eyes.swapped is None else [eyes.swapped]
                masks = (("left", pair.filled_left), ("right", pair.filled))
                found.filled_in |= {eye for eye, mask in masks if mask is not None}
                writing.append(writers.submit(_finished, pair, work, glances))
                if len(writing) > workers:
                    yield writing.popleft().result()
            while writing:
                yield writing.popleft().result()
        finally:
            for pool in (readers, writers):
                pool.shutdown(wait=True, cancel_futures=True)


def _pairs(
    readers: ThreadPoolExecutor, source: StereoSource, work: FrameWork, failed: dict[int, Art3DError]
) -> Iterator[Pair | None]:
    """Frames in order, some read ahead; None for one that cannot be read."""
    reading: deque[tuple[int, Future[Pair]]] = deque()
    for number in (*source.numbers, None):
        if number is not None:
            reading.append((number, readers.submit(source.read, number, side_px=work.proxy.side_px)))
        while reading and (number is None or len(reading) > READERS):
            at, future = reading.popleft()
            try:
                yield future.result()
            except Art3DError as error:
                failed[at] = error
                yield None


def _finished(pair: Pair, work: FrameWork, glances: bool) -> _Done:
    with replacing(work.folder / f"{pair.number}.js") as temporary:
        temporary.write_text(frame_script(pair, work.proxy, shot=work.shot), encoding="ascii")
    return _Done(figures_of(pair), _coarse(pair), pair.glance if glances else None)


def _coarse(pair: Pair) -> Pair:
    """What frames are compared on from one to the next: a grid of about `SAMPLES` points, of the left eye alone."""
    step = max(1, round((pair.left.shape[0] * pair.left.shape[1] / SAMPLES) ** 0.5))
    left = np.ascontiguousarray(pair.left[step // 2 :: step, step // 2 :: step])
    parallax = None if pair.parallax is None else resized(pair.parallax, *left.shape[:2])
    full = pair.full_width or pair.left.shape[1]
    return Pair(pair.number, left, left, parallax, pixel_aspect=pair.pixel_aspect, full_width=full)


def _scene_starts(finder: Finder, figures: Sequence[Figures]) -> list[int]:
    """First frames of new scenes, as the pictures tell them: after a cut, and behind a dissolve or a fade."""
    starts = []
    for change in finder.finish():
        at = change.first if change.kind == "cut" else change.last + 1
        if change.kind != "flash" and at < len(figures):
            starts.append(figures[at].number)
    return starts
