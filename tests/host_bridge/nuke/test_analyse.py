"""Analyse Shot runs `art3d analyse` on the node's plate and gives the node the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from host_bridge.cli import build_parser
from tests.host_bridge.nuke.comp import make_comp, recording_tool, settle, wait_for
from tests.host_bridge.nuke.stand_in import Node, Task


def test_analyse_shot(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs `art3d analyse` beside the script, outside Nuke's Python, and gives the file to the node."""
    for name in ("PYTHONHOME", "LD_LIBRARY_PATH", "PYTHONPATH"):
        monkeypatch.setenv(name, "/of/nuke")
    arguments = recording_tool(tmp_path, monkeypatch, "echo cut at 1004")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    loaded.module.analyse_shot()
    settle(loaded.nuke.said)
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
    recording_tool(tmp_path, monkeypatch, "touch $4")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    names = []
    for _ in range(3):
        loaded.nuke.said.clear()
        loaded.module.analyse_shot()
        settle(loaded.nuke.said)
        names.append(Path(node["shot"].value()).name)
    assert names == ["sh010.art3d", "sh010.2.art3d", "sh010.3.art3d"]


def test_analyse_sees_the_depth(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth from another Read is not in the plate's file, which is all that the analysis reads."""
    arguments = recording_tool(tmp_path, monkeypatch, "true")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    node.setInput(1, Node("Read", "Z"))
    loaded.module.analyse_shot()
    assert "does not see the Depth input" in loaded.nuke.said[-1] and not arguments.exists()
    node["depth"].setValue("mini")
    loaded.module.analyse_shot()
    wait_for(arguments)


def test_analyse_can_be_cancelled(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancel ends the command, and nothing is set."""
    arguments = recording_tool(tmp_path, monkeypatch, "exec sleep 60")
    loaded = load("shots")
    node = make_comp(loaded, tmp_path)
    monkeypatch.setattr(Task, "cancelled", True)
    thread = loaded.module.tool.in_background("t", ["analyse"], lambda text: node["shot"].setValue("set"))
    wait_for(arguments)
    thread.join(10)
    assert not thread.is_alive() and node["shot"].value() == "" and loaded.nuke.said == []


def test_unsaved_script(load: Any, tmp_path: Path) -> None:
    """Art3D keeps its files beside the script."""
    loaded = load("shots")
    make_comp(loaded, tmp_path)
    loaded.nuke.script = "Root"
    loaded.module.analyse_shot()
    assert "save the script" in loaded.nuke.said[-1]
