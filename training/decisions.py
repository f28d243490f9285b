"""What a person decided about single pairs: FOLDER/decisions.json, which curation honours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError

FILE = "decisions.json"
FORMAT = "art3d-decisions-1"
DROPPED = "dropped by hand"


@dataclass(frozen=True)
class Decisions:
    """Keys of pairs to leave out, and of pairs to keep whatever the filters say."""

    drop: frozenset[str] = frozenset()
    force: frozenset[str] = frozenset()

    def plain(self) -> dict[str, list[str]]:
        """As it stands in a manifest."""
        return {"drop": sorted(self.drop), "force": sorted(self.force)}


def read_decisions(folder: Path) -> Decisions:
    """The decisions of a shard folder; none where the file is missing.

    Raises:
        BadInputError: the file is no such list, or a pair is to be dropped and forced.
    """
    path = folder / FILE
    if not path.exists():
        return Decisions()
    try:
        body: Any = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadInputError(f"is not JSON ({error})", remedy="save it again from the page", where=str(path)) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise BadInputError(f"is not of the format {FORMAT}", remedy="save it again from the page", where=str(path))
    drop, force = (_keys(body, name, path) for name in ("drop", "force"))
    if both := drop & force:
        raise BadInputError(f"drops and forces {min(both)}", remedy="decide for one", where=str(path))
    return Decisions(drop, force)


def _keys(body: dict[str, Any], name: str, path: Path) -> frozenset[str]:
    keys = body.get(name, [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadInputError(f"its {name!r} is not a list of pairs' keys", where=str(path))
    return frozenset(keys)
