"""Where a studio's style files lie, so that a job can take one along."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from host_bridge.core.folders import STYLES, named_folders
from host_bridge.core.style_track import style_names

SUFFIX = ".style"


def find_style_files(text: str) -> list[Path]:
    """The files that a style, or each part of one that mixes or changes, needs; see `find_style_file`.

    Raises:
        StyleError: one that cannot be read.
    """
    return [file for name in style_names(text) if (file := find_style_file(name)) is not None]


def find_style_file(name: str) -> Path | None:
    """The file of a studio's style, first wins: each folder of `$ART3D_STYLES`, then the user's own; else None.

    `neutral` and the styles in the box need no file: every installation of the same version has them.
    """
    for folder in (*named_folders(STYLES), Path(platformdirs.user_config_dir("art3d")) / "styles"):
        path = folder / (name + SUFFIX)
        if name != "neutral" and Path(name).name == name and path.is_file():
            return path
    return None
