"""A saved comp with a gizmo, an `art3d` that records how it was called, and the waits for both."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.host_bridge.nuke.stand_in import Node, make_gizmo


def recording_tool(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """An `art3d` that records its arguments, then does `body`."""
    script = folder / "art3d"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\nenv > {folder}/environment\n{body}\n')
    script.chmod(0o755)
    monkeypatch.setenv("ART3D_COMMAND", str(script))
    return folder / "arguments"


def make_comp(loaded: Any, folder: Path) -> Node:
    """A saved script with a Read that feeds a gizmo."""
    node = make_gizmo(loaded.nuke)
    read = Node("Read", "Read1", file="/plates/sh010.####.exr", first=1001, last=1008)
    dot = Node("Dot", "Dot1")
    dot.setInput(0, read)
    node.setInput(0, dot)
    loaded.nuke.nodes += [read, dot, node]
    loaded.nuke.script = str(folder / "comp.nk")
    return node


def wait_for(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def settle(said: list[str]) -> None:
    end = time.monotonic() + 20
    while not said:
        assert time.monotonic() < end
        time.sleep(0.01)
