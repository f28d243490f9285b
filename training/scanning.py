"""Films opened and looked through, each once: what is wrong with one is noted and never stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError, PlateError
from host_bridge.core.geometry import Box
from training.assignment import FilmSpec
from training.config import CurateConfig
from training.content import film_content, validate_unchanged
from training.eye_sync import SyncCheck
from training.faults import Faults, complete_pairs, validate_film
from training.films import Film, StereoFrame, ahead, open_asked
from training.frame_times import plain_times, restore_times
from training.locks import BusyError, held
from training.scan_notes import ScanNote, scan_note
from training.shots import Scan, Shot, scan_film
from training.small_look import frames_expected, grown, shrinking, smaller

Watching = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class ScannedFilm:
    """A film that can be read: as asked for, opened, looked through, what it is known by, and what is wrong with it."""

    film: FilmSpec
    opened: Film
    scan: Scan
    content: str
    fault: str = ""

    def row(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "film": self.film.key,
            "spec": self.film.spec,
            "content": self.content,
            "rights": self.film.rights,
            "frames": self.scan.frames,
            "shots": len(self.scan.shots),
            "picture": self.scan.picture.as_tuple(),
            "scan": plain_scan(self.scan, self.content),
        }


def plain_scan(scan: Scan, content: str) -> dict[str, Any]:
    """A scan as plain values; `read_scan` turns it back."""
    rows = [(s.number, s.start, s.stop, (s.picture or scan.picture).as_tuple(), s.lit) for s in scan.shots]
    return {"frames": scan.frames, "shots": rows, "picture": scan.picture.as_tuple(), "content": content}


def read_scan(plain: dict[str, Any]) -> Scan:
    """The scan that `plain_scan` wrote."""
    shots = tuple(Shot(n, start, stop, Box(*box), tuple(lit)) for n, start, stop, box, lit in plain["shots"])
    return Scan(plain["frames"], shots, Box(*plain["picture"]))


def readable(
    films: list[FilmSpec], out: Path, config: CurateConfig, faults: Faults, watching: Watching | None = None
) -> Iterator[ScannedFilm]:
    """The films that can be read, in order; those that another process looks through come last to be looked at.

    Args:
        films: as asked for.
        out: the shard folder; keeps each scan for all parts.
        config: what curation needs beside a film.
        faults: takes a line for each film that is not whole.
        watching: called with (what is done, frames looked through, frames in all or None) while a film is scanned.

    Raises:
        PlateError: none can be read.
    """
    scanned: dict[int, ScannedFilm] = {}
    errors: dict[int, BadInputError] = {}
    for wait in (False, True):
        for turn, film in enumerate(films):
            if turn in scanned or turn in errors:
                continue
            if wait and watching:
                watching(f"waiting for the process that looks at {film.spec}", 0, None)
            note = scan_note(out, film, config.min_shot_frames)
            try:
                scanned[turn] = _scanned(film, note, config, watching, wait=wait)
            except BusyError:
                continue
            except BadInputError as error:
                errors[turn] = error
    for turn in sorted(errors):
        faults.add(films[turn].spec, errors[turn])
    for each in scanned.values():
        if each.fault:
            faults.lines.setdefault(each.film.spec, each.fault)
    if len(errors) == len(films) == 1:
        raise errors[0]
    if len(errors) == len(films):
        raise PlateError(f"none of {len(films)} films can be read: {' | '.join(faults.lines.values())}")
    yield from (scanned[turn] for turn in sorted(scanned))


def _scanned(
    film: FilmSpec, note: ScanNote, config: CurateConfig, watching: Watching | None, *, wait: bool
) -> ScannedFilm:
    opened = open_asked(film)
    first = validate_film(opened, film.spec, depth=config.depth, masks=config.masks)
    record = note.read()
    if record is None:
        with held(note.lock, wait=wait):
            record = note.read()  # whoever had it may have left one
            if record is None:
                record = _look_through(film, opened, first, config.min_shot_frames, watching)
                note.write(record)
    validate_unchanged(film.spec, record["content"])
    restore_times(opened, record.get("times", []))
    return ScannedFilm(film, opened, read_scan(record), record["content"], record["fault"])


def _look_through(
    film: FilmSpec, opened: Film, first: StereoFrame, min_shot_frames: int, watching: Watching | None
) -> dict[str, Any]:
    faults = Faults()
    factor = shrinking(opened, first)
    expected = frames_expected(opened)

    def seen(done: int) -> None:
        if watching:
            watching(f"looking at {film.spec}", done, expected)

    watch = SyncCheck(film.spec, seen)
    frames = watch.over(complete_pairs(ahead(smaller(opened, factor).pairs()), film.spec, faults))
    scan = scan_film(frames, where=film.spec, min_shot_frames=min_shot_frames)
    watch.refuse_out_of_step()
    if factor > 1:
        scan = grown(scan, factor, (first.left.shape[1], first.left.shape[0]))
    plain = plain_scan(scan, film_content(film.spec))
    return {**plain, "fault": faults.lines.get(film.spec, ""), "times": plain_times(opened)}
