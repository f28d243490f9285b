"""The menus, the nodes they make, and what a node notes of its plate."""

from __future__ import annotations

from typing import Any

from tests.host_bridge.nuke.stand_in import Knob, Node, make_gizmo


def test_menus(load: Any) -> None:
    """All commands are in the menu, the nodes in the toolbar."""
    loaded = load("menus")
    loaded.module.build()
    entries = loaded.nuke.menus["Nuke"].entries["Art3D"].entries
    assert {
        "Art3D Stereo",
        "Pick Zero Plane from Viewer",
        "Analyse Shot",
        "Send to Farm",
        "Open Report",
        "Doctor",
        "Choose Style…",
    } <= set(entries)
    assert len(loaded.nuke.menus["Nodes"].entries["Art3D"].entries) == 2


def test_make_and_missing_plugin(load: Any) -> None:
    """A node is made and wired; a Nuke without the plug-in says what to set."""
    loaded = load("menus")
    loaded.module.make_stereo()
    loaded.module.make_single()
    assert loaded.nuke.created == ["Art3DStereo", "OFXorg.art3d.stereo_v1"]
    loaded.nuke.can_create = False
    loaded.module.make_single()
    assert "OFX_PLUGIN_PATH" in loaded.nuke.said[-1]


def test_refresh_notes_a_plate_with_depth(load: Any) -> None:
    """What only a look at the plate tells goes into a knob that is saved, in groups too."""
    loaded = load("menus")
    nodes = loaded.module.nodes
    node = make_gizmo(loaded.nuke)
    plate = Node("Read", "Read1")
    node.setInput(0, plate)
    nodes.refresh(node)
    assert node["plate_depth"].value() is False
    plate.layers.append("depth.Z")
    nodes.changed(node, Knob("inputChange"))
    assert node["plate_depth"].value() is True
    node["plate_depth"].setValue(False)
    loaded.nuke.nodes.append(Node("Group", "Group1", {"Inner": Node("Group", "Inner", {"g": node})}))
    loaded.module.refresh_all()
    assert node["plate_depth"].value() is True
    plate.layers.remove("depth.Z")
    nodes.refresh(node)
    assert node["plate_depth"].value() is False
