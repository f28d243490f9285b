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
from host_bridge.core.errors import Art3DError
from host_bridge.io.plates.exr_decode import decode_by_oneself
from host_bridge.review.figures import SAMPLES, Figures, figures_of, jitter, resized
from host_bridge.review.matched import Matcher, matched
from host_bridge.review.page_folder import write_script
from host_bridge.review.pair import Pair
from host_bridge.review.proxies import Proxy, frame_script
from host_bridge.review.source import StereoSource
from host_bridge.shot.signature import Glance
from host_bridge.shot.transitions import Finder

MOST_WORKERS = 8
"""A frame of 4K takes some 400 MB while it is worked on."""


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
    """A frame whose script is written.

    Attributes:
        figures: its own.
        pair: what the next frame is compared with.
        glance: it from afar; None where cuts are known.
        filled_in: the eyes of which it tells what was filled.
    """

    figures: Figures
    pair: Pair
    glance: Glance | None
    filled_in: frozenset[str]


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
        found.filled_in |= done.filled_in
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

    One more than there are cores is worked on side by side, each from its file to its script by one thread: while one
    waits for its file the others work. Matching, which is the server's work, keeps the caller's thread.
    """
    workers = min(MOST_WORKERS, machine.cpus() + 1)
    writing: deque[Future[_Done | None]] = deque()
    alone = decode_by_oneself if workers > machine.cpus() else None
    with ThreadPoolExecutor(workers, "art3d-review", initializer=alone) as pool:
        try:
            for number, begun in _begun(pool, workers, source, work, glances=glances):
                if isinstance(begun, Art3DError):
                    found.failed[number] = begun
                writing.append(_ended(pool, begun, work, found, glances=glances))
                while len(writing) > workers or (writing and writing[0].done()):
                    yield writing.popleft().result()
            while writing:
                yield writing.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_Begun = _Done | Pair | Art3DError


def _begun(
    pool: ThreadPoolExecutor, workers: int, source: StereoSource, work: FrameWork, *, glances: bool
) -> Iterator[tuple[int, _Begun]]:
    """Frames in order, some worked on ahead: what became of each, or its pair where it is to be matched first."""

    def begin(number: int) -> _Begun:
        try:
            pair = source.read(number, side_px=work.proxy.side_px)
        except Art3DError as error:
            return error
        return pair if pair.parallax is None and work.match is not None else _finished(pair, work, glances)

    ahead: deque[tuple[int, Future[_Begun]]] = deque()
    for number in (*source.numbers, None):
        if number is not None:
            ahead.append((number, pool.submit(begin, number)))
        while ahead and (number is None or len(ahead) > workers):
            at, future = ahead.popleft()
            yield at, future.result()


def _ended(
    pool: ThreadPoolExecutor, begun: _Begun, work: FrameWork, found: FramesFound, *, glances: bool
) -> Future[_Done | None]:
    """What a frame comes to; one that is a pair as yet is matched, and finished by the pool."""
    if isinstance(begun, Pair):
        assert work.match is not None
        pair, eyes = matched(begun, work.match)
        found.swapped += [] if eyes.swapped is None else [eyes.swapped]
        return pool.submit(_finished, pair, work, glances)
    ended: Future[_Done | None] = Future()
    ended.set_result(None if isinstance(begun, Art3DError) else begun)
    return ended


def _finished(pair: Pair, work: FrameWork, glances: bool) -> _Done:
    write_script(work.folder, pair.number, frame_script(pair, work.proxy, shot=work.shot))
    masks = (("left", pair.filled_left), ("right", pair.filled))
    filled_in = frozenset(eye for eye, mask in masks if mask is not None)
    return _Done(figures_of(pair), _coarse(pair), pair.glance if glances else None, filled_in)


def _coarse(pair: Pair) -> Pair:
    """What frames are compared on from one to the next: a grid of about `SAMPLES` points, of the left eye alone."""
    step = max(1, round((pair.left.shape[0] * pair.left.shape[1] / SAMPLES) ** 0.5))
    apart = pair.left[step // 2 :: step, step // 2 :: step]
    left = np.stack([apart[..., channel] for channel in range(3)], -1)
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
