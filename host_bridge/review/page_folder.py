"""The folder of a page: what an earlier page left there goes, and nothing else does."""

from __future__ import annotations

import contextlib
import importlib.resources
import re
from pathlib import Path

from host_bridge.core.errors import OutputError

DATA, FRAMES, INDEX = "data.js", "frames", "index.html"
DATA_BEGINS = b"A3D.data("
_SHOT = re.compile(r"\d+")
_FRAME = re.compile(r"-?\d+\.js")


def web_files() -> dict[str, bytes]:
    """What every page is made of, by file name."""
    folder = importlib.resources.files("host_bridge.review").joinpath("web")
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def clear(folder: Path, shots: int) -> None:
    """Empties the folders of the frames, and removes those of shots that an earlier page had.

    Args:
        folder: of the page; made when it is missing.
        shots: how many the new page has.

    Raises:
        OutputError: it cannot be made, or holds files of others that a page would replace.
    """
    try:
        foreign = _foreign(folder)
        if foreign:
            raise OutputError(
                f"holds what is no page's and would be replaced: {', '.join(foreign[:4])}",
                where=str(folder),
                remedy="name another folder",
            )
        for shot in _entries(folder / FRAMES):
            for script in _entries(shot):
                script.unlink()
            shot.rmdir()
        for index in range(shots):
            (folder / FRAMES / str(index)).mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", where=str(folder), remedy="name another folder"
        ) from error


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
    shots = _entries(folder / FRAMES)
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
