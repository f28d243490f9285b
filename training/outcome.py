"""One sampled frame → what is known of it: its row, the files of its sample, a picture for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from host_bridge.core.errors import PlateError
from training.assignment import FilmSpec
from training.films import Film, StereoFrame, side_picture
from training.pairs import Bench, Beside, Map, Reject, squared
from training.preview import preview
from training.shards import encode_sample
from training.shots import Scan, Shot


@dataclass(frozen=True)
class Task:
    """A frame to measure.

    Attributes:
        film, opened, scan, content: its film, as asked for, opened, looked through, and what it is known by.
        shot, frame: where in it.
        forced: keep it whatever the filters say.
    """

    film: FilmSpec
    opened: Film
    scan: Scan
    content: str
    shot: Shot
    frame: int
    forced: bool = False

    @property
    def key(self) -> str:
        """Of the sample."""
        return f"{self.film.key}-{self.frame:06d}"


def outcome(task: Task, pair: StereoFrame, bench: Bench) -> dict[str, Any]:
    """The record of a frame: `row` for the manifest, `files` of the sample or None, `preview` as JPEG."""
    box = task.shot.picture or task.scan.picture
    crop = slice(box.y0, box.y1), slice(box.x0, box.x1)
    size = bench.config.size_px
    eyes = [squared(np.ascontiguousarray(eye[crop]), size) for eye in (pair.left, pair.right)]
    aspect = box.width / box.height * {"sbs-half": 2.0, "tb-half": 0.5}.get(task.opened.layout, 1.0)
    beside = _beside(task, crop, size, pair.left.shape[:2])
    result = bench.measure(eyes[0], eyes[1], aspect, beside, forced=task.forced)
    row: dict[str, Any] = {
        "key": task.key,
        "film": task.film.key,
        "content": task.content,
        "style": task.film.style,
        "aspect": round(aspect, 4),
        "shot": task.shot.number,
        "shot_frames": [task.shot.start, task.shot.stop],
        "frame": task.frame,
        "figures": {name: round(value, 5) for name, value in result.figures.items()},
    }
    shown = preview(result.look, aspect)
    if isinstance(result, Reject):
        return {"row": {**row, "reason": result.reason}, "files": None, "preview": shown}
    if result.overruled:
        row["overruled"] = result.overruled
    return {"row": row, "files": encode_sample(result, row), "preview": shown}


def _beside(task: Task, crop: tuple[slice, slice], size: int, shape: tuple[int, ...]) -> Beside:
    found: dict[str, tuple[Map, Map]] = {}
    for kind in ("depth", "mattes"):
        eyes = side_picture(task.film.spec, kind, task.frame, task.opened.layout, swapped=task.film.swap_eyes)
        if eyes is None:
            continue
        if eyes[0].shape != shape:
            raise PlateError(f"{kind} of frame {task.frame} is of another size than the film", where=task.film.spec)
        left, right = (squared(np.ascontiguousarray(eye[crop]), size) for eye in eyes)
        found[kind] = left, right
    return Beside(found.get("depth"), found.get("mattes"))
