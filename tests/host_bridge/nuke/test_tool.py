"""How `art3d` is found and run; when it fails, hangs or is absent, one line says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.host_bridge.nuke.comp import make_comp, recording_tool, settle


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
    recording_tool(tmp_path, monkeypatch, "exec sleep 60")
    loaded = load("shots")
    make_comp(loaded, tmp_path)
    monkeypatch.setattr(loaded.module.tool, "SHORT_S", 0.3)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    assert "did not end within 0.3 s" in loaded.nuke.said[-1]


@pytest.mark.parametrize(("body", "words"), [("echo art3d: bad >&2; exit 2", "art3d: bad"), ("exit 9", "code 9")])
def test_failing_command(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str) -> None:
    """The last line of what it said, or its code."""
    recording_tool(tmp_path, monkeypatch, body)
    loaded = load("shots")
    make_comp(loaded, tmp_path)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
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
    make_comp(loaded, tmp_path)
    loaded.module.send_to_farm()
    settle(loaded.nuke.said)
    assert "art3d nuke install" in loaded.nuke.said[-1]


def test_terminal_session_prints(load: Any, capsys: Any) -> None:
    """Without an interface a line is printed."""
    loaded = load("shots", gui=False)
    loaded.module.send_to_farm()
    assert "art3d: there is no Art3D node" in capsys.readouterr().out
