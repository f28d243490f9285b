"""The stereo gizmo's text, written from the knob table. Runs in Art3D's own environment.

Inside: the hero view's plate feeds one plug-in an eye; both eyes go into JoinViews, with disparity and occlusion
layers where they are asked for. A script of one view gets the Review node instead, with an output of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from host_bridge.nuke.names import CLASS, GIZMO
from host_bridge.params import KNOBS, PLUGIN_KNOBS, Knob

_TYPES = {"float": 7, "int": 3, "choice": 4, "bool": 6, "text": 1}
_OWN = ("output", "picture")
_SHARED = (*KNOBS, *(knob for knob in PLUGIN_KNOBS if knob.name not in _OWN))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("[", "\\[").replace("$", "\\$")
    return f'"{escaped}"'


def _knob(knob: Knob) -> Iterable[str]:
    label = f"{knob.label} %" if knob.unit == "%" else knob.label
    limits = f" R {knob.minimum:g} {knob.maximum:g}" if knob.kind == "float" else ""
    choices = f" M {{{' '.join(knob.choices)}}}" if knob.choices else ""
    said = f"l {_quoted(label)} t {_quoted(knob.help)} +STARTLINE{limits}{choices}"
    yield f" addUserKnob {{{_TYPES[knob.kind]} {knob.name} {said}}}"
    default = str(knob.default).lower() if knob.kind == "bool" else str(knob.default)
    yield f" {knob.name} {_quoted(default) if knob.kind == 'text' else default}"


def _linked(knob: Knob) -> str:
    """The same knob of an inner node, following the gizmo's."""
    if knob.kind == "text":
        return f' {knob.name} "\\[value parent.{knob.name}]"'
    return f" {knob.name} {{{{parent.{knob.name}}}}}"


def _core(name: str, output: str) -> list[str]:
    """One plug-in node; Source, Depth, Matte and CleanPlate come from the stack."""
    lines = ["push $clean", "push $matte", "push $depth", "push $source", f"{CLASS} {{", " inputs 4", f" name {name}"]
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


def _inputs() -> list[str]:
    lines = [*_node("Input", "inputs 0", "name CleanPlate", "number 3"), "set clean [stack 0]"]
    lines += [*_node("Input", "inputs 0", "name Matte", "number 2"), "set matte [stack 0]"]
    lines += _node("Input", "inputs 0", "name Depth", "number 1")
    # The plug-in reads depth from the red channel.
    lines += _node("Shuffle", "in depth", "red red", "green red", "blue red", "alpha red", "name DepthToRed")
    lines += ["set depth [stack 0]", *_node("Input", "inputs 0", "name Source")]
    return [*lines, *_node("OneView", "name Hero", "view left"), "set source [stack 0]"]


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
    for name, label in (("write_disparity", "Disparity Layers"), ("write_occlusion", "Occlusion Layer")):
        lines.append(f" addUserKnob {{6 {name} l {_quoted(label)} +STARTLINE}}")
    review = next(knob for knob in PLUGIN_KNOBS if knob.name == "output")
    lines += [*_knob(review), "}"]
    body = [*_inputs(), *_core("EyeLeft", "left"), *_core("EyeRight", "right"), *_core("Disparity", "disparity")]
    body += [*_core("Occlusion", "occlusion"), *_core("Review", "{{parent.output}}")]
    body += _layered("left", "EyeLeft", "red", "red") + _layered("right", "EyeRight", "blue", "green")
    body += ["push $Review", "push $outRight", "push $outLeft"]
    body += _node("JoinViews", "inputs 2", "name Join", 'viewassoc "left\\nright"')
    body += [*_node("Switch", "inputs 2", "name Switch", "which 0"), *_node("Output", "name Output1")]
    lines += [f" {line}" for line in body]
    return "\n".join([*lines, "end_group", ""])
