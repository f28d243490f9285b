"""The shot of a style that changes over frames, of one survey for each style that it names.

A blend's disparity is the mix of its styles' own, so its s and t are the same mix of theirs. Each style's are smoothed
over the shot by themselves: what the keys change is not taken for jitter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from host_bridge.core.blend import parse_blend
from host_bridge.core.style_track import is_animated, style_at, style_names
from host_bridge.shot.edges import FAR_PCT, Band, Edges, Side
from host_bridge.shot.entry import ShotEntry
from host_bridge.shot.file import Shot


def of_each_style(style: str, make: Callable[[str], Shot]) -> Shot:
    """The shot of a style, which may change over frames; `make` surveys it for one that does not."""
    if not is_animated(style):
        return make(style)
    return mixed({name: make(name) for name in style_names(style)}, style)


def count_surveys(style: str) -> int:
    """How often `of_each_style` surveys the frames."""
    return len(style_names(style)) if is_animated(style) else 1


def mixed(shots: Mapping[str, Shot], style: str) -> Shot:
    """One shot of several, which were made of the same frames.

    The suggested knobs are those of the style that asks for the least depth: they hold every frame in the budget. What
    an edge cuts is at most as near as the mix of the styles' nearest says.

    Args:
        shots: by style.
        style: the style that changes over frames (`core.style_track`).
    """
    most_careful = min(shots.values(), key=lambda shot: shot.depth_gain)
    frames = {
        number: _mixed_entry([(p.share, shots[p.name].frames[number]) for p in parse_blend(style_at(style, number))])
        for number in most_careful.frames
    }
    reason = f"the style changes over frames: {style}"
    return replace(most_careful, style=style, frames=frames, reasons=(reason, *most_careful.reasons))


def _mixed_entry(parts: list[tuple[float, ShotEntry]]) -> ShotEntry:
    edges = [(share, entry.edges) for share, entry in parts if entry.edges is not None]
    heroes = set.intersection(*(set(cut) for _, cut in edges)) if edges else ()
    return replace(
        parts[0][1],
        fit_scale=sum(share * entry.fit_scale for share, entry in parts),
        fit_shift=sum(share * entry.fit_shift for share, entry in parts),
        zero_plane=sum(share * entry.zero_plane for share, entry in parts),
        edges={hero: _edges([(share, cut[hero]) for share, cut in edges]) for hero in heroes} if edges else None,
    )


def _edges(parts: list[tuple[float, Edges]]) -> Edges:
    return Edges(_side([(s, e.left) for s, e in parts]), _side([(s, e.right) for s, e in parts]))


def _side(parts: list[tuple[float, Side]]) -> Side:
    return tuple(_band([(share, side[index]) for share, side in parts]) for index in range(len(parts[0][1])))


def _band(parts: list[tuple[float, Band]]) -> Band:
    finite = [(share, band) for share, band in parts if band.parallax_pct < FAR_PCT]
    total = sum(share for share, _ in finite)
    if not finite:
        return Band()
    return Band(
        sum(share * band.parallax_pct for share, band in finite) / total,
        sum(share * band.depth_pct for share, band in finite) / total,
        sum(share * band.sculpt_pct for share, band in finite) / total,
    )
