"""The house styles are made again by one command: its words, and a tiny run from the stage to three files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from art3d_node.models.styles import load_style
from training.cli import build_parser, main
from training.commands.house import STYLES, steps
from training.stage.directors import DIRECTORS

TINY = [
    *("--stage", "--shots 4 --width 256 --height 144"),
    *("--curate", "--size-px 128 --min-ddc 0.3 --fattening-px 2"),
    *("--fit", "--size-px 64 --epochs 1 --batch 2 --width 4 --held-out 0 --accelerator cpu"),
]


def test_unknown_styles_are_said_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["house", "gentle", "nobody", "-o", str(tmp_path)]) == 2
    assert "no house style 'nobody'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_every_style_in_the_box_has_a_director_and_words(root: Path) -> None:
    shipped = {path.stem for path in (root / "art3d_node" / "models" / "styles").glob("*.style")}
    assert shipped == set(STYLES) <= set(DIRECTORS)


def test_later_words_win(tmp_path: Path) -> None:
    args = build_parser(["house"]).parse_args(["house", "-o", str(tmp_path), "--fit", "--epochs 3"])
    words = steps("popout", args)[2]
    asked = build_parser(["fit"]).parse_args(words)
    assert (asked.config_epochs, asked.config_local, asked.config_smoothness) == ("3", "true", "0.6")


def test_from_the_stage_to_three_styles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["house", "-o", str(tmp_path), *TINY]) == 0
    assert capsys.readouterr().out.count("art3d-train fit") == 3
    for name in STYLES:
        card = load_style(tmp_path / f"{name}.style").card
        assert (card.name, card.licence, card.depth_source) == (name, "Apache-2.0", "sidecar")
        assert card.training_data.startswith("No film was used") and f" pairs of {name}-" in card.training_data
    popped = {
        name: any(
            frame["pop_out_px"] for frame in json.loads((tmp_path / f"{name}.mp4.truth.json").read_text())["frames"]
        )
        for name in STYLES
    }
    assert popped == {"gentle": False, "immersive": False, "popout": True}
