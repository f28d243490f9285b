"""What a newcomer must touch to add one of a kind, counted from those that are there: at most five sources."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from host_bridge.wire import messages
from host_bridge.wire.kinds import Request

BOUND = 5
DATA = {"PutFrame", "TileRequest"}
"""What is uploaded and what is rendered: the two that are also handed on, so that who works on them names them."""
KINDS = {name for name, kind in vars(messages).items() if isinstance(kind, type) and Request in kind.__bases__}
REQUESTS = sorted(KINDS - DATA)
COMPUTED = ("Match", "Measure")
MODES = ("kSideBySide", "kOverUnder", "kInverseDepth", "kWindowMasks")
WORK = 1
"""A computed kind also has the file in which a worker does its work, which does not name it."""


def names(path: Path) -> set[str]:
    """Messages that a source names: its own classes, what it imports of them, and what it takes from the module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and path.name == "messages.py":
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module == messages.__name__:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "m":
            found.add(node.attr)
    return found


@pytest.fixture(scope="module")
def places(root: Path) -> dict[str, list[str]]:
    """Each message's sources, of both sides of the wire."""
    found: dict[str, list[str]] = {}
    for folder in ("host_bridge", "art3d_node"):
        for path in sorted((root / folder).rglob("*.py")):
            for name in names(path):
                found.setdefault(name, []).append(str(path.relative_to(root)))
    return found


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_kind(kind: str, places: dict[str, list[str]]) -> None:
    assert 2 <= len(places[kind]) <= BOUND, places[kind]


@pytest.mark.parametrize("kind", COMPUTED)
def test_a_computed_kind_lies_where_the_walk_says(kind: str, places: dict[str, list[str]], root: Path) -> None:
    assert len(places[kind]) + WORK <= BOUND
    walk = (
        (root / "docs" / "developing" / "architecture.md")
        .read_text(encoding="utf-8")
        .partition("Add a request kind")[2]
    )
    assert [place for place in places[kind] if f"`{place}`" not in walk] == []


@pytest.mark.parametrize("mode", MODES)
def test_an_output_mode(mode: str, root: Path) -> None:
    sources = [path for path in (root / "ofx_wrapper" / "src").iterdir() if re.search(rf"\b{mode}\b", path.read_text())]
    assert 2 <= len(sources) + 1 <= BOUND, sources  # and the choice in the knob table


def test_a_depth_source(root: Path) -> None:
    """The class in a file of its own, and the library that knows it by name."""
    library = (root / "art3d_node" / "library.py").read_text(encoding="utf-8")
    sources = dict(re.findall(r"from art3d_node\.models\.(\w+) import (\w+(?:Depth|Source|Held))\b", library))
    del sources["depth_net"]  # the protocol
    for module, name in sources.items():
        users = {
            str(path.relative_to(root))
            for folder in ("host_bridge", "art3d_node")
            for path in (root / folder).rglob("*.py")
            if re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))
        }
        assert users == {f"art3d_node/models/{module}.py", "art3d_node/library.py"}
    assert len(sources) >= 4
