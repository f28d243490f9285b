"""Depth scripts (`art3d render --controls`) onto the node's knobs and from them."""

from __future__ import annotations

import json
import os
from typing import Any

import nuke

from . import mixing
from .nodes import chosen, plate_of
from .report import Trouble, guarded, report

FORMAT, VERSION = "art3d-controls", 1
ANIMATED = (
    "depth_gain", "zero_plane", "sculpt", "budget_front", "budget_behind", "floating_left", "floating_right",
    "floating_left_slant", "floating_right_slant", "floating_softness",
)  # fmt: skip
"""Those of the knob table that may change over frames."""
MIX = "style_mix"
_WAYS = {"hold": "CONSTANT", "linear": "LINEAR", "smooth": "SMOOTH"}


def curves_of(path: str) -> tuple[str, dict[str, dict[str, float]], tuple[str, str] | None]:
    """Interpolation, the keys of each knob, and the two styles that a `style_mix` among them mixes.

    Raises:
        Trouble: it is none.
    """
    try:
        with open(path, encoding="utf-8") as file:
            body = json.load(file)
        way, keys = str(body.get("interpolation", "smooth")), body["keys"]
        if body["format"] != FORMAT or body["version"] > VERSION or way not in _WAYS:
            raise ValueError("another format, or a newer version")
        styles, keys = None, dict(keys)
        if "style" in keys:
            first, second, keys[MIX] = mixing.keys_of(keys.pop("style"))
            styles = first, second
        curves = {name: {str(int(f)): float(v) for f, v in curve.items()} for name, curve in keys.items()}
        return way, curves, styles
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Trouble(f"{path}: not a depth script that can be read ({error})") from None


def put_on(node: Any, path: str) -> list[str]:
    """Animates the node's knobs as a depth script says, whose frames are those of the plate's files.

    Returns:
        The names of those knobs.

    Raises:
        Trouble: it is no depth script, or speaks of a knob that does not move.
    """
    way, curves, styles = curves_of(path)
    strange = sorted(set(curves) - {*ANIMATED, *([MIX] if styles and MIX in node.knobs() else [])})
    if strange:
        raise Trouble(f"{path}: no knob that moves is called {strange[0]}")
    if styles:
        node["style"].setValue(styles[0])
        node["second_style"].setValue(styles[1])
    for name, keys in curves.items():
        knob = node[name]
        knob.clearAnimated()
        knob.setAnimated()
        for frame, value in keys.items():
            knob.setValueAt(value, float(frame) - _offset(node))
        curve = knob.animation(0)
        curve.changeInterpolation(curve.keys(), getattr(nuke, _WAYS[way]))
    return sorted(curves)


def taken_from(node: Any, first: int, last: int) -> dict[str, Any]:
    """A depth script of the knobs that move: a key for every frame, so that any curve and any expression is met.

    Args:
        node: an Art3D node.
        first, last: of the plate's files, which are the script's frames.
    """
    offset = _offset(node)
    keys: dict[str, Any] = {
        name: {str(frame): float(node[name].getValueAt(float(frame - offset))) for frame in range(first, last + 1)}
        for name in ANIMATED
        if node[name].isAnimated() or node[name].hasExpression()
    }
    if mixing.moves(node):
        keys["style"] = {str(frame): mixing.style_of(node, frame - offset) for frame in range(first, last + 1)}
    return {"format": FORMAT, "version": VERSION, "interpolation": "linear", "keys": keys}


def _offset(node: Any) -> int:
    """What a file's number is above the host's time."""
    return int(node["shot_offset"].value())


def write_to(path: str, script: dict[str, Any]) -> None:
    """Writes a depth script whole or not at all.

    Raises:
        Trouble: it cannot be written.
    """
    partial = path + ".part"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(script, file, indent=1)
        os.replace(partial, path)
    except OSError as error:
        raise Trouble(f"{path}: cannot be written: {error.strerror}") from None


@guarded
def read_script() -> None:
    """Asks for a depth script and animates the node's knobs with it."""
    node = chosen()
    path = nuke.getFilename("Depth script", "*.json")
    if path:
        report("{} follow {} now".format(", ".join(put_on(node, path)) or "no knobs", os.path.basename(path)))


@guarded
def write_script() -> None:
    """Asks for a file and writes the node's animation into it, over the plate's range."""
    node = chosen()
    read = plate_of(node)
    path = nuke.getFilename("Depth script", "*.json", type="save")
    if not path:
        return
    script = taken_from(node, int(read["first"].value()), int(read["last"].value()))
    if not script["keys"]:
        raise Trouble("no knob of this node is animated")
    write_to(path, script)
    report(f"wrote {os.path.basename(path)}")
