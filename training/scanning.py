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
from training.films import Film, ahead, open_asked
from training.shards import load_record, save_record
from training.shots import Scan, Shot, scan_film
from training.small_look import frames_expected, grown, shrinking, smaller

Watching = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class ScannedFilm:
    """A film that can be read: as asked for, opened, looked through, and what it is known by."""

    film: FilmSpec
    opened: Film
    scan: Scan
    content: str

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


def scan_note(pending: Path, film: FilmSpec) -> Path:
    """Where a run keeps a film's scan."""
    return pending / f"scan-{film.key}.msgpack"


def readable(
    films: list[FilmSpec], pending: Path, config: CurateConfig, faults: Faults, watching: Watching | None = None
) -> Iterator[ScannedFilm]:
    """The films that can be read, in order.

    Args:
        films: as asked for.
        pending: the run's folder; keeps each scan.
        config: what curation needs beside a film.
        faults: takes a line for each film that is not whole.
        watching: called with (film, frames looked through, frames in all or None) while a film is scanned.

    Raises:
        PlateError: none can be read.
    """
    errors = []
    for film in films:
        try:
            yield _scanned(film, pending, config, faults, watching)
        except BadInputError as error:
            errors.append(error)
            faults.add(film.spec, error)
    if len(errors) == len(films) == 1:
        raise errors[0]
    if len(errors) == len(films):
        raise PlateError(f"none of {len(films)} films can be read: {' | '.join(faults.lines.values())}")


def _scanned(
    film: FilmSpec, pending: Path, config: CurateConfig, faults: Faults, watching: Watching | None
) -> ScannedFilm:
    opened = open_asked(film)
    note = scan_note(pending, film)
    if note.exists():
        record = load_record(note)
        validate_unchanged(film.spec, record["content"])
        if record["fault"]:
            faults.lines.setdefault(film.spec, record["fault"])
        return ScannedFilm(film, opened, read_scan(record), record["content"])
    first = validate_film(opened, film.spec, depth=config.depth, masks=config.masks)
    factor = shrinking(opened, first)
    expected = frames_expected(opened)
    watch = SyncCheck(film.spec, (lambda spec, done: watching(spec, done, expected)) if watching else None)
    frames = watch.over(complete_pairs(ahead(smaller(opened, factor).pairs()), film.spec, faults))
    scan = scan_film(frames, where=film.spec, min_shot_frames=config.min_shot_frames)
    watch.refuse_out_of_step()
    if factor > 1:
        scan = grown(scan, factor, (first.left.shape[1], first.left.shape[0]))
    content = film_content(film.spec)
    save_record(note, {**plain_scan(scan, content), "fault": faults.lines.get(film.spec, "")})
    return ScannedFilm(film, opened, scan, content)
