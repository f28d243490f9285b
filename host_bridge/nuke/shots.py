"""Whole shots from the script: analyse, send to the farm, look at the report."""

from __future__ import annotations

import json
import os
import webbrowser
from typing import Any

import nuke

from . import tool
from .nodes import chosen, plate_of
from .told import Trouble, guarded, say

_KNOBS = ("depth_gain", "zero_plane", "sculpt", "budget_front", "budget_behind", "hero", "fill", "edges")
_SETTINGS = ("style", "depth", "z_meaning")


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


def options(node: Any, names: Any) -> list[str]:
    """The node's knobs as command-line options."""
    found = []
    for name in names:
        value = node[name].value()
        text = f"{value:g}" if isinstance(value, float) else str(value)
        found += ["--" + name.replace("_", "-"), text]
    return found


@guarded
def analyse_shot() -> None:
    """Runs `art3d analyse` on the plate and gives the shot file to the node."""
    node = chosen()
    read = plate_of(node)
    path = nuke.filename(read)
    shot = os.path.join(script_folder(), _stem(path) + ".art3d")

    def done(text: str) -> None:
        node["shot"].setValue(shot)
        say(f"{_stem(path)} is analysed\n{text.strip()}")

    tool.in_background(
        "Art3D analyses " + _stem(path),
        ["analyse", path, "-o", shot, "--frames", frames_of(read), *options(node, _SETTINGS)],
        done,
    )


@guarded
def send_to_farm() -> None:
    """Writes an Open Job Description bundle with the node's knobs beside the script."""
    node = chosen()
    animated = [name for name in _KNOBS if node[name].isAnimated()]
    if animated:
        raise Trouble(f"{animated[0]} is animated; a bundle takes resting knobs, or a depth script: see docs/farm.md")
    read = plate_of(node)
    path, folder = nuke.filename(read), script_folder()
    out = os.path.join(folder, "stereo", _stem(path) + ".####.exr")
    bundle = os.path.join(folder, _stem(path) + ".bundle")
    arguments = ["submit", path, "-o", out, "--bundle", bundle, "--frames", frames_of(read)]
    if node["shot"].value():
        arguments += ["--shot", node["shot"].value()]
    arguments += options(node, _KNOBS + _SETTINGS)
    if node["occlusion_to_alpha"].value():
        arguments.append("--occlusion-to-alpha")
    say(tool.run(*arguments).strip())


@guarded
def open_report() -> None:
    """A page with plate, depth, disparity and anaglyph of the plate's folder, in the browser."""
    node = chosen()
    path = nuke.filename(plate_of(node))
    page = os.path.join(script_folder(), _stem(path) + ".report.html")

    def done(_text: str) -> None:
        webbrowser.open("file://" + page)

    tool.in_background(
        "Art3D reports on " + _stem(path),
        ["contact-sheet", os.path.dirname(path), "-o", page, "--limit", "24", *options(node, _KNOBS + _SETTINGS)],
        done,
    )


@guarded
def doctor() -> None:
    """What `art3d doctor` finds."""

    def done(text: str) -> None:
        findings = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        say("\n".join(_finding(found) for found in findings) or text.strip() or "nothing was found")

    tool.in_background("Art3D looks at itself", ["doctor", "--json"], done, fine=(0, 2, 3))


def _finding(found: Any) -> str:
    line = "{}  {}: {}".format("fine " if found.get("ok") else "FAULT", found.get("name", ""), found.get("said", ""))
    return "{}; {}".format(line, found["remedy"]) if found.get("remedy") else line
