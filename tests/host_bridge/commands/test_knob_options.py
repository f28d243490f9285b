from __future__ import annotations

import argparse

import pytest

from host_bridge.commands.knob_options import CONTROLS, SETTINGS, add_knobs, controls_of, settings_of
from host_bridge.core.errors import BadInputError
from host_bridge.core.params import BY_NAME, Controls
from host_bridge.wire.settings import AnalysisSettings


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_knobs(parser)
    return parser.parse_args(words)


def test_at_rest() -> None:
    assert controls_of(parse()) == Controls()
    assert settings_of(parse()) == AnalysisSettings()


def test_every_knob_has_its_flag() -> None:
    parser = argparse.ArgumentParser()
    add_knobs(parser)
    assert {BY_NAME[name].flag for name in (*CONTROLS, *SETTINGS)} <= set(parser._option_string_actions)


def test_values_arrive() -> None:
    args = parse(
        "--depth-gain", "1.5", "--zero-plane", "-0.25", "--hero", "none", "--occlusion-to-alpha", "--depth", "aov"
    )
    controls = controls_of(args)
    assert (controls.depth_gain, controls.zero_plane, controls.hero) == (1.5, -0.25, "none")
    assert controls.occlusion_to_alpha is True
    assert settings_of(args).depth == "aov"


@pytest.mark.parametrize(
    "words", [("--depth-gain", "x"), ("--depth-gain", "nan"), ("--sculpt", "5"), ("--fill", "all")]
)
def test_a_value_no_knob_takes_is_one_line(words: tuple[str, str]) -> None:
    with pytest.raises(BadInputError) as caught:
        controls_of(parse(*words))
    assert str(caught.value).startswith(words[0])
    assert "\n" not in str(caught.value)
