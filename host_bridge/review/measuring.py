"""A stereo sequence, frame by frame, in figures: what `art3d measure` writes and sums up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from host_bridge.client.tile import Tile
from host_bridge.core.frame import Array
from host_bridge.review import faults
from host_bridge.review.figures import Figures, depth_jump, figures_of, resized
from host_bridge.review.matched import EyeFigures, active, matched
from host_bridge.review.pair import Pair
from host_bridge.review.targets import FrameRange, Target, judge
from host_bridge.shot.signature import Glance
from host_bridge.shot.transitions import find_transitions

SIDE_PX = 768
"""Longest side of the pictures that are matched: a tenth of a pixel of them is 0.013 % of the width."""
Record = dict[str, Any]


class Measures(Protocol):
    """What is asked of a server: `Client` is one."""

    def match(self, left: Array, right: Array) -> Tile:
        """Disparities, and how the eyes differ."""

    def measure(self, layers: Mapping[str, Array]) -> Mapping[str, Any]:
        """Parallax percentiles and the depth-budget verdict."""


@dataclass
class Measured:
    """A sequence's frames as they come in.

    Attributes:
        targets: screens whose limits count.
        limits: what counts as a fault, by name.
        cuts: first frames of new scenes; None has them found.
    """

    targets: Sequence[Target]
    limits: Mapping[str, float]
    cuts: Sequence[int] | None = None
    _figures: list[Figures] = field(default_factory=list)
    _eyes: list[EyeFigures] = field(default_factory=list)
    _more: list[Mapping[str, Any]] = field(default_factory=list)
    _glances: list[Glance] = field(default_factory=list)
    _before: Pair | None = None

    def add(self, pair: Pair, server: Measures, more: Mapping[str, Any] | None = None) -> None:
        """Measures the next frame, inside its bars.

        Args:
            pair: the frame; its own parallax counts where it has one.
            server: matches and measures.
            more: figures that are known already, in place of those of `Measures.measure`.

        Raises:
            Art3DError: the server cannot.
        """
        picture = active(pair)
        picture, eyes = matched(picture, server.match)
        figures = figures_of(picture, self._before)
        self._glances.append(picture.glance)
        self._figures.append(figures)
        self._eyes.append(eyes)
        width, rows, columns = picture.full_width or picture.left.shape[1], *picture.left.shape[:2]
        size = {"width": width, "height": round(rows * width / columns)}
        self._more.append({**(_budget(picture, server) if more is None else more), **size})
        self._before = picture

    def records(self) -> list[Record]:
        """A record for each frame, plain JSON: what is not known is null."""
        firsts = self._first_frames()
        found = []
        for i, (figures, eyes, more) in enumerate(zip(self._figures, self._eyes, self._more, strict=True)):
            cut = figures.number in firsts
            jump = depth_jump(self._figures[i - 1], figures) if cut and i else math.nan
            # What changes at a cut is no jitter.
            steady = replace(figures, jitter=math.nan) if cut else figures
            found.append(self._record(steady, eyes, more, jump))
        return found

    def _first_frames(self) -> set[int]:
        if self.cuts is not None:
            return set(self.cuts)
        return {self._figures[t.first].number for t in find_transitions(self._glances) if t.kind == "cut"}

    def _record(self, figures: Figures, eyes: EyeFigures, more: Mapping[str, Any], jump: float) -> Record:
        measured = faults.sizes(figures, eyes, jump, self.targets)
        red, green, blue = eyes.colour_pct
        edges = {
            edge: min((v.parallax_pct for v in figures.violations if v.edge == edge), default=0.0)
            for edge in ("left", "right")
        }
        record = {
            "frame": figures.number,
            **more,
            "right_parallax_p1_pct": eyes.right_p1,
            "right_parallax_p50_pct": eyes.right_median,
            "right_parallax_p99_pct": eyes.right_p99,
            "trusted_pct": 100.0 * eyes.trusted,
            "on_screen_pct": 100.0 * figures.on_screen,
            "jitter_pct": figures.jitter,
            "jump_pct": jump,
            "vertical_px": eyes.vertical_px,
            "vertical_worst_pct": eyes.vertical_pct,
            "roll_deg": eyes.roll_deg,
            "zoom_pct": eyes.zoom_pct,
            "red_pct": red, "green_pct": green, "blue_pct": blue,
            "gain": eyes.gain,
            "sharpness_stops": eyes.sharpness_stops,
            "swapped": eyes.swapped,
            "window_left_pct": edges["left"], "window_right_pct": edges["right"],
            **{f"comfort_{t.id}": judge([_range(figures)], t).verdict for t in self.targets},
            "faults": faults.found(measured, self.limits),
        }  # fmt: skip
        return {name: _plain(value) for name, value in record.items()}

    def verdicts(self) -> dict[str, Any]:
        """Target → verdict over all frames, with the frames that fail and what would mend it."""
        judged = {t.id: judge((_range(f) for f in self._figures), t) for t in self.targets}
        return {
            key: {"verdict": j.verdict, "failing": sorted(j.failing), "depth_gain": round(j.gain, 3),
                  "zero_plane_pct": round(j.zero_plane_pct, 3)}
            for key, j in judged.items()
        }  # fmt: skip


def summary(records: Sequence[Record], verdicts: Mapping[str, Any]) -> Record:
    """The whole sequence: extremes, medians, faults with their frames."""
    by_fault: dict[str, list[int]] = {}
    for record in records:
        for name in record["faults"]:
            by_fault.setdefault(name, []).append(record["frame"])
    extremes = {
        "parallax_p1_pct": _over(min, records, "parallax_p1_pct"),
        "parallax_p50_pct": _over(np.median, records, "parallax_p50_pct"),
        "parallax_p99_pct": _over(max, records, "parallax_p99_pct"),
    }
    medians = ("trusted_pct", "vertical_px", "red_pct", "green_pct", "blue_pct", "gain", "sharpness_stops")
    worst = ("vertical_worst_pct", "jitter_pct", "jump_pct")
    swapped = [record["swapped"] for record in records if record["swapped"] is not None]
    return {
        "frames": len(records),
        **extremes,
        **{name: _over(np.median, records, name) for name in medians},
        **{name: _over(max, records, name) for name in worst},
        "swapped": None if not swapped else 2 * sum(swapped) > len(swapped),
        "comfort": verdicts,
        "faults": by_fault,
    }


def _over(statistic: Any, records: Sequence[Record], name: str) -> float | None:
    values = [record[name] for record in records if record.get(name) is not None]
    return _plain(float(statistic(values))) if values else None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value


def _range(figures: Figures) -> FrameRange:
    return FrameRange(figures.number, figures.p1, figures.p99)


def _budget(pair: Pair, server: Measures) -> Mapping[str, Any]:
    """Parallax percentiles and verdict of what the pair shows."""
    part = pair.shown.slices(pair.grid)
    layers = {"left": np.ascontiguousarray(pair.left[part]), "right": np.ascontiguousarray(pair.right[part])}
    if pair.parallax is not None:
        # The server takes what it gets for the whole width.
        px = resized(pair.parallax, *pair.left.shape[:2])[part] * np.float32(-pair.shown.width / 100.0)
        layers["disparity"] = np.ascontiguousarray(px[..., None], np.float32)
    return server.measure(layers)


def flat(records: Iterable[Record]) -> list[Record]:
    """The records as rows of a table: lists become words."""
    return [{**record, "faults": " ".join(record["faults"])} for record in records]
