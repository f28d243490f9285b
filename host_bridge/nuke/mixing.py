"""The style that two Style knobs and their mix come to, and a mix as keys of a depth script."""

from __future__ import annotations

from typing import Any


def style_of(node: Any, frame: float | None = None) -> str:
    """The style at a frame, or now: one name, or a blend as the gizmo gives it to the plug-in."""
    first = str(node["style"].value())
    if "style_mix" not in node.knobs():
        return first
    knob, second = node["style_mix"], str(node["second_style"].value())
    mix = float(knob.value() if frame is None else knob.getValueAt(float(frame)))
    if mix <= 0.0 or first == second:
        return first
    return second if mix >= 1.0 else f"{first}:{1.0 - mix:.9g},{second}:{mix:.9g}"


def moves(node: Any) -> bool:
    """Whether the mix changes over frames."""
    if "style_mix" not in node.knobs() or node["style"].value() == node["second_style"].value():
        return False
    return bool(node["style_mix"].isAnimated() or node["style_mix"].hasExpression())


def keys_of(styles: dict[str, str]) -> tuple[str, str, dict[str, float]]:
    """Both styles, and the mix at each key, of a depth script's `style`.

    Raises:
        ValueError: a key that is neither one style nor a blend of the same two.
    """
    shares = {frame: _shares(text) for frame, text in styles.items()}
    names = sorted({name for share in shares.values() for name in share})
    if not 1 <= len(names) <= 2:
        raise ValueError(f"the node mixes two styles, and this names {', '.join(names) or 'none'}")
    first, second = names[0], names[-1]
    if len(names) == 1:
        return first, first, dict.fromkeys(shares, 0.0)
    mix = {frame: share.get(second, 0.0) / sum(share.values()) for frame, share in shares.items()}
    return first, second, mix


def _shares(text: str) -> dict[str, float]:
    if "," not in text and ":" not in text:
        return {text: 1.0}
    parts = (part.rpartition(":") for part in text.split(","))
    found = {name.strip(): float(share) for name, _, share in parts}
    if not sum(found.values()) > 0:
        raise ValueError(f"{text!r} has no weight")
    return found
