"""What is chosen in a file for a person who did not say: told once for all files of a folder, whoever reads them."""

from __future__ import annotations

import logging
from pathlib import Path

SEVERAL = "the file holds several pictures, of which the first is taken"
LONE_GREY = "the only picture channel, {}, is taken as grey"

_log = logging.getLogger(__name__)
_told: set[tuple[Path, str, str]] = set()


def tell(path: Path, said: str) -> None:
    """Warns of what was chosen in a file, unless another of its folder and kind was told of."""
    of = (path.parent, path.suffix, said)
    if of not in _told:
        _told.add(of)
        _log.warning("%s: %s", path, said)
