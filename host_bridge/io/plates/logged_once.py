"""What is chosen in a file for a person who named nothing: logged once for all files of a folder."""

from __future__ import annotations

import logging
from pathlib import Path

SEVERAL = "the file holds several pictures, of which the first is taken"
LONE_GREY = "the only picture channel, {}, is taken as grey"

_log = logging.getLogger(__name__)
_logged: set[tuple[Path, str, str]] = set()


def log_once(path: Path, choice: str) -> None:
    """Warns of what was chosen in a file, unless the same was logged of another file of its folder and kind."""
    kind = (path.parent, path.suffix, choice)
    if kind not in _logged:
        _logged.add(kind)
        _log.warning("%s: %s", path, choice)
