"""The knob table: permanent ids, limits that are kept, and the controls it feeds."""

from __future__ import annotations

from dataclasses import fields

import pytest

from host_bridge.core.errors import BadInputError
from host_bridge.core.params import BY_NAME, KNOBS, PLUGIN_KNOBS, Controls

PERMANENT = {
    1: "depth_gain",
    2: "zero_plane",
    3: "sculpt",
    4: "budget_front",
    5: "budget_behind",
    6: "hero",
    7: "fill",
    8: "edges",
    9: "occlusion_to_alpha",
    10: "style",
    11: "depth",
    12: "z_meaning",
    22: "matte",
    24: "floating_window",
    25: "floating_left",
    26: "floating_right",
    27: "floating_left_slant",
    28: "floating_right_slant",
    29: "floating_softness",
    30: "floating_mask",
    31: "depth_budget",
}


def test_ids_never_change() -> None:
    assert {knob.id: knob.name for knob in KNOBS} == PERMANENT
    ids = [knob.id for knob in KNOBS + PLUGIN_KNOBS]
    assert len(ids) == len(set(ids))


def test_controls_are_the_table() -> None:
    for item in fields(Controls):
        assert BY_NAME[item.name].default == item.default
    assert Controls().checked() == Controls()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 4.01, "deep", None, True])
def test_a_float_outside_its_limits_is_named(value: object) -> None:
    with pytest.raises(BadInputError, match=r"--depth-gain.*0 to 4"):
        BY_NAME["depth_gain"].check(value)


@pytest.mark.parametrize("value", [0.5, float("nan"), 2e6, "first"])
def test_a_whole_number_is_whole(value: object) -> None:
    knob = next(knob for knob in PLUGIN_KNOBS if knob.name == "shot_offset")
    assert knob.check("-3") == -3 and isinstance(knob.check(4.0), int)
    with pytest.raises(BadInputError, match="give a whole number from -1e"):
        knob.check(value)


def test_choices_and_switches_are_proved() -> None:
    assert BY_NAME["hero"].check("none") == "none"
    with pytest.raises(BadInputError, match="left, right, none"):
        BY_NAME["hero"].check("both")
    with pytest.raises(BadInputError, match="true or false"):
        BY_NAME["occlusion_to_alpha"].check(1)
    assert BY_NAME["style"].check("anything") == "anything"


def test_every_knob_explains_itself() -> None:
    for knob in KNOBS + PLUGIN_KNOBS:
        assert len(knob.help) > 20 and knob.help.endswith(".")
        if knob.kind != "text":
            assert knob.check(knob.default) == knob.default
