"""Names of every kind: what the specification's own library hands to a node is what the artist named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepParameterSpaceIterator,
    SymbolTable,
    create_job,
    decode_job_template,
)
from PIL import Image

from host_bridge.cli import build_parser, main
from host_bridge.farm.ranges import from_openjd
from host_bridge.io.plates.pattern import parse_frames
from tests.host_bridge.farm.jobs import check

NAMES = {
    "spaces": "my plate v1",
    "quotes": 'it\'s "the" plate',
    "percent": "100% %20 %s",
    "braces": "{a} {",
    "dollars": "$HOME ${HOME} `ls`",
    "signs": "a;b&c|d>e<f*g?h[1]i~j!k^l,m=n:o+p",
    "accents": "plätē é",
    "decomposed": "e\u0301",
    "other scripts": "映像 カメラ фон 🎬",
    "marks that are not seen": "a\u200bb\u202ec\u00a0d\u2028e",
    "a hyphen first": "-p --frames",
    "a dot first": ".p",
    "long": "n" * 200,
    "long in bytes": "映" * 60,
}


def words_on_a_node(bundle: Path, step: str) -> list[list[str]]:
    """The words of every task of a step, as the specification's library resolves them."""
    check(bundle / "template.json")
    template = json.loads((bundle / "template.json").read_text(encoding="utf-8"))
    given = json.loads((bundle / "parameters.json").read_text(encoding="utf-8"))
    kinds = {p["name"]: p for p in template["parameterDefinitions"]}
    values = {**{name: p["default"] for name, p in kinds.items() if "default" in p}, **given}
    job = create_job(
        job_template=decode_job_template(template=template, supported_extensions=["TASK_CHUNKING"]),
        job_parameter_values={
            name: ParameterValue(type=ParameterValueType(kinds[name]["type"]), value=str(value))
            for name, value in values.items()
        },
    )
    assert len(job.name) <= 128
    made = next(one for one in job.steps if one.name == step)
    tasks = list(StepParameterSpaceIterator(space=made.parameterSpace)) if made.parameterSpace else [{}]
    found = []
    for task in tasks:
        symbols = SymbolTable(source={f"Param.{name}": str(value) for name, value in values.items()})
        for name, value in task.items():
            symbols[f"Task.Param.{name}"] = str(value.value)
        arguments = made.script.actions.onRun.args or []
        found.append([str(argument.resolve(symtab=symbols)) for argument in arguments])
    return found


def frames(folder: Path, name: str, numbers: tuple[int, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        sign = "-" if number < 0 else ""
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / f"{name}.{sign}{abs(number):04d}.png")
    return folder / f"{name}.####.png"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_node_reads_and_writes_what_was_named(tmp_path: Path, name: str) -> None:
    """Folders and files, of the plate and of what is written."""
    short = name[:50]
    plate = frames(tmp_path / short, name, (1001, 1002))
    out, look = tmp_path / f"out {short}" / f"{name}.####.exr", tmp_path / f"look {short}" / f"{name}.####.png"
    words = ["submit", str(plate), "-o", str(out), "--bundle", str(tmp_path / "b"), "--any-kitchen", "--chunk", "1"]
    assert main([*words, f"--anaglyph={look}"]) == 0
    (analyse,) = words_on_a_node(tmp_path / "b", "Analyse")
    asked = build_parser(("analyse",)).parse_args(analyse)
    assert asked.plate == str(plate)
    for task in words_on_a_node(tmp_path / "b", "Render"):
        asked = build_parser(("render",)).parse_args(task)
        assert (asked.plate, asked.out, asked.anaglyph) == (str(plate), str(out), str(look))
        assert asked.shot.startswith(str(out.parent))


REFUSED = {
    "two braces": "a{{b",
    "two closing": "a}}",
    "a line break": "a\nb",
    "a tab": "a\tb",
    "a bell": "a\x07",
    "C1": "a\x85",
}


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("where", ["plate", "folder", "out"])
def test_what_a_template_cannot_hold_is_one_line(
    tmp_path: Path, name: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / (name if where == "folder" else "in")
    plate = frames(folder, name if where == "plate" else "p", (1,))
    out = tmp_path / f"{name if where == 'out' else 'o'}.####.exr"
    assert main(["submit", str(plate), "-o", str(out), "--bundle", str(tmp_path / "b"), "--any-kitchen"]) == 2
    said = capsys.readouterr().err
    assert "a job template cannot hold this text" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('sq010/sh020: it\'s "stereo" 100%', 'sq010/sh020: it\'s "stereo" 100%'),
        ("x" * 500, "x" * 127 + "…"),
        ("映" * 500, "映" * 127 + "…"),
        ("a\u200bb\u202e", "a b"),
        ("  spaced  ", "spaced"),
        ("-5", "-5"),
    ],
)
def test_a_job_is_called_what_was_asked(tmp_path: Path, given: str, expected: str) -> None:
    plate = frames(tmp_path / "in", "p", (1,))
    words = ["submit", str(plate), "-o", str(tmp_path / "o.####.exr"), "--bundle", str(tmp_path / "b"), "--any-kitchen"]
    assert main([*words, f"--name={given}"]) == 0
    check(tmp_path / "b" / "template.json")
    assert json.loads((tmp_path / "b" / "template.json").read_text(encoding="utf-8"))["name"] == expected


@pytest.mark.parametrize("given", ["", "   ", "\u200b", "a\nb", "\x00", "{{Param.X}}"])
def test_a_name_that_no_job_can_have_is_one_line(
    tmp_path: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plate = frames(tmp_path / "in", "p", (1,))
    words = ["submit", str(plate), "-o", str(tmp_path / "o.####.exr"), "--bundle", str(tmp_path / "b"), "--any-kitchen"]
    assert main([*words, f"--name={given}"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (tmp_path / "b").exists()


RANGES = {
    None: (-2, -1, 0, 1, 2, 3),
    "-2-0": (-2, -1, 0),
    "-2--1": (-2, -1),
    "3": (3,),
    "1,3": (1, 3),
    "-2-2x2": (-2, 0, 2),
    "3-1": (1, 2, 3),
    "0-2,1-3": (0, 1, 2, 3),
    "1,1,2": (1, 2),
}


@pytest.mark.parametrize(("asked", "expected"), RANGES.items())
def test_every_frame_of_a_range_is_rendered_once(tmp_path: Path, asked: str | None, expected: tuple[int, ...]) -> None:
    plate = frames(tmp_path / "in", "p", (-2, -1, 0, 1, 2, 3))
    words = ["submit", str(plate), "-o", str(tmp_path / "o.####.exr"), "--bundle", str(tmp_path / "b"), "--any-kitchen"]
    assert main([*words, "--chunk", "2", *([] if asked is None else [f"--frames={asked}"])]) == 0
    rendered: list[int] = []
    for task in words_on_a_node(tmp_path / "b", "Render"):
        text = build_parser(("render",)).parse_args(task).frames
        rendered += parse_frames(from_openjd(text))
    assert sorted(rendered) == list(expected)
