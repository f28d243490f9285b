"""The knob table as command-line options."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from host_bridge.core.params import BY_NAME, KNOBS, Controls
from host_bridge.wire.settings import AnalysisSettings

CONTROLS = tuple(f.name for f in fields(Controls))
SETTINGS = tuple(f.name for f in fields(AnalysisSettings) if f.name in BY_NAME)


def add_knobs(parser: argparse.ArgumentParser, names: Collection[str] = (*SETTINGS, *CONTROLS)) -> None:
    """One option for each named knob. Values are proved by `controls_of`, so that a fault is one line."""
    group = parser.add_argument_group("knobs", "parallax in % of picture width, above 0 behind the screen")
    for knob in KNOBS:
        if knob.name not in names:
            continue
        text = knob.help.replace("%", "%%")
        if knob.kind == "bool":
            group.add_argument(knob.flag, dest=knob.name, action="store_true", help=text)
            continue
        metavar = "|".join(knob.choices) or ("NUMBER" if knob.kind == "float" else "NAME")
        # Who names no eye has the plate's own, which the plate must tell first.
        default, default_text = (
            (None, "the plate's own eye, else left") if knob.name == "hero" else (knob.default, knob.default)
        )
        group.add_argument(
            knob.flag, dest=knob.name, default=default, metavar=metavar, help=f"{text} Default: {default_text}."
        )


def controls_of(args: argparse.Namespace) -> Controls:
    """The rendering knobs of a command line; those without an option rest.

    Raises:
        BadInputError: a value its knob does not take.
    """
    return Controls(**_given(args, CONTROLS))


def settings_of(args: argparse.Namespace) -> AnalysisSettings:
    """The analysis settings of a command line.

    Raises:
        BadInputError: a value its knob does not take.
    """
    return AnalysisSettings(**_given(args, SETTINGS))


def _given(args: argparse.Namespace, names: Collection[str]) -> dict[str, Any]:
    """The knobs of a command line, proved; one that is None rests."""
    turned = {name: value for name in names if (value := getattr(args, name, None)) is not None}
    return {name: BY_NAME[name].check(value) for name, value in turned.items()}
