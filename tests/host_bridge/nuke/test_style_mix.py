"""A mix of two styles leaves Nuke as it is seen: for the farm, as a depth script, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host_bridge.batch.depth_script import load_depth_script
from host_bridge.cli import build_parser
from host_bridge.core.style_track import style_at
from tests.host_bridge.nuke.comp import make_comp, recording_tool, settle


def mixed(loaded: Any, folder: Path, mix: Any) -> Any:
    node = make_comp(loaded, folder)
    node["style"].setValue("immersive")
    node["second_style"].setValue("gentle")
    node["style_mix"].setValue(mix)
    return node


def sent(arguments: Path, command: Any, said: list[str], name: str) -> Any:
    said.clear()
    command()
    settle(said)
    return build_parser([name]).parse_args(arguments.read_text().split("\n")[:-1])


@pytest.mark.parametrize(("mix", "style"), [(0.0, "immersive"), (0.25, "immersive:0.75,gentle:0.25"), (1.0, "gentle")])
def test_a_still_mix_is_one_blend(load: Any, tmp_path: Path, monkeypatch: Any, mix: float, style: str) -> None:
    arguments = recording_tool(tmp_path, monkeypatch, "echo done")
    loaded = load("shots")
    mixed(loaded, tmp_path, mix)
    assert sent(arguments, loaded.module.send_to_farm, loaded.nuke.said, "submit").style == style
    assert sent(arguments, loaded.module.analyse_shot, loaded.nuke.said, "analyse").style == style


def test_a_moving_mix_goes_into_the_depth_script(load: Any, tmp_path: Path, monkeypatch: Any) -> None:
    arguments = recording_tool(tmp_path, monkeypatch, "echo done")
    loaded = load("shots")
    mixed(loaded, tmp_path, lambda frame: (frame - 1001) / 8)
    asked = sent(arguments, loaded.module.send_to_farm, loaded.nuke.said, "submit")
    assert asked.style == "neutral"  # its default: the script's own style holds
    style = load_depth_script(asked.controls).style
    assert style_at(style, 1001) == "immersive"
    assert style_at(style, 1003) == "gentle:0.25,immersive:0.75"
    arguments.unlink()
    asked = sent(arguments, loaded.module.analyse_shot, loaded.nuke.said, "analyse")
    assert Path(asked.controls).parent == asked.out.parent
    assert load_depth_script(asked.controls).style == style


def test_a_depth_script_turns_the_mix(load: Any, tmp_path: Path) -> None:
    loaded = load("controls")
    node = mixed(loaded, tmp_path, 0.5)
    path = tmp_path / "script.json"
    body = {"format": "art3d-controls", "version": 1, "interpolation": "linear",
            "keys": {"style": {"1001": "deep", "1008": "popout:3,deep:1", "1010": "popout"}}}  # fmt: skip
    path.write_text(json.dumps(body))
    loaded.nuke.picked = str(path)
    loaded.module.read_script()
    assert (node["style"].value(), node["second_style"].value()) == ("deep", "popout")
    assert node["style_mix"].keys == {1001.0: 0.0, 1008.0: 0.75, 1010.0: 1.0}
    for styles in ({"1": "a", "2": "b", "3": "c"}, {"1": "a:0,b:0"}, {"1": "a:x,b:1"}, {}):
        path.write_text(json.dumps({**body, "keys": {"style": styles}}))
        loaded.module.read_script()
        assert str(path) in loaded.nuke.said[-1]
