"""The knob table as a C++ header, so that the plug-in's parameters cannot drift from the table."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.core.params import KNOBS, PLUGIN_KNOBS, Knob

HEADER = Path(__file__).resolve().parents[2] / "ofx_wrapper" / "generated" / "art3d_knobs.h"

GROUPS: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("", "", True, ("depth_gain", "zero_plane", "sculpt", "style", "output")),
    ("budget", "Depth Budget", False, ("depth_budget", "budget_front", "budget_behind")),
    (
        "floating",
        "Floating Window",
        False,
        (
            "floating_window",
            "floating_left",
            "floating_left_slant",
            "floating_right",
            "floating_right_slant",
            "floating_softness",
            "floating_mask",
        ),
    ),
    ("eye", "New Eye", False, ("hero", "fill", "edges", "occlusion_to_alpha")),
    (
        "inputs",
        "Inputs",
        False,
        (
            "input_colour",
            "depth",
            "z_meaning",
            "use_depth",
            "matte",
            "use_matte",
            "use_clean_plate",
            "use_clean_depth",
            "picture",
        ),
    ),
    ("shot_group", "Shot", False, ("shot", "shot_offset")),
    ("server_group", "Server", False, ("server", "server_command")),
)
"""The panel from top to bottom, in order of use: a group's parameter name, its label, whether it is open, its knobs."""

_TOP = """\
// Generated from host_bridge/core/params.py by `python -m host_bridge.codegen.knobs_header`.
#pragma once

#include <array>

namespace art3d {

enum class KnobKind { kFloat, kInt, kChoice, kBool, kText };

inline constexpr int kMostChoices = {most_choices};

struct KnobSpec {
  int id;
  const char* name;
  const char* label;
  const char* group;  // parameter name of its group, empty for none
  KnobKind kind;
  double number;     // default of a number or a bool, index of a choice
  const char* text;  // default of a text
  double minimum, maximum;
  const char* unit;
  bool animates;
  std::array<const char*, kMostChoices> choices;  // null behind a shorter list
  const char* help;
};

struct GroupSpec {
  const char* name;
  const char* label;
  bool open;
};

"""


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _default(knob: Knob) -> float:
    if knob.kind == "choice":
        return knob.choices.index(str(knob.default))
    return 0.0 if isinstance(knob.default, str) else float(knob.default)


def _entry(knob: Knob, group: str) -> str:
    choices = ", ".join(_text(choice) for choice in knob.choices)
    fields = [
        str(knob.id),
        _text(knob.name),
        _text(knob.label),
        _text(group),
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
    knobs = {knob.name: knob for knob in (*KNOBS, *PLUGIN_KNOBS)}
    groups = [group for group in GROUPS if group[0]]
    most = max(len(knob.choices) for knob in knobs.values())
    top = _TOP.replace("{most_choices}", str(most))
    lines = [top + f"inline constexpr std::array<GroupSpec, {len(groups)}> kGroups{{"]
    lines += [
        f"    GroupSpec{{{_text(name)}, {_text(label)}, {str(is_open).lower()}}}," for name, label, is_open, _ in groups
    ]
    lines += ["};", "", f"inline constexpr std::array<KnobSpec, {len(knobs)}> kKnobs{{"]
    lines += [_entry(knobs.pop(name), group) for group, _, _, names in GROUPS for name in names]
    assert not knobs, f"no group has {', '.join(knobs)}"
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
