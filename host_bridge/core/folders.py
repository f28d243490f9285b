"""Folders that a person names in the environment, as the shell names those of commands."""

from __future__ import annotations

import os
from pathlib import Path

STYLES, MODELS = "ART3D_STYLES", "ART3D_MODELS"


def named_folders(variable: str) -> list[Path]:
    """The folders of a variable, the first before the others; empty parts name none."""
    return [Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part]
