"""The walk of docs/training.md, line by line, from an empty folder."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from art3d_node.models.style_file import read_card
from training.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _lines(root: Path) -> list[list[str]]:
    text = (root / "docs" / "training.md").read_text()
    walk = text.split("## A walk from an empty folder")[1].split("\n## ")[0]
    return [shlex.split(line) for line in walk.splitlines() if line.startswith("    art3d-train ")]


def test_the_walk_of_the_docs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = _lines(root)
    assert [words[1] for words in lines] == ["stage", "curate", "fit", "stage", "curate", "evaluate", "fit", "export"]
    for words in lines:
        assert main(words[1:]) == 0, shlex.join(words)
    card = read_card(Path("first.style"))
    assert read_card(Path("again/first.style")).id == card.id and card.metrics["pairs"] > 0
    assert card.provenance["films"][0]["rights"] == "made here"
    report = json.loads(Path("report/evaluation.json").read_text())
    assert not report["caveats"] and report["summary"]["first"]["pairs"] > 0
    assert all(Path(name).is_file() for name in ("shards/index.html", "report/index.html", "first.onnx", "first.pt"))
