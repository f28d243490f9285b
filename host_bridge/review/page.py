"""The review page: one folder that opens from disk, with every frame's proxies and figures."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import Art3DError
from host_bridge.core.floating_window import FloatingWindow
from host_bridge.review.figures import HISTOGRAM_PCT, Figures, depth_jump, scenes
from host_bridge.review.matched import Matcher
from host_bridge.review.page_folder import (
    DATA,
    DATA_BEGINS,
    INDEX,
    STAGED,
    discard,
    prepare,
    publish,
    web_files,
)
from host_bridge.review.page_frames import FramesFound, FrameWork, write_frames
from host_bridge.review.proxies import Proxy
from host_bridge.review.shot_names import numbered
from host_bridge.review.source import StereoSource
from host_bridge.review.targets import TARGETS, FrameRange, Judgement, Target, judge
from host_bridge.review.windows import proposed

MOST_BYTES = 58_000_000
MOST_FRAME_BYTES = 400_000
SIDE_PX = 960


@dataclass(frozen=True)
class Suggestion:
    """Knobs for a shot: Global Depth, and Zero Plane in % of picture width."""

    depth_gain: float
    zero_plane: float


@dataclass(frozen=True)
class ShotOnPage:
    """One shot of a page.

    Attributes:
        source: where its frames are.
        cuts: first frames of new scenes; None finds them in the pictures.
        suggested: knobs that the shot's analysis suggests; None without one.
    """

    source: StereoSource
    cuts: Sequence[int] | None = None
    suggested: Suggestion | None = None


@dataclass(frozen=True)
class PageSettings:
    """How a page is made.

    Attributes:
        title: its heading.
        fps: frames a second of playing.
        notes: notes to show again, as the page exports them.
        match: matches frames that bring no disparity; None leaves those without charts.
    """

    title: str
    fps: float = 24.0
    notes: Mapping[str, Any] | None = None
    match: Matcher | None = None


@dataclass(frozen=True)
class PageResult:
    """What became of a page.

    Attributes:
        index: the file to open.
        frames: how many frames it shows.
        failed: (shot, frame) → why it is not there.
        judgements: shot → target → verdict.
        swapped: shots whose eyes look swapped in most of the frames that were matched and tell.
    """

    index: Path
    frames: int
    failed: Mapping[tuple[str, int], Art3DError]
    judgements: Mapping[str, Mapping[str, Judgement]]
    swapped: tuple[str, ...] = ()


def make_page(
    folder: Path, shots: Sequence[ShotOnPage], settings: PageSettings, *, done: Callable[[], None] = lambda: None
) -> PageResult:
    """Writes a review page.

    Args:
        folder: where it goes; made when it is missing. An earlier page there is replaced, and nothing else,
            once all frames of the new one are written.
        shots: what it shows, in order.
        settings: title and the like.
        done: called for each frame that came to its end.

    Raises:
        OutputError: the folder cannot be written, or holds what is no page's and would be replaced.
        PlateError: no frame of a shot can be read.
        Art3DError: the matcher cannot answer.
    """
    prepare(folder, len(shots))
    try:
        return _made(folder, shots, settings, done)
    finally:
        discard(folder)


def _made(folder: Path, shots: Sequence[ShotOnPage], settings: PageSettings, done: Callable[[], None]) -> PageResult:
    """Writes the page where `prepare` made room."""
    total = sum(len(shot.source.numbers) for shot in shots)
    proxy = Proxy(SIDE_PX, min(MOST_FRAME_BYTES, MOST_BYTES // max(1, total)))
    failed: dict[tuple[str, int], Art3DError] = {}
    bodies: list[dict[str, Any]] = []
    judgements: dict[str, dict[str, Judgement]] = {}
    frames, swapped = 0, []
    for index, (shot, name) in enumerate(zip(shots, numbered([shot.source.name for shot in shots]), strict=True)):
        work = FrameWork(folder / STAGED / str(index), index, proxy, done, settings.match)
        found = write_frames(shot.source, shot.cuts, work)
        failed |= {(name, number): error for number, error in found.failed.items()}
        if not found.figures:
            raise next(iter(found.failed.values()))
        body, judgements[name] = _body(name, shot, found)
        bodies.append(body)
        frames += len(found.figures)
        if 2 * sum(found.swapped) > max(1, len(found.swapped)):
            swapped.append(name)
    publish(folder)
    _write_page(folder, bodies, settings)
    return PageResult(folder / INDEX, frames, failed, judgements, tuple(swapped))


def _body(name: str, shot: ShotOnPage, found: FramesFound) -> tuple[dict[str, Any], dict[str, Judgement]]:
    """What the page knows of a shot, and the verdicts."""
    figures = found.figures
    numbers = [f.number for f in figures]
    spans = scenes(found.cuts, numbers)
    firsts = {first for first, _ in spans[1:]}
    jumps = [
        depth_jump(before, after) if after.number in firsts else math.nan
        for before, after in zip([figures[0], *figures], figures, strict=False)
    ]
    judged = {t.id: judge((FrameRange(f.number, f.p1, f.p99) for f in figures), t) for t in TARGETS}
    window = proposed(f.edges for f in figures)
    body = {
        "name": name,
        "width_px": found.width_px,
        "pixel_aspect": found.pixel_aspect,
        "filled_in": sorted(found.filled_in),
        "numbers": numbers,
        "cuts": sorted(firsts),
        "suggested": shot.suggested and asdict(shot.suggested),
        "knobs": {t.id: _knobs(figures, spans, t) for t in TARGETS},
        "figures": {key: _column(figures, key) for key in _COLUMNS},
        "histogram": [[round(share, 5) for share in f.histogram] for f in figures],
        "jumps": _rounded(jumps),
        "violations": {str(f.number): [asdict(v) for v in f.violations] for f in figures if f.violations},
        "window": {"proposal": _proposal(window), **{e: _edge(figures, e) for e in ("left", "right")}},
        "judgements": {
            key: {"verdict": j.verdict, "failing": {str(n): round(x, 3) for n, x in j.failing.items()},
                  "gain": round(j.gain, 3), "zero_plane_pct": round(j.zero_plane_pct, 3)}
            for key, j in judged.items()
        },
    }  # fmt: skip
    return body, judged


Columns = dict[str, list[float | None]]


def _knobs(figures: Sequence[Figures], spans: Sequence[tuple[int, int]], target: Target) -> Columns:
    """What would bring each scene within a screen's limits, a list over the frames for each knob."""
    found: Columns = {"depth_gain": [], "zero_plane": []}
    for first, last in spans:
        inside = [FrameRange(f.number, f.p1, f.p99) for f in figures if first <= f.number <= last]
        judgement = judge(inside, target)
        has_depth = judgement.verdict != "no depth"
        found["depth_gain"] += [round(judgement.gain, 3) if has_depth else None] * len(inside)
        found["zero_plane"] += [round(judgement.zero_plane_pct, 3) if has_depth else None] * len(inside)
    return found


_COLUMNS = ("near", "p1", "median", "p99", "far", "on_screen", "filled", "jitter")


def _column(figures: Iterable[Figures], name: str) -> list[float | None]:
    return _rounded(getattr(f, name) for f in figures)


def _rounded(values: Iterable[float]) -> list[float | None]:
    return [round(value, 4) if math.isfinite(value) else None for value in values]


def _edge(figures: Sequence[Figures], edge: str) -> list[float | None]:
    """The nearest parallax that an edge cuts in each frame, 0 where it cuts nothing; None where nothing is known."""
    cut = [[v.parallax_pct for v in f.violations if v.edge == edge] for f in figures]
    is_finite = [math.isfinite(f.near) for f in figures]
    return _rounded(min(c, default=0.0) if k else math.nan for c, k in zip(cut, is_finite, strict=True))


def _proposal(window: FloatingWindow) -> str:
    """The floating window in words; "" when none is needed."""
    masks = []
    for edge, (top, bottom) in (("left", window.left_pct), ("right", window.right_pct)):
        if top or bottom:
            masks.append(f"{edge} {top:.1f} %" if top == bottom else f"{edge} {top:.1f} % top, {bottom:.1f} % bottom")
    return "float " + ", ".join(masks) if masks else ""


def _write_page(folder: Path, bodies: Sequence[Mapping[str, Any]], settings: PageSettings) -> None:
    targets = [
        {**{k: v for k, v in asdict(t).items() if k != "budget_pct"},
         "near_pct": round(t.limits_pct[0], 3), "far_pct": round(t.limits_pct[1], 3)}
        for t in TARGETS
    ]  # fmt: skip
    page = {
        "format": "art3d-review", "version": 1, "id": _identity(bodies), "title": settings.title, "fps": settings.fps,
        "targets": targets, "histogram_pct": HISTOGRAM_PCT, "shots": bodies, "notes": settings.notes,
    }  # fmt: skip
    # A closing tag or a line separator inside a text must not end the script.
    text = json.dumps(page, allow_nan=False).replace("<", "\\u003c")
    files = {DATA: DATA_BEGINS + text.encode("ascii") + b");\n", **web_files()}
    for name, held in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(held)


def _identity(bodies: Sequence[Mapping[str, Any]]) -> str:
    """Under what a browser keeps the notes: the same for a page of the same shots that is made again."""
    named = [[body["name"], body["numbers"][0], body["numbers"][-1]] for body in bodies]
    return hashlib.blake2b(json.dumps(named).encode(), digest_size=12).hexdigest()
