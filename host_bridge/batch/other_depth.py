"""What to say where a style meets another depth network than the one it was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from host_bridge.core.style_track import style_names

BESIDE_FILM = "sidecar"
"""Depth pictures of the training films themselves: no network of a plate can be the same."""


def other_depth(cards: Iterable[Mapping[str, Any]], style: str, stats: Mapping[str, Any]) -> str:
    """One line where the depth of a frame is not what its style learned with, else "".

    Args:
        cards: the server's style cards.
        style: the style's name, a blend, or one that changes over frames.
        stats: of a rendered frame; `fit_scale` and `fit_shift` are fractions of picture width.
    """
    network = str(stats.get("model_id", ""))
    named = style_names(style)
    mismatched = [
        card for card in cards if card.get("name") in named and _differs(str(card.get("depth_source", "")), network)
    ]
    if not mismatched:
        return ""
    words = "; ".join(f"style {card['name']} was trained on the depth of {card['depth_source']}" for card in mismatched)
    return f"{words}, and meets {network} here{_moved(mismatched[0], stats) if len(named) == 1 else ''}"


def _differs(trained: str, network: str) -> bool:
    both_named = trained not in ("", "any", BESIDE_FILM) and network not in ("", "None")
    # A name alone, as "mini", stands for any weights of that name.
    return both_named and trained != network and trained != network.partition(":")[0]


def _moved(card: Mapping[str, Any], stats: Mapping[str, Any]) -> str:
    trained = card.get("statistics") or {}
    pairs = [("s", stats.get("fit_scale")), ("t", stats.get("fit_shift"))]
    if any(value is None or f"{name}_mean" not in trained for name, value in pairs):
        return ""
    words = [
        f"{name} is {100 * float(value):.2f} % of the width (trained: {100 * trained[f'{name}_mean']:.2f} ± "
        f"{100 * trained.get(f'{name}_std', 0.0):.2f})"
        for name, value in pairs
        if value is not None
    ]
    return f": {', '.join(words)}"
