"""What a film is known by, whatever its path: so that a style's card can say which films it has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from host_bridge.core.errors import BadInputError, PlateError

_PIECE_BYTES = 1 << 20


def film_content(spec: str) -> str:
    """Hash of a film's files, by their sizes and their first and last MiB; 16 hexadecimal digits.

    Args:
        spec: path, plate pattern, or LEFT::RIGHT.

    Raises:
        PlateError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for part in spec.split("::"):
        try:
            for file in _files(part):
                digest.update(_ends(file))
        except OSError as error:
            raise PlateError(f"cannot be read ({error.strerror})", where=part) from error
    return digest.hexdigest()[:16]


def validate_unchanged(spec: str, content: str) -> None:
    """Whether a film is still the one that a run looked at: a re-export under its old name is another.

    Args:
        spec: as of `film_content`.
        content: what it gave then.

    Raises:
        PlateError: a file cannot be read.
        BadInputError: it is another film now.
    """
    if film_content(spec) != content:
        raise BadInputError(
            "it has changed since it was curated into this folder", remedy="curate into another folder", where=spec
        )


def _files(part: str) -> Iterator[Path]:
    """A file itself; of a sequence of plates its first, middle and last."""
    if Path(part).is_file():
        yield Path(part)
        return
    # Imported here: it loads torch, and most films are one file.
    from training.plate_source import open_plates

    for plates in open_plates(Path(part)):
        numbers = plates.numbers
        for number in (numbers[0], numbers[len(numbers) // 2], numbers[-1]):
            yield Path(plates.sequence.path(number))


def _ends(file: Path) -> bytes:
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(_PIECE_BYTES)
        stream.seek(max(0, size - _PIECE_BYTES))
        return hashlib.sha256(size.to_bytes(8, "little") + head + stream.read(_PIECE_BYTES)).digest()
