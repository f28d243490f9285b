"""Choose Style… shows a card for each style and sets the chosen one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.host_bridge.nuke.comp import make_comp, recording_tool
from tests.host_bridge.nuke.stand_in import Knob


def test_choose_style(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card a style with its thumbnail; the chosen one goes to the node, a cancelled panel changes nothing."""
    import sys
    from types import ModuleType

    styles = {"styles": [{"name": "neutral"}, {"name": "gentle", "thumbnail": "iVBORw==", "about": "close <to> it"}]}
    recording_tool(tmp_path, monkeypatch, f"echo '{json.dumps(styles)}'")
    loaded = load("styles")
    node = make_comp(loaded, tmp_path)
    cards: list[str] = []

    class Panel:
        answer = True

        def __init__(self, title: str) -> None:
            self.knobs: list[Knob] = []

        def addKnob(self, knob: Knob) -> None:
            self.knobs.append(knob)

        def showModalDialog(self) -> bool:
            for knob in self.knobs[1:]:
                cards.append(str(knob.value()))
                for path in [word.split('"')[1] for word in str(knob.value()).split("src=")[1:]]:
                    assert os.path.exists(path)
            self.knobs[0].setValue("gentle")
            return Panel.answer

    class Now:
        def __init__(self, target: Any, **_: Any) -> None:
            self.start = target

        def join(self) -> None:
            pass

    scripts = ModuleType("nukescripts")
    scripts.PythonPanel = Panel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nukescripts", scripts)
    Panel.answer = False
    monkeypatch.setattr(loaded.module.tool.threading, "Thread", Now)
    loaded.module.choose_style()
    assert node["style"].value() == "neutral"
    Panel.answer = True
    loaded.module.choose_style()
    assert node["style"].value() == "gentle"
    assert "close &lt;to&gt; it" in cards[1] and "<img" in cards[1] and "<img" not in cards[0]
    assert loaded.nuke.said == []
