"""The generated headers: current, complete, and refused while a knob has no place in the panel."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from host_bridge.codegen import constants_header, knobs_header
from host_bridge.core.params import KNOBS, PLUGIN_KNOBS, Knob

ENTRY = re.compile(r'KnobSpec\{(\d+), "(\w+)", "([^"]*)", "(\w*)", KnobKind::k(\w+), ([^,]+), "([^"]*)",')


@pytest.mark.parametrize("module", [knobs_header, constants_header], ids=["knobs", "constants"])
def test_the_header_is_current(module: ModuleType) -> None:
    assert module.HEADER.read_text() == module.header()


def test_every_knob_is_there_with_its_id_and_default() -> None:
    found = {name: (int(number), label, kind, float(value), text) for number, name, label, _, kind, value, text in
             ENTRY.findall(knobs_header.header())}  # fmt: skip

    def entry(knob: Knob) -> tuple[int, str, str, float, str]:
        number = knob.choices.index(str(knob.default)) if knob.kind == "choice" else knob.default
        text = str(knob.default) if knob.kind == "text" else ""
        return knob.id, knob.label, knob.kind.capitalize(), 0.0 if isinstance(number, str) else float(number), text

    assert found == {knob.name: entry(knob) for knob in (*KNOBS, *PLUGIN_KNOBS)}


def test_groups_stand_in_the_order_of_the_panel() -> None:
    knobs = [(group, name) for group, _, _, names in knobs_header.GROUPS for name in names]
    assert [(group, name) for _, name, _, group, *_ in ENTRY.findall(knobs_header.header())] == knobs


def test_quotes_and_backslashes_stay_inside_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [replace(KNOBS[0], help='a "b" \\c'), *KNOBS[1:]]
    monkeypatch.setattr(knobs_header, "KNOBS", tuple(odd))
    assert '{}, "a \\"b\\" \\\\c"}' in knobs_header.header()


def test_a_knob_without_a_group_is_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    stray = replace(KNOBS[0], id=9999, name="stray")
    monkeypatch.setattr(knobs_header, "KNOBS", (*KNOBS, stray))
    with pytest.raises(AssertionError, match="no group has stray"):
        knobs_header.header()


def test_the_command_writes_it_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "made" / "header.h"
    command = [sys.executable, "-m", "host_bridge.codegen.knobs_header", "--to", str(target)]
    subprocess.run(command, check=True)
    assert target.read_text(encoding="utf-8") == knobs_header.header()
