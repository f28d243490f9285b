"""A script of nodes read and evaluated by a real Tcl interpreter, with the few commands of Nuke that the gizmo uses.

What Nuke does with such a file, as its documentation states it: a node takes its inputs from a stack and puts itself
there, input 0 being the top; a knob's value in braces is an expression, in which brackets are Tcl; brackets in a text
knob are Tcl too. Nuke itself is not here: that it reads the file so is what no test of this project can show.
"""

from __future__ import annotations

import re
import tkinter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NUMBERS = {"true": 1, "false": 0}


@dataclass
class Node:
    """A node as the script holds it.

    Attributes:
        kind: its class.
        knobs: knob name → value as written, one pair of braces or quotes off.
        user: user knob's name → its definition's words.
        inputs: from 0.
    """

    kind: str
    knobs: dict[str, str]
    user: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: list[Node] = field(default_factory=list)


class Script:
    """A gizmo's nodes.

    Args:
        text: the file.

    Raises:
        tkinter.TclError: it is no Tcl.
    """

    def __init__(self, text: str) -> None:
        self.tcl = tkinter.Tcl()
        self.nodes: list[Node] = []
        self._stack: list[Node] = []
        self.tcl.createcommand("stack", lambda at: str(self.nodes.index(self._stack[-1 - int(at)])))
        self.tcl.createcommand("push", lambda number: self._stack.append(self.nodes[int(number)]))
        for ignored in ("version", "add_layer", "end_group"):
            self.tcl.createcommand(ignored, lambda *words: None)
        self.tcl.createcommand("unknown", self._node)
        self.tcl.eval(text)
        self.gizmo, self.output = self.nodes[0], self.nodes[-1]

    def _node(self, kind: str, body: str) -> None:
        words = self.tcl.splitlist(body)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        node = Node(kind, {name: value for name, value in pairs if name != "addUserKnob"})
        definitions = [tuple(self.tcl.splitlist(value)) for name, value in pairs if name == "addUserKnob"]
        node.user = {words[1]: words for words in definitions}
        wanted = 0 if not self.nodes else int(node.knobs.get("inputs", 1))
        node.inputs = [self._stack.pop() for _ in range(wanted)]
        if self.nodes:
            self._stack.append(node)
        self.nodes.append(node)

    def named(self, name: str) -> Node:
        """The inner node of a name."""
        return next(node for node in self.nodes[1:] if node.knobs.get("name") == name)


@dataclass(frozen=True)
class Moment:
    """What a script is evaluated with.

    Attributes:
        script: the gizmo.
        knobs: the gizmo's knobs that are not at rest; a choice by its number.
        connected: which of the gizmo's inputs are fed.
    """

    script: Script
    knobs: Mapping[str, Any]
    connected: frozenset[int]

    def parent(self, name: str) -> Any:
        """A knob of the gizmo: a choice as its number, everything else as the script has it."""
        if name in self.knobs:
            return self.knobs[name]
        rest = self.script.gizmo.knobs.get(name, "0")
        words = self.script.gizmo.user[name]
        if words[0] == "4":
            return self.script.tcl.splitlist(words[words.index("M") + 1]).index(rest)
        return NUMBERS.get(rest, rest)

    def value(self, node: Node, knob: str, view: str) -> str:
        """A knob of an inner node in a view, evaluated."""
        tcl = self.script.tcl
        tcl.createcommand("view", lambda: view)
        tcl.createcommand("value", lambda path: self.parent(path.removeprefix("parent.")))
        tcl.createcommand("exists", lambda path: int(int(path.removeprefix("parent.input")) in self.connected))
        written = node.knobs[knob]
        if not written.startswith("{"):
            return str(tcl.call("subst", written))
        ((expression,),) = map(tcl.splitlist, tcl.splitlist(written))
        plain = str(tcl.call("subst", "-nobackslashes", "-novariables", expression))
        return str(tcl.call("expr", re.sub(r"parent\.(\w+)", lambda found: str(self.parent(found[1])), plain)))

    def flow(self, node: Node, view: str) -> Any:
        """What a node gives in a view: a nested description of where its picture comes from."""
        if node.kind == "Input":
            return ("input", int(node.knobs["number"]), view)
        if node.kind == "OneView":
            return self.flow(node.inputs[0], node.knobs["view"])
        if node.kind == "Switch":
            return self.flow(node.inputs[int(self.value(node, "which", view))], view)
        if node.kind == "Copy" and self.value(node, "disable", view) == "1":
            return self.flow(node.inputs[0], view)
        if node.kind == "Output":
            return self.flow(node.inputs[0], view)
        own = {name: self.value(node, name, view) for name in node.knobs if name not in ("inputs", "name", "disable")}
        return (node.kind, own, [self.flow(each, view) for each in node.inputs])
