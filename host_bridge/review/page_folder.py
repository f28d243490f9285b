"""The folder of a page: what an earlier page left there goes, and nothing else does."""

from __future__ import annotations

import contextlib
import importlib.resources
import re
from collections.abc import Iterator
from pathlib import Path

from host_bridge.core.errors import OutputError

DATA, FRAMES, INDEX = "data.js", "frames", "index.html"
STAGED = ".frames"
"""Holds the frames of a page that is being made."""
DATA_BEGINS = b"A3D.data("
_SHOT = re.compile(r"\d+")
_FRAME = re.compile(r"-?\d+\.js")


def web_files() -> dict[str, bytes]:
    """What every page is made of, by file name; last what opens it: a page that is not whole cannot be opened."""
    folder = importlib.resources.files("host_bridge.review").joinpath("web")
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.name == INDEX, entry.name))
    return {entry.name: entry.read_bytes() for entry in entries}


def prepare(folder: Path, shots: int) -> None:
    """Makes room for a page's frames beside those of an earlier page, which stays whole until they take its place.

    Args:
        folder: of the page; made when it is missing.
        shots: how many the new page has.

    Raises:
        OutputError: it cannot be made, or holds files of others that a page would replace.
    """
    with _told(folder):
        foreign = _foreign(folder)
        if foreign:
            raise OutputError(
                f"holds what is no page's and would be replaced: {', '.join(foreign[:4])}",
                where=str(folder),
                remedy="name another folder",
            )
        _remove(folder / STAGED)
        for index in range(shots):
            (folder / STAGED / str(index)).mkdir(parents=True)


def publish(folder: Path) -> None:
    """Puts the new frames in the place of an earlier page's, which opens no more: its figures are of others.

    Raises:
        OutputError: the folder cannot be written.
    """
    with _told(folder):
        (folder / INDEX).unlink(missing_ok=True)
        _remove(folder / FRAMES)
        (folder / STAGED).rename(folder / FRAMES)


def discard(folder: Path) -> None:
    """Removes the frames of a page that came to nothing."""
    with contextlib.suppress(OSError):
        _remove(folder / STAGED)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", where=str(folder), remedy="name another folder"
        ) from error


def _remove(frames: Path) -> None:
    for shot in _entries(frames):
        for script in _entries(shot):
            script.unlink()
        shot.rmdir()
    if frames.exists():
        frames.rmdir()


def write_script(folder: Path, number: int, script: str) -> None:
    """Writes a frame's script. The disk may keep it later: what makes a folder a page is written after all scripts.

    Raises:
        OutputError: it cannot be written, or the disk is full.
    """
    path = folder / f"{number}.js"
    try:
        path.write_text(script, encoding="ascii")
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            remedy="check the folder, its permissions and the space on the disk",
        ) from error


def _foreign(folder: Path) -> list[str]:
    """What a page would replace although no page wrote it."""
    names = [] if _is_page(folder) else [name for name in (INDEX, DATA, *web_files()) if (folder / name).exists()]
    shots = [*_entries(folder / FRAMES), *_entries(folder / STAGED)]
    frames = [script for shot in shots if shot.is_dir() for script in _entries(shot)]
    others = [shot for shot in shots if not shot.is_dir() or not _SHOT.fullmatch(shot.name)]
    others += [script for script in frames if not _FRAME.fullmatch(script.name) or script.is_dir()]
    return [*dict.fromkeys(names), *(str(path.relative_to(folder)) for path in others)]


def _is_page(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), (folder / DATA).open("rb") as file:
        return file.read(len(DATA_BEGINS)) == DATA_BEGINS
    return False


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []
