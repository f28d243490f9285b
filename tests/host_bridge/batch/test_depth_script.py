"""Depth scripts: keys over frames, interpolated as the host does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_bridge.batch.depth_script import load_depth_script
from host_bridge.core.curve import Curve
from host_bridge.core.errors import BadInputError, StyleError
from host_bridge.core.params import Controls


def write(path: Path, **body: Any) -> Path:
    path.write_text(json.dumps({"format": "art3d-controls", "version": 1, **body}), encoding="utf-8")
    return path


def test_keys_hold_outside_and_meet_inside(tmp_path: Path) -> None:
    keys = {"depth_gain": {"1001": 1.0, "1011": 2.0}, "zero_plane": {"1005": -0.5}}
    script = load_depth_script(write(tmp_path / "c.json", keys=keys, interpolation="linear"))
    assert script.at(900, Controls()).depth_gain == 1.0
    assert script.at(1006, Controls()).depth_gain == pytest.approx(1.5)
    assert script.at(2000, Controls()).depth_gain == 2.0
    assert script.at(1, Controls(sculpt=0.5)) == Controls(depth_gain=1.0, zero_plane=-0.5, sculpt=0.5)


def test_hold_steps() -> None:
    curve = Curve((1.0, 3.0), (0.0, 1.0), "hold")
    assert [curve.at(f) for f in (1, 2, 2.9, 3)] == [0.0, 0.0, 0.0, 1.0]


def test_smooth_is_straight_through_a_straight_middle() -> None:
    curve = Curve((0.0, 1.0, 2.0, 3.0), (0.0, 1.0, 2.0, 3.0), "smooth")
    assert curve.at(1.25) == pytest.approx(1.25)
    assert curve.at(0.1) < 0.1  # flat at the end


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6), st.sampled_from(["hold", "linear", "smooth"]))
def test_every_key_is_met(values: list[float], interpolation: str) -> None:
    frames = tuple(float(3 * i) for i in range(len(values)))
    curve = Curve(frames, tuple(values), interpolation)
    assert [curve.at(f) for f in frames] == pytest.approx(values)


def test_the_style_moves_too(tmp_path: Path) -> None:
    keys = {"style": {"1011": "gentle", "1001": "immersive"}, "sculpt": {"1": 0.5}}
    script = load_depth_script(write(tmp_path / "c.json", keys=keys, interpolation="hold"))
    assert script.style == "hold;1001=immersive;1011=gentle" and script.at(3, Controls()) == Controls(sculpt=0.5)
    assert load_depth_script(write(tmp_path / "d.json", keys={"sculpt": {"1": 0.5}})).style == ""
    with pytest.raises(StyleError, match="not NAME:WEIGHT"):
        load_depth_script(write(tmp_path / "e.json", keys={"style": {"1001": "a,b"}}))


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"keys": {"hero": {"1": 0}}}, "hero"),
        ({"keys": {"depth_gain": {}}}, "no keys"),
        ({"keys": {"depth_gain": {"x": 1.0}}}, "not a frame number"),
        ({"keys": {"depth_gain": {"nan": 1.0}}}, "not a frame number"),
        ({"keys": {"depth_gain": {"1001": 1.0, "1001.0": 2.0}}}, "twice"),
        ({"keys": {"depth_gain": {"1": 99.0}}}, "99"),
        ({"keys": {"depth_gain": {"1": 1.0}}, "interpolation": "wavy"}, "wavy"),
        ({"keys": {"depth_gain": {"1": 1.0}}, "version": 9}, "version 9"),
        ({"keys": 3}, "not a depth script"),
        ({"keys": {"style": {"1001": 3}}}, "style"),
        ({"keys": {"style": {}}}, "style has no keys"),
        ({"keys": {"style": {"x": "a"}}}, "not a frame number"),
    ],
)
def test_wrong_scripts_say_what(tmp_path: Path, body: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInputError, match=word):
        load_depth_script(write(tmp_path / "c.json", **body))


def test_absent_and_damaged_scripts(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        load_depth_script(tmp_path / "none.json")
    (tmp_path / "half.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInputError, match="not JSON"):
        load_depth_script(tmp_path / "half.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"keys": {"depth_gain": {"1001": 1.0, "1001": 2.0}}', "'1001' is there twice"),
        ('"keys": {"depth_gain": {"1001": 1.0}}, "keys": {}', "'keys' is there twice"),
        ('"keys": {"depth_gain": {"1001": 1.0}}, "interpolatoin": "hold"', "'interpolatoin' is no word"),
    ],
)
def test_what_would_be_left_out_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(f'{{"format": "art3d-controls", "version": 1, {text}}}', encoding="utf-8")
    with pytest.raises(BadInputError, match=said):
        load_depth_script(path)
