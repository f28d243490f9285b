"""Copying trees into a share: links followed, rights by the umask, hard links where that is enough."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

SKIPPED_FOLDERS = frozenset({"__pycache__"})
SKIPPED_SUFFIXES = (".pyc", ".a")
"""Bytecode names this machine's paths and times; static libraries serve compilers only."""


def is_runtime_file(path: Path) -> bool:
    """Whether a file of a package is of use where nothing is compiled."""
    return not SKIPPED_FOLDERS.intersection(path.parts) and path.suffix not in SKIPPED_SUFFIXES


def copy_file(source: Path, target: Path, *, link: bool = False) -> None:
    """Copies a file with the rights that the umask gives, executable where it is; `link` makes a hard link instead.

    Raises:
        OSError: it cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if link:
        os.link(source.resolve(), target)
        return
    shutil.copyfile(source, target)
    if os.access(source, os.X_OK):
        make_executable(target)


def make_executable(path: Path) -> None:
    """Adds the right to execute for everyone who may read the file."""
    mode = path.stat().st_mode
    path.chmod(mode | (mode & 0o444) >> 2)


def copy_tree(source: Path, target: Path, *, skip: Iterable[str] = (), link: bool = False) -> None:
    """Copies the files of a folder that are `wanted`.

    Args:
        source: the folder.
        target: where its files go.
        skip: names directly inside `source` that stay behind, as glob patterns.
        link: hard links instead of copies.

    Raises:
        OSError: something cannot be read or written.
    """
    patterns = tuple(skip)
    for folder, names, files in os.walk(source, followlinks=True):
        parent = Path(folder)
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        if parent == source:
            names[:] = [name for name in names if not any(Path(name).match(pattern) for pattern in patterns)]
            files = [name for name in files if not any(Path(name).match(pattern) for pattern in patterns)]
        for name in files:
            if is_runtime_file(parent / name) and (parent / name).is_file():
                copy_file(parent / name, target / parent.relative_to(source) / name, link=link)


def size_bytes(folder: Path) -> int:
    """What the files of a folder take."""
    return sum((Path(parent) / name).lstat().st_size for parent, _, names in os.walk(folder) for name in names)
