"""Art3D's menu, and its place in the toolbar."""

from __future__ import annotations

import nuke

from . import controls, nodes, pick, shots, styles
from .names import CLASS, GIZMO
from .report import guarded


@guarded
def make_stereo() -> None:
    """The stereo gizmo below the selected node."""
    nodes.refresh(nodes.make(GIZMO))


@guarded
def make_single() -> None:
    """The plug-in alone."""
    nodes.make(CLASS)


@guarded
def refresh_all() -> None:
    """Looks again which plates carry depth, in groups too."""
    for node in nodes.everywhere():
        if nodes.is_gizmo(node):
            nodes.refresh(node)


ENTRIES = (
    ("Art3D Stereo", make_stereo),
    ("Art3D Single Eye", make_single),
    ("-", None),
    ("Pick Zero Plane from Viewer", pick.pick_zero_plane),
    ("Choose Style…", styles.choose_style),
    ("Update Plates with Depth", refresh_all),
    ("Read Depth Script…", controls.read_script),
    ("Write Depth Script…", controls.write_script),
    ("-", None),
    ("Analyse Shot", shots.analyse_shot),
    ("Send to Farm", shots.send_to_farm),
    ("Open Report", shots.open_report),
    ("Doctor", shots.doctor),
)


def build() -> None:
    """Adds the entries to Nuke's menu bar, and the nodes to its toolbar."""
    menu = nuke.menu("Nuke").addMenu("Art3D")
    for name, command in ENTRIES:
        if command is None:
            menu.addSeparator()
        else:
            menu.addCommand(name, command)
    toolbar = nuke.menu("Nodes").addMenu("Art3D")
    for name, command in ENTRIES[:2]:
        toolbar.addCommand(name, command)
