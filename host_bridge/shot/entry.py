"""What a shot file fixes for one frame, and its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from host_bridge.core.bars import NONE, Bars, inside
from host_bridge.core.geometry import Box
from host_bridge.shot import edges as edges_of
from host_bridge.shot.edges import Edges


@dataclass(frozen=True)
class ShotEntry:
    """What the shot fixes for one frame.

    Attributes:
        iz_low, iz_high: raw inverse depth that becomes 0 and 1.
        fit_scale, fit_shift: smoothed s and t, fractions of picture width.
        zero_plane: offset in % parallax that hand-overs at cuts ask for; 0 elsewhere.
        scene: index of the scene between two cuts.
        signature: coarse picture, 16×9 levels 0..255, that tells this plate from another.
        bars: black rows or columns (top, bottom, left, right), px.
        size: width and height of the data window that the bars are of, px; None in a shot file of version 1, whose
            figures are of the whole frame, bars and all.
        edges: what the picture's side edges cut for each hero eye; None in a shot file that does not say.
    """

    iz_low: float
    iz_high: float
    fit_scale: float
    fit_shift: float
    zero_plane: float
    scene: int
    signature: str
    bars: Bars = NONE
    size: tuple[int, int] | None = None
    edges: Mapping[str, Edges] | None = None

    def picture(self, data: Box) -> Box:
        """The active picture of this frame in a data window, which may be a proxy of the one that was analysed."""
        if self.size is None:
            return data
        across, down = data.width / self.size[0], data.height / self.size[1]
        top, bottom, left, right = self.bars
        found = inside(data, (round(top * down), round(bottom * down), round(left * across), round(right * across)))
        return data if found.empty else found


def entry_json(entry: ShotEntry) -> dict[str, Any]:
    """An entry as it lies in the file."""
    body = asdict(replace(entry, edges=None))
    heroes = {hero: _as_texts(cut) for hero, cut in (entry.edges or {}).items()}
    # Those of a left hero stand by themselves, where readers that know of no other look for them.
    return {**body, "edges": {**heroes.pop("left"), "heroes": heroes} if entry.edges else None}


def _as_texts(cut: Edges) -> dict[str, str]:
    return {"left": edges_of.as_text(cut.left), "right": edges_of.as_text(cut.right)}


def entry_of(fields: Mapping[str, Any]) -> ShotEntry:
    """The entry of a file.

    Raises:
        KeyError, TypeError, ValueError: it is damaged.
    """
    top, bottom, left, right = (int(side) for side in fields["bars"])
    entry = ShotEntry(
        iz_low=finite(fields["iz_low"]),
        iz_high=finite(fields["iz_high"]),
        fit_scale=finite(fields["fit_scale"]),
        fit_shift=finite(fields["fit_shift"]),
        zero_plane=finite(fields["zero_plane"]),
        scene=int(fields["scene"]),
        signature=str(fields["signature"]),
        bars=(top, bottom, left, right),
        size=None if fields.get("size") is None else (int(fields["size"][0]), int(fields["size"][1])),
        edges=_edges(fields.get("edges")),
    )
    if entry.iz_high <= entry.iz_low or min(*entry.bars, *(entry.size or ())) < 0:
        raise ValueError(f"an inverse depth range {entry.iz_low}..{entry.iz_high} or bars {entry.bars}")
    if entry.size is not None and inside(Box.of_size(*entry.size), entry.bars).empty:
        raise ValueError(f"bars {entry.bars} that leave nothing of {entry.size}")
    return entry


def _edges(value: Any) -> dict[str, Edges] | None:
    if value is None:
        return None
    sides = {"left": value, **value.get("heroes", {})}
    return {
        str(hero): Edges(*(edges_of.read(str(cut[edge])) for edge in ("left", "right"))) for hero, cut in sides.items()
    }


def finite(value: Any) -> float:
    """A number of a file.

    Raises:
        TypeError, ValueError: it is none, or not finite.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number
