"""Art3D's nodes in the script: making them, finding them, keeping what the stereo gizmo knows of its plate."""

from __future__ import annotations

from typing import Any

import nuke

from .names import CLASS, GIZMO
from .report import Trouble

EYES = ("left", "right")


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
    found = selected or [node for node in everywhere() if is_ours(node)]
    if len(found) != 1:
        raise Trouble("select one Art3D node" if found else "there is no Art3D node here; make one from the Art3D menu")
    return found[0]


def everywhere(group: Any = None) -> list[Any]:
    """All nodes of the script, those in groups too, but not what Art3D's own gizmos hold."""
    found: list[Any] = []
    for node in (group or nuke.root()).nodes():
        found.append(node)
        if node.Class() == "Group" and not is_gizmo(node):
            found += everywhere(node)
    return found


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


def hero_view(node: Any) -> str:
    """The view whose plate is converted: the hero eye's where it exists, else the script's first."""
    hero = str(node["hero"].value())
    views: list[str] = list(nuke.views())
    return hero if hero in views else views[0]


def refresh(node: Any) -> None:
    """Notes in a saved knob whether the plate carries depth; all else hangs on expressions."""
    plate = node.input(0)
    carries = plate is not None and "depth.Z" in plate.channels()
    if bool(node["plate_depth"].value()) != carries:
        node["plate_depth"].setValue(carries)


def changed(node: Any, knob: Any) -> None:
    """The gizmo's knobChanged: another plate may carry depth."""
    if knob is None or knob.name() in ("inputChange", "showPanel"):
        refresh(node)


def core(node: Any, name: str) -> Any:
    """The plug-in node to sample: the one inside the gizmo, or the node itself."""
    return nuke.toNode(f"{node.fullName()}.{name}") if is_gizmo(node) else node


def plate_of(node: Any) -> Any:
    """The Read that feeds a node's first input.

    Raises:
        Trouble: there is none.
    """
    return read_of(node, 0, "a plate")


def read_of(node: Any, number: int, what: str) -> Any:
    """The Read that feeds one of a node's inputs.

    Raises:
        Trouble: there is none; `what` should be connected.
    """
    upstream = node.input(number)
    while upstream is not None and upstream.Class() != "Read":
        upstream = upstream.input(0)
    if upstream is None:
        raise Trouble(f"no Read feeds {node.name()}; connect {what}")
    return upstream


def takes(node: Any, number: int, switch: str) -> bool:
    """Whether an input is connected and switched on."""
    return node.input(number) is not None and bool(node[switch].value())
