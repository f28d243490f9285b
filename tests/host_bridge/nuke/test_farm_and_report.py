"""Send to Farm, Open Report and Doctor: what is asked of `art3d`, and what is shown of its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host_bridge.cli import build_parser
from host_bridge.core.params import BY_NAME, KNOBS
from host_bridge.core.params import Knob as TableKnob
from tests.host_bridge.nuke.comp import make_comp, recording_tool, settle
from tests.host_bridge.nuke.stand_in import Knob, Node


@pytest.mark.parametrize(("hero", "view"), [("left", "left"), ("right", "right"), ("none", "left")])
def test_plates_of_a_view(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hero: str, view: str) -> None:
    """A Read whose name holds %V is analysed, sent and shown in the hero's view, as the gizmo takes it."""
    arguments = recording_tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    opened: list[str] = []
    monkeypatch.setattr(loaded.module.webbrowser, "open", opened.append)
    node = make_comp(loaded, tmp_path)
    node["hero"].setValue(hero)
    loaded.nuke.toNode("Read1")["file"].setValue("/plates/%V/sh010.%v.####.exr")
    for command, name in ((loaded.module.analyse_shot, "analyse"), (loaded.module.send_to_farm, "submit")):
        loaded.nuke.said.clear()
        command()
        settle(loaded.nuke.said)
        parsed = build_parser([name]).parse_args(arguments.read_text().split("\n")[:-1])
        assert (parsed.view, parsed.plate) == (view, "/plates/%V/sh010.%v.####.exr")
    loaded.module.open_report()
    settle(opened)
    assert f"/plates/{view}\n" in arguments.read_text()


def test_send_to_farm(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node's knobs become options that `art3d submit` takes, to the last digit; animation a depth script."""
    arguments = recording_tool(tmp_path, monkeypatch, "echo wrote the bundle")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    node["depth_gain"].setValue(1 / 3)
    node["shot"].setValue("/shots/a.art3d")
    node["occlusion_to_alpha"].setValue(True)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    parsed = build_parser(["submit"]).parse_args(words)
    assert float(parsed.depth_gain) == 1 / 3 and parsed.hero == "left" and str(parsed.shot) == "/shots/a.art3d"
    assert parsed.occlusion_to_alpha and parsed.frames == "1001-1008"
    assert loaded.nuke.said == ["wrote the bundle"]
    node.knobs()["sculpt"] = Knob("sculpt", 1.0, animated=True)
    loaded.nuke.said.clear()
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    parsed = build_parser(["submit"]).parse_args(words)
    assert str(parsed.controls) == str(tmp_path / "sh010.controls.json") and "--sculpt" not in words


def test_every_knob_of_the_rendering_goes_along(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is turned away from its rest; the command line then says the same as the node."""
    arguments = recording_tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    turned = {knob.name: _turned(knob) for knob in KNOBS if knob.name not in ("depth", "fill", "matte")}
    for name, value in turned.items():
        node[name].setValue(value)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    words = arguments.read_text().split("\n")[:-1]
    parsed = build_parser(["submit"]).parse_args(words)
    assert {name: BY_NAME[name].check(getattr(parsed, name)) for name in turned} == turned
    assert {"--depth", "--fill", "--matte"} <= set(words)


def _turned(knob: TableKnob) -> Any:
    if knob.kind == "bool":
        return not knob.default
    if knob.kind == "float":
        return (float(knob.default) + knob.maximum) / 2
    return knob.choices[-1] if knob.choices else "popout"


def test_the_nodes_animated_knobs_are_the_tables(load: Any) -> None:
    assert set(load("controls").module.ANIMATED) == {knob.name for knob in KNOBS if knob.animates}


def _clean_comp(loaded: Any, folder: Path) -> Node:
    """A comp whose Fill shows a clean plate with its own depth, behind a Dot and a Grade."""
    node = make_comp(loaded, folder)
    node["fill"].setValue("clean-plate")
    loaded.nuke.toNode("Read1").layers.append("depth.Z")
    for number, name in ((3, "clean"), (4, "clean_z")):
        grade = Node("Grade", f"Grade{number}")
        grade.setInput(0, Node("Read", name, file=f"/plates/{name}.####.exr"))
        node.setInput(number, grade)
    return node


def test_the_farm_gets_the_clean_plate_and_its_depth(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the node takes and Fill shows, and nothing else."""
    arguments = recording_tool(tmp_path, monkeypatch, "echo done")
    loaded = load("shots")
    node = _clean_comp(loaded, tmp_path)
    whole = "/plates/clean.####.exr", "/plates/clean_z.####.exr"
    for change, sent in (
        ({}, whole),
        ({"use_clean_depth": False}, (whole[0], None)),
        ({"use_clean_depth": True, "fill": "background"}, (None, None)),
    ):
        for name, value in change.items():
            node[name].setValue(value)
        loaded.nuke.said.clear()
        loaded.module.send_to_farm()
        settle(loaded.nuke.said)
        parsed = build_parser(["submit"]).parse_args(arguments.read_text().split("\n")[:-1])
        assert tuple(str(path) if path else None for path in (parsed.clean_plate, parsed.clean_depth)) == sent


def _matte(between: str) -> Node:
    """A matte's Read and the node that its pixels go through; "png" is a Read whose pixels Nuke linearises."""
    read = Node("Read", "matte", file="/plates/matte.####." + ("png" if between == "png" else "exr"))
    if between == "png":
        return read
    through = Node(between, "through")
    through.setInput(0, read)
    return through


@pytest.mark.parametrize(
    ("change", "sent"),
    [({}, "/plates/matte.####.exr"), ({"use_matte": False}, None), ({"matte": "people"}, None)],
)
def test_the_farm_gets_the_matte_of_a_file(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], sent: str | None
) -> None:
    """Where the node takes it, and Local Sculpt acts in it."""
    arguments = recording_tool(tmp_path, monkeypatch, "echo done")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    node.setInput(2, _matte("Dot"))
    for name, value in change.items():
        node[name].setValue(value)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    parsed = build_parser(["submit"]).parse_args(arguments.read_text().split("\n")[:-1])
    assert parsed.sculpt_matte == sent


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"input": 1}, "does not see the Depth input"),
        ({"other depth": 1}, "does not see the Depth input"),
        ({"use_depth": False}, "leaves the plate's depth.Z where it is"),
        ({"dead end": 2}, "the farm sees the Matte input only where"),
        ({"matte": "Grade"}, "the farm sees the Matte input only where"),
        ({"matte": "png"}, "the farm sees the Matte input only where"),
        ({"unplug": 3}, "the node takes none"),
        ({"use_clean_plate": False}, "the node takes none"),
        ({"dead end": 3}, "connect a clean plate"),
        ({"dead end": 4}, "connect the clean plate's depth"),
    ],
)
def test_what_the_farm_would_render_otherwise_is_refused(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    arguments = recording_tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    node = _clean_comp(loaded, tmp_path)
    ((what, value),) = change.items()
    if what == "input":
        loaded.nuke.toNode("Read1").layers.remove("depth.Z")
        node.setInput(value, Node("Read", "other"))
    elif what == "other depth":
        node.setInput(value, Node("Read", "other"))
    elif what == "matte":
        node.setInput(2, _matte(value))
    elif what in ("unplug", "dead end"):
        node.setInput(value, Node("Constant", "c") if what == "dead end" else None)
    else:
        node[what].setValue(value)
    loaded.module.send_to_farm()
    assert said in loaded.nuke.said[-1] and not arguments.exists()


def test_open_report(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contact sheet of the plate's folder opens in the browser."""
    arguments = recording_tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    opened: list[str] = []
    monkeypatch.setattr(loaded.module.webbrowser, "open", opened.append)
    make_comp(loaded, tmp_path)
    loaded.module.open_report()
    settle(opened)
    words = arguments.read_text().split("\n")[:-1]
    assert build_parser(["contact_sheet"]).parse_args(words).folder == Path("/plates")
    assert opened == [f"file://{tmp_path}/sh010.report.html"]


def test_doctor(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings as lines, also when the doctor's exit code says that there are faults."""
    found = json.dumps({"name": "torch", "ok": False, "message": "not there", "remedy": "install it"})
    recording_tool(tmp_path, monkeypatch, f"echo '{found}'; exit 2")
    loaded = load("shots")
    loaded.module.doctor()
    settle(loaded.nuke.said)
    assert loaded.nuke.said == ["FAULT  torch: not there; install it"]
