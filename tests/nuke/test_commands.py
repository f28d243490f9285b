"""The commands under the recording `nuke`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from host_bridge.cli import build_parser
from tests.nuke.stand_in import Knob, Node, Task, make_gizmo


def _tool(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """An `art3d` that records its arguments, then does `body`."""
    script = folder / "art3d"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\nenv > {folder}/environment\n{body}\n')
    script.chmod(0o755)
    monkeypatch.setenv("ART3D_COMMAND", str(script))
    return folder / "arguments"


def _script(loaded: Any, folder: Path) -> Node:
    """A saved script with a Read that feeds a gizmo."""
    node = make_gizmo(loaded.nuke)
    read = Node("Read", "Read1", file="/plates/sh010.####.exr", first=1001, last=1008)
    dot = Node("Dot", "Dot1")
    dot.setInput(0, read)
    node.setInput(0, dot)
    loaded.nuke.nodes += [read, dot, node]
    loaded.nuke.script = str(folder / "comp.nk")
    return node


def _wait(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def _settle(said: list[str]) -> None:
    end = time.monotonic() + 20
    while not said:
        assert time.monotonic() < end
        time.sleep(0.01)


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


def test_read_depth_script(load: Any, tmp_path: Path) -> None:
    """Keys land on the knobs at their frames, with the script's interpolation; damage is one line."""
    loaded = load("controls")
    node = _script(loaded, tmp_path)
    body = {"format": "art3d-controls", "version": 1, "interpolation": "hold",
            "keys": {"depth_gain": {"1001": 1.0, "-4": 1.6}, "zero_plane": {"1001": -0.5}}}  # fmt: skip
    path = tmp_path / "depth script.json"
    path.write_text(json.dumps(body))
    loaded.nuke.picked = str(path)
    loaded.module.read_script()
    assert node["depth_gain"].keys == {1001.0: 1.0, -4.0: 1.6} and node["depth_gain"].way == "CONSTANT"
    assert node["zero_plane"].isAnimated() and "depth_gain, zero_plane follow" in loaded.nuke.said[-1]
    strange = dict(body, keys={"hero": {"1": 1.0}})
    for damage in ("{", "[]", json.dumps({**body, "version": 2}), json.dumps(strange), '{"keys": 1}'):
        path.write_text(damage)
        loaded.module.read_script()
        assert str(path) in loaded.nuke.said[-1]


def test_written_depth_script_is_the_animation(load: Any, tmp_path: Path) -> None:
    """Every frame of the plate, whatever curve or expression moves the knob; the command line reads it back."""
    from host_bridge.batch.depth_script import load_depth_script
    from host_bridge.core.params import Controls

    loaded = load("controls")
    node = _script(loaded, tmp_path)
    loaded.nuke.picked = str(tmp_path / "out.json")
    loaded.module.write_script()
    assert "no knob of this node is animated" in loaded.nuke.said[-1]
    node["sculpt"].setValue(lambda frame: 1 / 3 + (frame - 1001) / 7)
    loaded.module.write_script()
    script = load_depth_script(tmp_path / "out.json")
    for frame in range(1001, 1009):
        assert script.at(frame, Controls()).sculpt == 1 / 3 + (frame - 1001) / 7
    assert not list(tmp_path.glob("*.part"))
    loaded.nuke.picked = str(tmp_path / "absent" / "out.json")
    loaded.module.write_script()
    assert "cannot be written" in loaded.nuke.said[-1]


@pytest.mark.parametrize("name", ["with space", "it's", "back\\slash"])
def test_command_path_needs_no_quotes(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A path that is there is one word."""
    folder = tmp_path / name
    folder.mkdir()
    script = folder / "art3d"
    script.write_text("#!/bin/sh\necho fine\n")
    script.chmod(0o755)
    monkeypatch.setenv("ART3D_COMMAND", str(script))
    assert load("tool").module.run("styles").strip() == "fine"


def test_a_short_command_does_not_hang(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended after its time, and said so."""
    _tool(tmp_path, monkeypatch, "exec sleep 60")
    loaded = load("shots")
    _script(loaded, tmp_path)
    monkeypatch.setattr(loaded.module.tool, "SHORT_S", 0.3)
    loaded.module.send_to_farm()
    _settle(loaded.nuke.said)
    assert "did not end within 0.3 s" in loaded.nuke.said[-1]


def test_pick_zero_plane(load: Any, tmp_path: Path) -> None:
    """What was sampled comes to lie on the screen, also where the budget compresses."""
    loaded = load("pick")
    node = _script(loaded, tmp_path)
    points = []

    def sample(channel: str, x: float, y: float) -> float:
        points.append((channel, x, y))
        # 30 px of 1000 in front of the screen, a fifth of every move lost to the soft limit.
        return -30.0 + 0.8 * node["zero_plane"].value() * 10.0

    node.inner["Disparity"].sampled = sample
    box = [0.0, -0.25, 0.5, 0.25]
    loaded.nuke.viewer = SimpleNamespace(node=lambda: {"colour_sample_bbox": Knob("b", box)})
    loaded.module.pick_zero_plane()
    assert points[0] == ("red", 625.0, 250.0)
    assert abs(sample("red", 0, 0)) < 0.2
    assert "Zero Plane is 3.7" in loaded.nuke.said[-1]


def test_pick_needs_a_sample(load: Any, tmp_path: Path) -> None:
    """No viewer, nothing sampled, no node, two nodes."""
    loaded = load("pick")
    loaded.module.pick_zero_plane()
    assert "no Art3D node" in loaded.nuke.said[-1]
    _script(loaded, tmp_path)
    loaded.module.pick_zero_plane()
    assert "open a viewer" in loaded.nuke.said[-1]
    loaded.nuke.viewer = SimpleNamespace(node=lambda: {"colour_sample_bbox": Knob("b", [0, 0, 0, 0])})
    loaded.module.pick_zero_plane()
    assert "Ctrl-click" in loaded.nuke.said[-1]
    _script(loaded, tmp_path)
    loaded.module.pick_zero_plane()
    assert "select one" in loaded.nuke.said[-1]


def test_analyse_shot(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs `art3d analyse` beside the script, outside Nuke's Python, and gives the file to the node."""
    for name in ("PYTHONHOME", "LD_LIBRARY_PATH", "PYTHONPATH"):
        monkeypatch.setenv(name, "/of/nuke")
    arguments = _tool(tmp_path, monkeypatch, "echo cut at 1004")
    loaded = load("shots")
    node = _script(loaded, tmp_path)
    loaded.module.analyse_shot()
    _settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    build_parser(["analyse"]).parse_args(words)
    assert words[:6] == [
        "analyse",
        "/plates/sh010.####.exr",
        "-o",
        str(tmp_path / "sh010.art3d"),
        "--frames",
        "1001-1008",
    ]
    assert node["shot"].value() == str(tmp_path / "sh010.art3d")
    assert "cut at 1004" in loaded.nuke.said[-1]
    assert "/of/nuke" not in (tmp_path / "environment").read_text()


def test_analyse_again(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another analysis has another name, so that Nuke shows no picture of the first."""
    _tool(tmp_path, monkeypatch, "touch $4")
    loaded = load("shots")
    node = _script(loaded, tmp_path)
    names = []
    for _ in range(3):
        loaded.nuke.said.clear()
        loaded.module.analyse_shot()
        _settle(loaded.nuke.said)
        names.append(Path(node["shot"].value()).name)
    assert names == ["sh010.art3d", "sh010.2.art3d", "sh010.3.art3d"]


def test_analyse_sees_the_depth(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth from another Read is not in the plate's file, which is all that the analysis reads."""
    arguments = _tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    node = _script(loaded, tmp_path)
    node.setInput(1, Node("Read", "Z"))
    loaded.module.analyse_shot()
    assert "does not see the Depth input" in loaded.nuke.said[-1] and not arguments.exists()
    node["depth"].setValue("mini")
    loaded.module.analyse_shot()
    _wait(arguments)


@pytest.mark.parametrize(("hero", "view"), [("left", "left"), ("right", "right"), ("none", "left")])
def test_plates_of_a_view(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hero: str, view: str) -> None:
    """A Read whose name holds %V is analysed, sent and shown in the hero's view, as the gizmo takes it."""
    arguments = _tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    opened: list[str] = []
    monkeypatch.setattr(loaded.module.webbrowser, "open", opened.append)
    node = _script(loaded, tmp_path)
    node["hero"].setValue(hero)
    loaded.nuke.toNode("Read1")["file"].setValue("/plates/%V/sh010.%v.####.exr")
    for command, name in ((loaded.module.analyse_shot, "analyse"), (loaded.module.send_to_farm, "submit")):
        loaded.nuke.said.clear()
        command()
        _settle(loaded.nuke.said)
        parsed = build_parser([name]).parse_args(arguments.read_text().split("\n")[:-1])
        assert (parsed.view, parsed.plate) == (view, "/plates/%V/sh010.%v.####.exr")
    loaded.module.open_report()
    _settle(opened)
    assert f"/plates/{view}\n" in arguments.read_text()


def test_analyse_can_be_cancelled(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancel ends the command, and nothing is set."""
    arguments = _tool(tmp_path, monkeypatch, "exec sleep 60")
    loaded = load("shots")
    node = _script(loaded, tmp_path)
    monkeypatch.setattr(Task, "cancelled", True)
    thread = loaded.module.tool.in_background("t", ["analyse"], lambda text: node["shot"].setValue("set"))
    _wait(arguments)
    thread.join(10)
    assert not thread.is_alive() and node["shot"].value() == "" and loaded.nuke.said == []


def test_unsaved_script(load: Any, tmp_path: Path) -> None:
    """Art3D keeps its files beside the script."""
    loaded = load("shots")
    _script(loaded, tmp_path)
    loaded.nuke.script = "Root"
    loaded.module.analyse_shot()
    assert "save the script" in loaded.nuke.said[-1]


def test_send_to_farm(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node's knobs become options that `art3d submit` takes, to the last digit; animation a depth script."""
    arguments = _tool(tmp_path, monkeypatch, "echo wrote the bundle")
    loaded = load("shots")
    node = _script(loaded, tmp_path)
    node["depth_gain"].setValue(1 / 3)
    node["shot"].setValue("/shots/a.art3d")
    node["occlusion_to_alpha"].setValue(True)
    loaded.module.send_to_farm()
    _settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    parsed = build_parser(["submit"]).parse_args(words)
    assert float(parsed.depth_gain) == 1 / 3 and parsed.hero == "left" and str(parsed.shot) == "/shots/a.art3d"
    assert parsed.occlusion_to_alpha and parsed.frames == "1001-1008"
    assert loaded.nuke.said == ["wrote the bundle"]
    node.knobs()["sculpt"] = Knob("sculpt", 1.0, animated=True)
    loaded.nuke.said.clear()
    loaded.module.send_to_farm()
    _settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    parsed = build_parser(["submit"]).parse_args(words)
    assert str(parsed.controls) == str(tmp_path / "sh010.controls.json") and "--sculpt" not in words


def test_open_report(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contact sheet of the plate's folder opens in the browser."""
    arguments = _tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    opened: list[str] = []
    monkeypatch.setattr(loaded.module.webbrowser, "open", opened.append)
    _script(loaded, tmp_path)
    loaded.module.open_report()
    _settle(opened)
    words = arguments.read_text().split("\n")[:-1]
    assert build_parser(["contact_sheet"]).parse_args(words).folder == Path("/plates")
    assert opened == [f"file://{tmp_path}/sh010.report.html"]


def test_doctor(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings as lines, also when the doctor's exit code says that there are faults."""
    found = json.dumps({"name": "torch", "ok": False, "said": "not there", "remedy": "install it"})
    _tool(tmp_path, monkeypatch, f"echo '{found}'; exit 2")
    loaded = load("shots")
    loaded.module.doctor()
    _settle(loaded.nuke.said)
    assert loaded.nuke.said == ["FAULT  torch: not there; install it"]


@pytest.mark.parametrize(("body", "words"), [("echo art3d: bad >&2; exit 2", "art3d: bad"), ("exit 9", "code 9")])
def test_failing_command(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str) -> None:
    """The last line of what it said, or its code."""
    _tool(tmp_path, monkeypatch, body)
    loaded = load("shots")
    _script(loaded, tmp_path)
    loaded.module.send_to_farm()
    _settle(loaded.nuke.said)
    assert words in loaded.nuke.said[-1]
    loaded.module.analyse_shot()
    end = time.monotonic() + 20
    while len(loaded.nuke.said) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert words in loaded.nuke.said[-1]


def test_absent_command(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says to install again."""
    monkeypatch.setenv("ART3D_COMMAND", str(tmp_path / "absent"))
    loaded = load("shots", gui=True)
    _script(loaded, tmp_path)
    loaded.module.send_to_farm()
    _settle(loaded.nuke.said)
    assert "art3d nuke install" in loaded.nuke.said[-1]


def test_terminal_session_prints(load: Any, capsys: Any) -> None:
    """Without an interface a line is printed."""
    loaded = load("shots", gui=False)
    loaded.module.send_to_farm()
    assert "art3d: there is no Art3D node" in capsys.readouterr().out


def test_choose_style(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card a style with its thumbnail; the chosen one goes to the node, a cancelled panel changes nothing."""
    import sys
    from types import ModuleType

    styles = {"styles": [{"name": "neutral"}, {"name": "gentle", "thumbnail": "iVBORw==", "about": "close <to> it"}]}
    _tool(tmp_path, monkeypatch, f"echo '{json.dumps(styles)}'")
    loaded = load("styles")
    node = _script(loaded, tmp_path)
    cards: list[str] = []

    class Panel:
        answer = True

        def __init__(self, title: str) -> None:
            self.knobs: list[Knob] = []

        def addKnob(self, knob: Knob) -> None:
            self.knobs.append(knob)

        def showModalDialog(self) -> bool:
            for knob in self.knobs[1:]:
                cards.append(str(knob.value()))
                for path in [word.split('"')[1] for word in str(knob.value()).split("src=")[1:]]:
                    assert os.path.exists(path)
            self.knobs[0].setValue("gentle")
            return Panel.answer

    class Now:
        def __init__(self, target: Any, **_: Any) -> None:
            self.start = target

        def join(self) -> None:
            pass

    scripts = ModuleType("nukescripts")
    scripts.PythonPanel = Panel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nukescripts", scripts)
    Panel.answer = False
    monkeypatch.setattr(loaded.module.tool.threading, "Thread", Now)
    loaded.module.choose_style()
    assert node["style"].value() == "neutral"
    Panel.answer = True
    loaded.module.choose_style()
    assert node["style"].value() == "gentle"
    assert "close &lt;to&gt; it" in cards[1] and "<img" in cards[1] and "<img" not in cards[0]
    assert loaded.nuke.said == []
