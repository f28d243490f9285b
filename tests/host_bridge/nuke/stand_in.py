"""A recording stand-in for the `nuke` module: nodes with knobs and inputs, and a list of what was said and done."""

from __future__ import annotations

import types
from typing import Any


class Knob:
    """A knob with a value."""

    def __init__(self, name: str, value: Any = None, animated: bool = False) -> None:
        self._name, self._value, self._animated = name, value, animated
        self.keys: dict[float, float] = {}
        self.way = ""

    def name(self) -> str:
        return self._name

    def value(self) -> Any:
        return self._value

    def setValue(self, value: Any) -> None:
        self._value = value

    def isAnimated(self) -> bool:
        return self._animated

    def hasExpression(self) -> bool:
        return callable(self._value)

    def clearAnimated(self) -> None:
        self._animated, self.keys = False, {}

    def setAnimated(self) -> None:
        self._animated = True

    def setValueAt(self, value: float, frame: float) -> None:
        self.keys[frame] = value

    def getValueAt(self, frame: float) -> float:
        return float(self._value(frame) if callable(self._value) else self.keys.get(frame, self._value))

    def animation(self, index: int) -> Any:
        def change(keys: list[float], way: str) -> None:
            self.way = way

        return types.SimpleNamespace(keys=lambda: list(self.keys), changeInterpolation=change)


class Format:
    """A picture format."""

    def width(self) -> int:
        return 1000

    def height(self) -> int:
        return 500


class Node:
    """A node of the recorded script; a group remembers its inner nodes."""

    def __init__(self, kind: str, name: str, inner: dict[str, Node] | None = None, **knobs: Any) -> None:
        self._kind, self._name = kind, name
        self._knobs = {key: Knob(key, value) for key, value in knobs.items()}
        self.inputs: dict[int, Node | None] = {}
        self.inner = inner or {}
        self.layers: list[str] = ["rgba.red"]
        self.sampled: Any = None
        self.module: Any = None

    def Class(self) -> str:
        return self._kind

    def name(self) -> str:
        return self._name

    fullName = name

    def nodes(self) -> list[Node]:
        return list(self.inner.values())

    def knobs(self) -> dict[str, Knob]:
        return self._knobs

    def __getitem__(self, name: str) -> Knob:
        return self._knobs[name]

    def input(self, number: int) -> Node | None:
        return self.inputs.get(number)

    def setInput(self, number: int, node: Node | None) -> bool:
        self.inputs[number] = node
        return True

    def channels(self) -> list[str]:
        return self.layers

    def format(self) -> Format:
        return Format()

    def sample(self, channel: str, x: float, y: float) -> float:
        return float(self.sampled(channel, x, y))

    def __enter__(self) -> Node:
        self.module.inside.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.module.inside.pop()


class Menu:
    """A menu that records its entries."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def addMenu(self, name: str) -> Menu:
        return self.entries.setdefault(name, Menu())  # type: ignore[no-any-return]

    def addCommand(self, name: str, command: Any) -> None:
        self.entries[name] = command

    def addSeparator(self) -> None:
        self.entries["-"] = None


class Task:
    """A progress task that nobody cancels, unless told."""

    cancelled = False

    def __init__(self, title: str) -> None:
        self.title = title

    def isCancelled(self) -> bool:
        return Task.cancelled


def make_nuke(*, gui: bool = True, views: tuple[str, ...] = ("left", "right")) -> Any:
    """A fresh `nuke` module."""
    nuke: Any = types.ModuleType("nuke")
    nuke.GUI, nuke.said, nuke.nodes, nuke.selected, nuke.inside, nuke.created = gui, [], [], [], [], []
    nuke.menus = {"Nuke": Menu(), "Nodes": Menu()}
    nuke.script = "Root"
    nuke.can_create = True
    nuke.viewer = None

    def create(kind: str) -> Node:
        if not nuke.can_create:
            raise RuntimeError(f"{kind}: Unknown command")
        node = make_gizmo(nuke) if kind == "Art3DStereo" else Node(kind, kind)
        nuke.created.append(kind)
        nuke.nodes.append(node)
        return node

    def to_node(path: str) -> Node | None:
        head, _, tail = path.partition(".")
        if nuke.inside:
            return nuke.inside[-1].inner.get(path)  # type: ignore[no-any-return]
        found = next((node for node in nuke.nodes if node.name() == head), None)
        return found.inner.get(tail) if found and tail else found

    nuke.message = nuke.said.append
    nuke.createNode, nuke.toNode = create, to_node
    nuke.selectedNodes, nuke.allNodes = lambda: nuke.selected, lambda: nuke.nodes
    nuke.views = lambda: list(views)
    nuke.menu = lambda name: nuke.menus[name]
    nuke.root = lambda: types.SimpleNamespace(name=lambda: nuke.script, nodes=lambda: nuke.nodes)
    nuke.CONSTANT, nuke.LINEAR, nuke.SMOOTH = "CONSTANT", "LINEAR", "SMOOTH"
    nuke.picked = None
    nuke.getFilename = lambda title, pattern, type=None: nuke.picked
    nuke.activeViewer = lambda: nuke.viewer
    nuke.filename = lambda node: node["file"].value()
    nuke.ProgressTask = Task
    nuke.executeInMainThread = lambda call, args=(): call(*args)
    nuke.Text_Knob = lambda name, label="", value="": Knob(name, value)
    nuke.Enumeration_Knob = lambda name, label, values: Knob(name, values[0])
    return nuke


def make_gizmo(nuke: Any) -> Node:
    """The stereo gizmo with the knobs and inner nodes of its file."""
    from host_bridge.core.params import KNOBS, PLUGIN_KNOBS

    inner = {name: Node("OFXorg.art3d.stereo_v1", name) for name in ("EyeLeft", "EyeRight", "Disparity", "Review")}
    knobs = {knob.name: knob.default for knob in (*KNOBS, *PLUGIN_KNOBS)}
    node = Node("Art3DStereo", "Art3DStereo1", inner, plate_depth=False, second_style="neutral", style_mix=0.0, **knobs)
    node.module = nuke
    return node
