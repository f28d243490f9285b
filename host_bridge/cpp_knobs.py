"""The knob table as a C++ header, so that the plug-in's parameters cannot drift from the table."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.params import KNOBS, PLUGIN_KNOBS, Knob

HEADER = Path(__file__).resolve().parents[1] / "ofx_wrapper" / "generated" / "art3d_knobs.h"

_TOP = """\
// Generated from host_bridge/params.py by `python -m host_bridge.cpp_knobs`; a test proves that it is current.
#pragma once

#include <array>

namespace art3d {

enum class KnobKind { kFloat, kInt, kChoice, kBool, kText };

struct KnobSpec {
  int id;
  const char* name;
  const char* label;
  KnobKind kind;
  double number;     // default of a number or a bool, index of a choice
  const char* text;  // default of a text
  double minimum, maximum;
  const char* unit;
  bool animates;
  std::array<const char*, 8> choices;
  const char* help;
};

"""


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _default(knob: Knob) -> float:
    if knob.kind == "choice":
        return knob.choices.index(str(knob.default))
    return 0.0 if isinstance(knob.default, str) else float(knob.default)


def _entry(knob: Knob) -> str:
    choices = ", ".join(_text(choice) for choice in knob.choices)
    fields = [
        str(knob.id),
        _text(knob.name),
        _text(knob.label),
        f"KnobKind::k{knob.kind.capitalize()}",
        repr(float(_default(knob))),
        _text(str(knob.default) if knob.kind == "text" else ""),
        repr(knob.minimum),
        repr(knob.maximum),
        _text(knob.unit),
        "true" if knob.animates else "false",
        f"{{{choices}}}",
        _text(knob.help),
    ]
    return "    KnobSpec{" + ", ".join(fields) + "},"


def header() -> str:
    """The header's whole text."""
    knobs = (*KNOBS, *PLUGIN_KNOBS)
    lines = [_TOP + f"inline constexpr std::array<KnobSpec, {len(knobs)}> kKnobs{{"]
    lines += [_entry(knob) for knob in knobs]
    lines += ["};", "", "}  // namespace art3d", ""]
    return "\n".join(lines)


def main() -> None:
    """Writes the header, or only to another place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=HEADER)
    target = parser.parse_args().to
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(header(), encoding="utf-8")


if __name__ == "__main__":
    main()
