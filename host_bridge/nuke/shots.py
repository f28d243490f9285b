"""Whole shots from the script: analyse, send to the farm, look at the report."""

from __future__ import annotations

import json
import os
import webbrowser
from typing import Any

import nuke

from . import controls, mixing, tool
from .nodes import chosen, hero_view, is_gizmo, plate_of, read_of, takes
from .report import Trouble, guarded, report

_KNOBS = (*controls.ANIMATED, "depth_budget", "hero", "fill", "edges", "matte", "floating_window", "floating_mask")
"""Those of the knob table that the rendering needs, with `_SETTINGS` and the switch of `_flags`."""
_SETTINGS = ("style", "depth", "z_meaning")
_UNCHANGED = ("Dot", "NoOp")  # nodes that hand on what they are given


def script_folder() -> str:
    """Where the script is saved.

    Raises:
        Trouble: it is not.
    """
    name = str(nuke.root().name())
    if not name or name == "Root":
        raise Trouble("save the script first; Art3D keeps its files beside it")
    return os.path.dirname(os.path.abspath(name))


def frames_of(read: Any) -> str:
    """The Read's range as `art3d` takes it."""
    return f"{int(read['first'].value())}-{int(read['last'].value())}"


def _stem(path: str) -> str:
    return os.path.basename(path).split(".")[0]


def _view(node: Any, path: str) -> list[str]:
    """The hero view's plate where the file's name holds the view, or where the file's first view would be another."""
    view = hero_view(node)
    return ["--view", view] if "%v" in path.lower() or view == "right" else []


def options(node: Any, names: Any) -> list[str]:
    """The node's knobs as command-line options."""
    found = []
    for name in names:
        value = mixing.style_of(node) if name == "style" else node[name].value()
        text = f"{value:.17g}" if isinstance(value, float) else str(value)
        found += ["--" + name.replace("_", "-"), text]
    return found


def _flags(node: Any) -> list[str]:
    return ["--occlusion-to-alpha"] if node["occlusion_to_alpha"].value() else []


def _new_shot(stem: str) -> str:
    """A shot file that is not there yet: Nuke keeps its pictures as long as the knob says the same name."""
    folder, number, path = script_folder(), 1, ""
    while not path or os.path.exists(path):
        path = os.path.join(folder, f"{stem}.art3d" if number == 1 else f"{stem}.{number}.art3d")
        number += 1
    return path


def _validate_seen(node: Any, read: Any) -> None:
    """`art3d` reads the plate's file, and must see the depth that the node takes.

    Raises:
        Trouble: the node takes depth from elsewhere, or leaves the plate's own where it is.
    """
    own, follows_plate = "depth.Z" in read.channels(), str(node["depth"].value()) in ("auto", "aov")
    if follows_plate and own and not (is_gizmo(node) and node["use_depth"].value()) and not takes(node, 1, "use_depth"):
        raise Trouble(
            "this node leaves the plate's depth.Z where it is, and Art3D would take it from the file; "
            "set Depth Source to a network, or switch Use Depth on"
        )
    if follows_plate and takes(node, 1, "use_depth") and not (own and _feeds(read, node, 1)):
        raise Trouble(
            "Art3D reads the plate's file here and does not see the Depth input; "
            "write depth.Z into the plate, or set Depth Source to a network"
        )


def _feeds(read: Any, node: Any, number: int) -> bool:
    """Whether an input comes from the same Read."""
    try:
        return str(read_of(node, number, "").fullName()) == str(read.fullName())
    except Trouble:
        return False


def _clean(node: Any) -> list[str]:
    """What Fill clean-plate shows, as options.

    Raises:
        Trouble: no Read feeds it.
    """
    if str(node["fill"].value()) != "clean-plate":
        return []
    if not takes(node, 3, "use_clean_plate"):
        raise Trouble("Fill shows a clean plate and the node takes none; connect one, or set Fill to background")
    found = ["--clean-plate", nuke.filename(read_of(node, 3, "a clean plate"))]
    if takes(node, 4, "use_clean_depth"):
        found += ["--clean-depth", nuke.filename(read_of(node, 4, "the clean plate's depth"))]
    return found


def _matte(node: Any) -> list[str]:
    """Where Local Sculpt acts, as options: the farm reads the matte's file as it is.

    Raises:
        Trouble: the Matte input is not what a file holds.
    """
    if not takes(node, 2, "use_matte") or str(node["matte"].value()) != "input":
        return []
    upstream = node.input(2)
    while upstream is not None and upstream.Class() in _UNCHANGED:
        upstream = upstream.input(0)
    path = nuke.filename(upstream) if upstream is not None and upstream.Class() == "Read" else ""
    if not path.lower().endswith(".exr"):
        raise Trouble(
            "the farm sees the Matte input only where a Read of EXRs gives it, with nothing between that changes it; "
            "write the matte as EXRs and read these, set Sculpt Where to people, or switch Use Matte off"
        )
    return ["--sculpt-matte", path]


@guarded
def analyse_shot() -> None:
    """Runs `art3d analyse` on the plate and gives the shot file to the node."""
    node = chosen()
    read = plate_of(node)
    _validate_seen(node, read)
    path = nuke.filename(read)
    shot = _new_shot(_stem(path))
    arguments = ["analyse", path, "-o", shot, "--frames", frames_of(read), *_view(node, path)]
    if mixing.moves(node):
        script = controls.taken_from(node, int(read["first"].value()), int(read["last"].value()))
        moving = os.path.splitext(shot)[0] + ".style.json"
        controls.write_to(moving, {**script, "keys": {"style": script["keys"]["style"]}})
        arguments += ["--controls", moving, *options(node, [name for name in _SETTINGS if name != "style"])]
    else:
        arguments += options(node, _SETTINGS)

    def done(text: str) -> None:
        node["shot"].setValue(shot)
        report(f"{_stem(path)} is analysed\n{text.strip()}")

    tool.in_background("Art3D analyses " + _stem(path), arguments, done)


@guarded
def send_to_farm() -> None:
    """Writes an Open Job Description bundle with the node's knobs beside the script."""
    node = chosen()
    read = plate_of(node)
    _validate_seen(node, read)
    path, folder = nuke.filename(read), script_folder()
    out = os.path.join(folder, "stereo", _stem(path) + ".####.exr")
    bundle = os.path.join(folder, _stem(path) + ".bundle")
    arguments = ["submit", path, "-o", out, "--bundle", bundle, "--frames", frames_of(read), *_view(node, path)]
    if node["shot"].value():
        arguments += ["--shot", node["shot"].value()]
    script = controls.taken_from(node, int(read["first"].value()), int(read["last"].value()))
    if script["keys"]:
        moving = os.path.join(folder, _stem(path) + ".controls.json")
        controls.write_to(moving, script)
        arguments += ["--controls", moving]
    arguments += options(node, [name for name in _KNOBS + _SETTINGS if name not in script["keys"]])
    arguments += [*_flags(node), *_clean(node), *_matte(node)]
    tool.in_background("Art3D packs " + _stem(path), arguments, lambda text: report(text.strip()), limit_s=tool.SHORT_S)


@guarded
def open_report() -> None:
    """A page with plate, depth, disparity and anaglyph of the plate's folder, in the browser."""
    node = chosen()
    path = nuke.filename(plate_of(node)).replace("%V", hero_view(node)).replace("%v", hero_view(node)[0])
    page = os.path.join(script_folder(), _stem(path) + ".report.html")

    def done(_text: str) -> None:
        webbrowser.open("file://" + page)

    tool.in_background(
        "Art3D reports on " + _stem(path),
        [
            "contact-sheet",
            os.path.dirname(path),
            "-o",
            page,
            "--limit",
            "24",
            *options(node, _KNOBS + _SETTINGS),
            *_flags(node),
        ],
        done,
    )


@guarded
def doctor() -> None:
    """What `art3d doctor` finds."""

    def done(text: str) -> None:
        findings = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        report("\n".join(_finding(found) for found in findings) or text.strip() or "nothing was found")

    tool.in_background("Art3D looks at itself", ["doctor", "--json"], done, fine=(0, 2, 3))


def _finding(found: Any) -> str:
    line = "{}  {}: {}".format("fine " if found.get("ok") else "FAULT", found.get("name", ""), found.get("message", ""))
    return "{}; {}".format(line, found["remedy"]) if found.get("remedy") else line
