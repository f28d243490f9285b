"""The gizmo under a real Tcl interpreter: what each view gets, from which view of which input, with which knobs."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

pytest.importorskip("tkinter", reason="this Python was built without Tcl")

from host_bridge.core.blend import parse_blend
from host_bridge.core.params import KNOBS, PLUGIN_KNOBS
from host_bridge.nuke.gizmo import gizmo_text
from host_bridge.nuke.names import CLASS
from tests.host_bridge.nuke.tcl import Moment, Script

SOURCE, DEPTH, MATTE, CLEAN, CLEAN_DEPTH = range(5)
HEROES = ("left", "right", "none")
OPTIONAL = (DEPTH, MATTE, CLEAN, CLEAN_DEPTH)
SWITCHES = ("use_depth", "use_matte", "use_clean_plate", "use_clean_depth")
ALL = frozenset({SOURCE, *OPTIONAL})


@pytest.fixture(scope="module")
def script() -> Script:
    """The gizmo's file, read."""
    return Script(gizmo_text())


def _core(found: Any) -> Any:
    """The plug-in below the layers."""
    while found[0] != CLASS:
        found = found[2][0]
    return found


@pytest.mark.parametrize("hero", range(3))
@pytest.mark.parametrize("view", ["left", "right", "main", "centre", "leftish"])
def test_each_view_gets_its_eye(script: Script, view: str, hero: int) -> None:
    """Left and right are the eyes, from the hero's plate; any other view is the Output knob's, from its own plate."""
    found = Moment(script, {"hero": hero, "output": 3}, ALL).flow(script.output, view)
    kind, knobs, inputs = _core(found)
    assert kind == CLASS and found[0] == CLASS  # no layers were asked for
    eye = view in ("left", "right")
    assert knobs["output"] == (view if eye else "3")
    plate = view if not eye else "right" if HEROES[hero] == "right" else "left"
    assert inputs[0] == ("input", SOURCE, plate)
    in_red = {"in": "depth", **dict.fromkeys(("red", "green", "blue", "alpha"), "red")}
    for number in (DEPTH, CLEAN_DEPTH):
        assert inputs[number] == ("Shuffle", in_red, [("input", number, plate)])
    assert inputs[2:4] == [("input", MATTE, plate), ("input", CLEAN, plate)]
    assert knobs["hero"] == str(hero)


@pytest.mark.parametrize("connected", [c for n in range(5) for c in itertools.combinations(OPTIONAL, n)])
@pytest.mark.parametrize("plate_depth", [0, 1])
@pytest.mark.parametrize("wanted", [0, 1])
def test_what_is_not_connected_is_not_used(
    script: Script, connected: tuple[int, ...], plate_depth: int, wanted: int
) -> None:
    """Each switch is on where the artist wants it and something feeds it; depth may come from the plate."""
    switches = dict.fromkeys(SWITCHES, wanted)
    moment = Moment(script, {**switches, "plate_depth": plate_depth}, frozenset({SOURCE, *connected}))
    _, knobs, inputs = _core(moment.flow(script.output, "right"))
    for name, number in zip(SWITCHES, OPTIONAL, strict=True):
        is_fed = number in connected or (number == DEPTH and plate_depth)
        assert knobs[name] == str(int(bool(wanted and is_fed))), name
    assert inputs[1][2] == [("input", DEPTH if DEPTH in connected else SOURCE, "left")]


@pytest.mark.parametrize(("view", "eye", "layer", "disparity", "occlusion"), [
    ("left", "left", "disparityR", "rgba.red", "rgba.red"), ("right", "right", "disparityL", "rgba.blue", "rgba.green"),
])  # fmt: skip
@pytest.mark.parametrize("asked", list(itertools.product((0, 1), (0, 1))))
def test_layers_are_added_where_they_are_wanted(
    script: Script, view: str, eye: str, layer: str, disparity: str, occlusion: str, asked: tuple[int, int]
) -> None:
    """Disparity and occlusion come from plug-ins of their own, into the channels that lie on this eye's grid."""
    moment = Moment(script, {"write_disparity": asked[0], "write_occlusion": asked[1]}, ALL)
    found = moment.flow(script.output, view)
    if asked[1]:
        kind, knobs, (found, given) = found
        assert (kind, knobs) == ("Copy", {"from0": occlusion, "to0": "occlusion.mask"})
        assert given[1]["output"] == "occlusion"
    if asked[0]:
        kind, knobs, (found, given) = found
        assert kind == "Copy" and given[1]["output"] == "disparity"
        assert knobs == {"from0": disparity, "to0": f"{layer}.x", "from1": "rgba.green", "to1": f"{layer}.y"}
    assert found[0] == CLASS and found[1]["output"] == eye


@pytest.mark.parametrize(
    ("mix", "second", "expected"),
    [
        (0, "gentle", "immersive"),
        (0.25, "gentle", "immersive:0.75,gentle:0.25"),
        (1, "gentle", "immersive:0,gentle:1"),
        (0.5, "immersive", "immersive"),
    ],
)
def test_two_styles_are_mixed(script: Script, mix: float, second: str, expected: str) -> None:
    """Every inner node gets the blend as text, and the blend is one that can be read."""
    knobs = {"style": "immersive", "second_style": second, "style_mix": mix}
    for view in ("left", "right", "main"):
        _, found, _ = _core(Moment(script, knobs, ALL).flow(script.output, view))
        assert found["style"] == expected
    shares = {part.name: part.share for part in parse_blend(expected)}
    assert shares.get("gentle", 0) == (mix if second == "gentle" else 0)


@pytest.mark.parametrize(
    "text", ["a b", "C:\\shots\\new [x] $y\\n", 'quo"te', "{", "} {", "é漢", "#c", "[exit]", "\\", ";puts", "-x"]
)
def test_texts_survive(script: Script, text: str) -> None:
    """Paths and names reach the plug-in as they stand on the gizmo, whatever Tcl would make of them."""
    names = [knob.name for knob in (*KNOBS, *PLUGIN_KNOBS) if knob.kind == "text"]
    _, knobs, _ = _core(Moment(script, dict.fromkeys(names, text), ALL).flow(script.output, "left"))
    assert {knobs[name] for name in names} == {text}


def test_every_knob_rests_where_the_table_says(script: Script) -> None:
    """Label, help, choices and resting value, as Tcl reads them; and the plug-in inside has the same."""
    _, inside, _ = _core(Moment(script, {}, ALL).flow(script.output, "main"))
    for knob in (*KNOBS, *PLUGIN_KNOBS):
        words = script.gizmo.user[knob.name]
        assert words[words.index("t") + 1] == knob.help
        assert words[words.index("l") + 1].removesuffix(" %") == knob.label
        if knob.kind == "choice":
            assert tuple(script.tcl.splitlist(words[words.index("M") + 1])) == knob.choices
            assert inside[knob.name] == str(knob.choices.index(str(knob.default)))
        elif knob.kind == "text":
            assert inside[knob.name] == script.gizmo.knobs[knob.name] == knob.default
        else:
            assert float(inside[knob.name]) == float(knob.default)


def test_an_eye_is_not_mixed_up_with_a_name_like_it() -> None:
    """That this would notice: a gizmo whose eyes are swapped, and one that is no Tcl."""
    swapped = gizmo_text().replace("string match left", "string match other")
    found = Script(swapped)
    assert _core(Moment(found, {}, ALL).flow(found.output, "left"))[1]["output"] != "left"
    with pytest.raises(Exception, match="brace"):
        Script(gizmo_text() + "{")
