"""The stereo gizmo's text, written from the knob table. Runs in Art3D's own environment.

Inside: the hero view of every input feeds one plug-in an eye, with disparity and occlusion layers where they are asked
for. The view that is rendered chooses the eye; any view but left and right gets the Review node, with an output of its
own.

All of this hangs on expressions (the view, which inputs there are, the gizmo's knobs), none of it on callbacks: the
saved script alone says it, so that a farm renders what the artist saw. What only a callback can find out, whether the
plate carries depth, is written into a knob that is saved.
"""

from __future__ import annotations

from collections.abc import Iterable

from host_bridge.core.params import KNOBS, PLUGIN_KNOBS, Knob
from host_bridge.nuke.names import CLASS, GIZMO

_TYPES = {"float": 7, "int": 3, "choice": 4, "bool": 6, "text": 1}
_FILE = 2  # a text with a browser beside it
_OWN = ("output",)
# Knobs that also depend on what is connected: their expression in an inner node.
_USED = {
    "use_depth": "parent.use_depth && ([exists parent.input1] || parent.plate_depth)",
    "use_matte": "parent.use_matte && [exists parent.input2]",
    "use_clean_plate": "parent.use_clean_plate && [exists parent.input3]",
    "use_clean_depth": "parent.use_clean_depth && [exists parent.input4]",
}
# The style, or a blend of both as the plug-in reads it: NAME:SHARE,NAME:SHARE.
_MIX = "\\[value parent.style_mix]"
_STYLES = "\\[value parent.style]", "\\[value parent.second_style]"
_BLEND = (
    f"\\[if {{{_MIX} > 0 && {_STYLES[0]} ne {_STYLES[1]}}} "
    f"{{format %s:%g,%s:%g {_STYLES[0]} \\[expr {{1 - {_MIX}}}] {_STYLES[1]} {_MIX}}} {{value parent.style}}]"
)
_LEFT, _RIGHT = "[string match left [view]]", "[string match right [view]]"
_EYE_OF_VIEW = f"{_LEFT} ? 1 : ({_RIGHT} ? 2 : 0)"
# The plate of the hero eye's view; in a view that is no eye the plate of that view.
_PLATE_OF_VIEW = f"({_LEFT} || {_RIGHT}) ? (parent.hero == 1 ? 2 : 1) : 0"
_SHARED = (*KNOBS, *(knob for knob in PLUGIN_KNOBS if knob.name not in _OWN))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("[", "\\[").replace("$", "\\$")
    return f'"{escaped}"'


def _knob(knob: Knob) -> Iterable[str]:
    label = f"{knob.label} %" if knob.unit == "%" else knob.label
    limits = f" R {knob.minimum:g} {knob.maximum:g}" if knob.kind == "float" else ""
    choices = f" M {{{' '.join(knob.choices)}}}" if knob.choices else ""
    options = f"l {_quoted(label)} t {_quoted(knob.help)} +STARTLINE{limits}{choices}"
    kind = _FILE if knob.name == "shot" else _TYPES[knob.kind]
    yield f" addUserKnob {{{kind} {knob.name} {options}}}"
    default = str(knob.default).lower() if knob.kind == "bool" else str(knob.default)
    yield f" {knob.name} {_quoted(default) if knob.kind == 'text' else default}"


def _second_style() -> list[str]:
    """What mixes two styles, over frames where it is animated."""
    return [
        ' addUserKnob {1 second_style l "Second Style" t "Mixed with Style by Style Mix" +STARTLINE}',
        ' second_style "neutral"',
        ' addUserKnob {7 style_mix l "Style Mix" t "0 is Style alone, 1 Second Style alone" +STARTLINE R 0 1}',
        " style_mix 0",
    ]


def _linked(knob: Knob) -> str:
    """The same knob of an inner node, following the gizmo's."""
    if knob.name in _USED:
        return f" {knob.name} {_expression(_USED[knob.name])}"
    if knob.name == "style":
        return f' style "{_BLEND}"'
    if knob.kind == "text":
        return f' {knob.name} "\\[value parent.{knob.name}]"'
    return f" {knob.name} {{{{parent.{knob.name}}}}}"


def _expression(text: str) -> str:
    """An expression with Tcl in it, as a knob's value in a script."""
    return "{{" + _quoted(text) + "}}"


def _core(name: str, output: str) -> list[str]:
    """One plug-in node; its inputs come from the stack, the last one first."""
    lines = [f"push ${each}" for each in ("cleanDepth", "clean", "matte", "depth", "source")]
    lines += [f"{CLASS} {{", " inputs 5", f" name {name}"]
    lines += [_linked(knob) for knob in _SHARED]
    lines.append(f" output {output}")
    return [*lines, "}", f"set {name} [stack 0]"]


def _layered(eye: str, core: str, disparity: str, occlusion: str) -> list[str]:
    """An eye with its layers: the disparity that lies on its grid, and what it had to invent."""
    channel = {"left": "disparityR", "right": "disparityL"}[eye]
    title = eye.capitalize()
    return [
        "push $Disparity",
        f"push ${core}",
        *_node(
            "Copy",
            "inputs 2",
            f"from0 rgba.{disparity}",
            f"to0 {channel}.x",
            "from1 rgba.green",
            f"to1 {channel}.y",
            f"name Disparity{title}",
            "disable {{!parent.write_disparity}}",
        ),
        f"set with{title} [stack 0]",
        "push $Occlusion",
        f"push $with{title}",
        *_node(
            "Copy",
            "inputs 2",
            f"from0 rgba.{occlusion}",
            "to0 occlusion.mask",
            f"name Occlusion{title}",
            "disable {{!parent.write_occlusion}}",
        ),
        f"set out{title} [stack 0]",
    ]


def _node(kind: str, *knobs: str) -> list[str]:
    return [f"{kind} {{", *(f" {knob}" for knob in knobs), "}"]


def _of_hero(name: str, number: int) -> list[str]:
    """One input, in the hero eye's view."""
    lines = [*_node("Input", "inputs 0", f"name {name}", f"number {number}"), f"set in{name} [stack 0]"]
    lines += _node("OneView", f"name {name}Right", "view right")
    lines += [f"push $in{name}", *_node("OneView", f"name {name}Left", "view left"), f"push $in{name}"]
    return [*lines, *_node("Switch", "inputs 3", f"name {name}Hero", f"which {_expression(_PLATE_OF_VIEW)}")]


def _depth_in_red(name: str) -> list[str]:
    """Depth where the plug-in reads it."""
    return _node("Shuffle", "in depth", "red red", "green red", "blue red", "alpha red", f"name {name}")


def _inputs() -> list[str]:
    lines = [*_of_hero("CleanDepth", 4), *_depth_in_red("CleanDepthToRed"), "set cleanDepth [stack 0]"]
    lines += [*_of_hero("CleanPlate", 3), "set clean [stack 0]", *_of_hero("Matte", 2), "set matte [stack 0]"]
    lines += [*_of_hero("Source", 0), "set source [stack 0]", *_of_hero("Depth", 1), "push $source"]
    # Depth comes from its own input where that is connected, else from the plate.
    lines += _node("Switch", "inputs 2", "name DepthFrom", f"which {_expression('[exists parent.input1]')}")
    return [*lines, *_depth_in_red("DepthToRed"), "set depth [stack 0]"]


def gizmo_text() -> str:
    """The whole file."""
    lines = ["#! Art3D stereo gizmo, written by `art3d nuke install` from the knob table", "version 13.0 v1"]
    lines += ["add_layer {disparityL disparityL.x disparityL.y}", "add_layer {disparityR disparityR.x disparityR.y}"]
    lines += ["add_layer {occlusion occlusion.mask}", "Gizmo {", " tile_color 0x3f6f9fff", f" name {GIZMO}"]
    lines += [' help "Turns a flat plate into stereo: two Art3D nodes, left and right, joined."']
    lines += [' knobChanged "import art3d_nuke.nodes as n; n.changed(nuke.thisNode(), nuke.thisKnob())"']
    lines += [' onCreate "import art3d_nuke.nodes as n; n.refresh(nuke.thisNode())"']
    lines += [" addUserKnob {20 art3d_gizmo l Art3D}"]
    for knob in _SHARED:
        lines += _knob(knob)
        lines += _second_style() if knob.name == "style" else []
    for name, label in (
        ("plate_depth", "Plate Carries Depth"),
        ("write_disparity", "Disparity Layers"),
        ("write_occlusion", "Occlusion Layer"),
    ):
        lines.append(f" addUserKnob {{6 {name} l {_quoted(label)} +STARTLINE}}")
    review = next(knob for knob in PLUGIN_KNOBS if knob.name == "output")
    lines += [*_knob(review), "}"]
    body = [*_inputs(), *_core("EyeLeft", "left"), *_core("EyeRight", "right"), *_core("Disparity", "disparity")]
    body += [*_core("Occlusion", "occlusion"), *_core("Review", "{{parent.output}}")]
    body += _layered("left", "EyeLeft", "red", "red") + _layered("right", "EyeRight", "blue", "green")
    body += ["push $outRight", "push $outLeft", "push $Review"]
    body += _node("Switch", "inputs 3", "name EyeOfView", f"which {_expression(_EYE_OF_VIEW)}")
    body += _node("Output", "name Output1")
    lines += [f" {line}" for line in body]
    return "\n".join([*lines, "end_group", ""])
