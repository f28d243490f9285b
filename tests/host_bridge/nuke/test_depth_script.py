"""Depth scripts become keys on the knobs, and animation becomes a depth script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.host_bridge.nuke.comp import make_comp


def test_read_depth_script(load: Any, tmp_path: Path) -> None:
    """Keys land on the knobs at their frames, with the script's interpolation; damage is one line."""
    loaded = load("controls")
    node = make_comp(loaded, tmp_path)
    body = {"format": "art3d-controls", "version": 1, "interpolation": "hold",
            "keys": {"depth_gain": {"1001": 1.0, "-4": 1.6}, "zero_plane": {"1001": -0.5}}}  # fmt: skip
    path = tmp_path / "depth script.json"
    path.write_text(json.dumps(body))
    loaded.nuke.picked = str(path)
    loaded.module.read_script()
    assert node["depth_gain"].keys == {1001.0: 1.0, -4.0: 1.6} and node["depth_gain"].way == "CONSTANT"
    assert node["zero_plane"].isAnimated() and "depth_gain, zero_plane follow" in loaded.nuke.said[-1]
    strange = dict(body, keys={"hero": {"1": 1.0}})
    for damage in ("{", "[]", json.dumps({**body, "version": 2}), json.dumps(strange), '{"keys": 1}'):
        path.write_text(damage)
        loaded.module.read_script()
        assert str(path) in loaded.nuke.said[-1]


def test_written_depth_script_is_the_animation(load: Any, tmp_path: Path) -> None:
    """Every frame of the plate, whatever curve or expression moves the knob; the command line reads it back."""
    from host_bridge.batch.depth_script import load_depth_script
    from host_bridge.core.params import Controls

    loaded = load("controls")
    node = make_comp(loaded, tmp_path)
    loaded.nuke.picked = str(tmp_path / "out.json")
    loaded.module.write_script()
    assert "no knob of this node is animated" in loaded.nuke.said[-1]
    node["sculpt"].setValue(lambda frame: 1 / 3 + (frame - 1001) / 7)
    loaded.module.write_script()
    script = load_depth_script(tmp_path / "out.json")
    for frame in range(1001, 1009):
        assert script.at(frame, Controls()).sculpt == 1 / 3 + (frame - 1001) / 7
    node["shot_offset"].setValue(1000)  # the host counts from 1, the files from 1001
    node["sculpt"].setValue(lambda frame: 1 / 3 + (frame - 1) / 7)
    loaded.module.write_script()
    moved = load_depth_script(tmp_path / "out.json")
    for frame in range(1001, 1009):
        assert moved.at(frame, Controls()).sculpt == 1 / 3 + (frame - 1001) / 7
    loaded.module.read_script()
    assert node["sculpt"].keys[1.0] == 1 / 3
    assert not list(tmp_path.glob("*.part"))
    loaded.nuke.picked = str(tmp_path / "absent" / "out.json")
    loaded.module.write_script()
    assert "cannot be written" in loaded.nuke.said[-1]
