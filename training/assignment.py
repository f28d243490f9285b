"""What curation is asked for: films, and which part of the work."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FilmSpec:
    """A film as asked for.

    Attributes:
        spec: path, or LEFT::RIGHT.
        style: the style or group its samples belong to.
        layout: as `open_film` takes it.
        swap_eyes: the right eye comes first.
        input_space: of scene-linear plates.
        right_late: frames that the right eye comes later than the left; below 0: the left eye is late.
        rights: what may be done with it, in words.
    """

    spec: str
    style: str = "style"
    layout: str = "auto"
    swap_eyes: bool = False
    input_space: str = "auto"
    right_late: int = 0
    rights: str = ""

    @property
    def key(self) -> str:
        """Letters, digits and dashes that name this film in sample keys; unlike for unlike paths."""
        stem = re.sub(r"[^a-zA-Z0-9]+", "-", Path(self.spec.split("::")[0]).stem).strip("-").lower() or "film"
        return f"{stem}-{hashlib.sha256(self.spec.encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Part:
    """Part `number` of `count`, from 1: shots are dealt out in turn."""

    number: int = 1
    count: int = 1

    @property
    def label(self) -> str:
        """As it stands in file names."""
        return f"p{self.number}of{self.count}"
