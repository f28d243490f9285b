"""Art3D's nodes in the script: making them, finding them, keeping the stereo gizmo wired to what is there."""

from __future__ import annotations

from typing import Any

import nuke

from .names import CLASS, GIZMO
from .told import Trouble

EYES = ("left", "right")
# Inputs of the gizmo in their order, and of the plug-in inside it.
INPUTS = ("Source", "Depth", "Matte", "CleanPlate")
_CORES = ("EyeLeft", "EyeRight", "Review", "Disparity", "Occlusion")
_STEREO, _SINGLE = 0, 1


def is_gizmo(node: Any) -> bool:
    """Whether a node is the stereo gizmo, or a group that it was turned into."""
    return node.Class() == GIZMO or (node.Class() == "Group" and "art3d_gizmo" in node.knobs())


def is_ours(node: Any) -> bool:
    """Whether a node is the plug-in or the gizmo."""
    return node.Class() == CLASS or is_gizmo(node)


def chosen() -> Any:
    """The Art3D node to act on: the selected one, else the only one.

    Raises:
        Trouble: none, or several.
    """
    selected = [node for node in nuke.selectedNodes() if is_ours(node)]
    found = selected or [node for node in nuke.allNodes() if is_ours(node)]
    if len(found) != 1:
        raise Trouble("select one Art3D node" if found else "there is no Art3D node here; make one from the Art3D menu")
    return found[0]


def make(kind: str) -> Any:
    """A new node below the selected one.

    Raises:
        Trouble: Nuke did not load the plug-in.
    """
    try:
        return nuke.createNode(kind)
    except RuntimeError:
        raise Trouble(
            "Nuke did not load the Art3D plug-in; add Art3D's OFX folder to OFX_PLUGIN_PATH and start Nuke again"
        ) from None


def has_both_views() -> bool:
    """Whether the script is a stereo script."""
    return all(eye in nuke.views() for eye in EYES)


def hero_view(node: Any) -> str:
    """The view whose plate is converted: the hero eye's where it exists, else the script's first."""
    hero = str(node["hero"].value())
    views: list[str] = list(nuke.views())
    return hero if hero in views else views[0]


def refresh(node: Any) -> None:
    """Wires the gizmo's inside to its inputs and to the script's views."""
    outer = [node.input(i) for i in range(len(INPUTS))]
    depth_from = _depth_input(outer)
    with node:
        nuke.toNode("Hero")["view"].setValue(hero_view(node))
        nuke.toNode("Switch")["which"].setValue(_STEREO if has_both_views() else _SINGLE)
        nuke.toNode("DepthToRed").setInput(0, nuke.toNode(depth_from) if depth_from else None)
        for core in (nuke.toNode(name) for name in _CORES):
            core.setInput(1, nuke.toNode("DepthToRed") if depth_from else None)
            core.setInput(2, nuke.toNode("Matte") if outer[2] else None)
            core.setInput(3, nuke.toNode("CleanPlate") if outer[3] else None)


def _depth_input(outer: list[Any | None]) -> str:
    """The inner node that gives depth.Z: the Depth input, else the plate where it carries depth, else none."""
    for name, node in (("Depth", outer[1]), ("Hero", outer[0])):
        if node is not None and (name == "Depth" or "depth.Z" in node.channels()):
            return name
    return ""


def changed(node: Any, knob: Any) -> None:
    """The gizmo's knobChanged: whatever may change the wiring."""
    if knob is None or knob.name() in ("inputChange", "hero", "showPanel"):
        refresh(node)


def core(node: Any, name: str) -> Any:
    """The plug-in node to sample: the one inside the gizmo, or the node itself."""
    return nuke.toNode(f"{node.fullName()}.{name}") if is_gizmo(node) else node


def plate_of(node: Any) -> Any:
    """The Read that feeds a node's first input.

    Raises:
        Trouble: there is none.
    """
    seen = node.input(0)
    while seen is not None and seen.Class() != "Read":
        seen = seen.input(0)
    if seen is None:
        raise Trouble(f"no Read feeds {node.name()}; connect a plate")
    return seen
