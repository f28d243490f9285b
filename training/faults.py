"""What is wrong with a film, kept beside what is whole of it: one junk film never stops the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from host_bridge.core.errors import Art3DError, PlateError
from training.films import Film, StereoFrame

_BESIDE = {"depth": ("depth", "--depth sidecar"), "mattes": ("mattes", "--masks mattes")}


@dataclass
class Faults:
    """One line per film and fault, in the order they were met."""

    lines: dict[str, str] = field(default_factory=dict)

    def add(self, spec: str, error: Art3DError) -> None:
        """Note a film's fault; its first one counts."""
        self.lines.setdefault(spec, str(error))


def complete_pairs(frames: Iterator[StereoFrame], spec: str, faults: Faults) -> Iterator[StereoFrame]:
    """The frames up to the first fault, which is noted.

    Raises:
        PlateError: the very first frame is at fault.
    """
    count = 0
    try:
        for frame in frames:
            yield frame
            count += 1
    except PlateError as error:
        if not count:
            raise
        faults.add(spec, PlateError(f"{error.message}; its first {count} frames are used", where=error.where or spec))


def validate_film(film: Film, spec: str, *, depth: str, masks: str) -> StereoFrame:
    """The first frame, if it can be read and what the settings want lies beside the film: asked before a long scan.

    Raises:
        PlateError: no frame can be read, or the folder is not there.
    """
    first = next(film.pairs(frozenset({0})), None)
    if first is None:
        raise PlateError("has no frames", where=spec)
    sidecars = [kind for kind, wanted in (("depth", depth == "sidecar"), ("mattes", masks == "mattes")) if wanted]
    for kind in sidecars:
        name, option = _BESIDE[kind]
        if not Path(f"{spec}.{name}").is_dir():
            beside = f"{spec}.{name}/NNNNNN.png"
            raise PlateError(f"has no {name} beside it", remedy=f"{option} wants {beside}", where=spec)
    return first
