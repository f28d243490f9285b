"""A style's card says how to make it again, and which shots it has seen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import StyleCard, load_style_file, read_card, save_style
from tests.training.conftest import small_bench
from training.assignment import FilmSpec
from training.cli import main
from training.commands.evaluate import style_names
from training.config import RECIPES, FitConfig
from training.curate import curate
from training.provenance import Trained, _merged, unlike_paper
from training.shards import Entry

SMALL = ["--size-px", "64", "--epochs", "1", "--batch", "4", "--width", "4", "--accelerator", "cpu"]


@pytest.fixture(scope="module")
def made(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A style made by a command with options of its own."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(shards, folder / "shards")
    words = ["fit", str(folder / "shards"), "-o", str(folder / "studio.style"), "--recipe", "rehearsal", *SMALL]
    assert main([*words, "--seed", "5", "--licence", "CC0", "--training-data", "A rehearsal."]) == 0
    return folder / "studio.style"


def test_the_card_says_what_it_was_made_from(made: Path, film: Path) -> None:
    card = read_card(made)
    told = card.provenance
    assert told["recipe"] == "rehearsal" and told["options"]["seed"] == 5 and told["licence"] == "CC0"
    assert told["shards"][0]["manifest"] == "manifest-p1of1.json" and len(told["shards"][0]["sha256"]) == 64
    assert told["films"][0]["rights"] == "not stated" and told["films"][0]["trained"] and told["films"][0]["held_out"]
    assert "batch 4 (paper: 32)" in told["unlike_paper"] and "right 0.5 (ours)" in told["unlike_paper"]
    assert told["code"]["torch"] and len(told["code"]["source"]) == 16 and told["parents"] == []
    assert set(card.made) >= {"when", "seconds", "processor", "threads", "accelerator"}
    load_style_file(made)


def test_like_starts_the_same_run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.parent)
    again = tmp_path / "studio.style"
    assert main(["fit", "--like", str(made), "-o", str(again), "--accelerator", "cpu"]) == 0
    assert read_card(again).id == read_card(made).id


_FIT = "import sys, torch; torch.set_num_threads(2); from training.cli import main; sys.exit(main(sys.argv[1:]))"


def test_the_same_command_makes_the_same_bytes(
    made: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    files = []
    for name in ("one", "two"):
        style = tmp_path / name / "studio.style"
        words = ["fit", "--like", str(made), "-o", str(style), "--accelerator", "cpu"]
        subprocess.run([sys.executable, "-c", _FIT, *words], cwd=root, check=True, capture_output=True)
        files.append(style.read_bytes())
    assert files[0] == files[1] and b"2023-11-14T22:13:20Z" in files[0]


def test_like_refuses_other_shards(made: Path, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    curate([FilmSpec(str(film), style="other")], other, small_bench(per_shot=1, size_px=128))
    like = ["fit", str(other), "--like", str(made), "-o", str(tmp_path / "a.style"), "--accelerator", "cpu"]
    assert main(like) == 2 and "was made from other shards" in capsys.readouterr().err
    assert main([*like, "--other-shards"]) == 0
    assert read_card(tmp_path / "a.style").provenance["options"] == read_card(made).provenance["options"]
    plain = tmp_path / "plain.style"
    save_style(plain, CameraNet(4), StyleCard(name="plain", architecture={}, input_size=64))
    assert main(["fit", "--like", str(plain), "-o", "b.style"]) == 2
    assert "does not say how it was made" in capsys.readouterr().err
    shard = next(other.glob("*.tar"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    assert main(["fit", str(other), "-o", str(tmp_path / "c.style")]) == 2
    assert "is not what its manifest says" in capsys.readouterr().err


def test_a_child_remembers_its_parents_films(made: Path, entries: list[Entry], tmp_path: Path) -> None:
    child = tmp_path / "child.style"
    shards = str(made.parent / "shards")
    tune = ["fit", shards, "-o", str(child), "--from", str(made), "--recipe", "finetune", "--accelerator", "cpu"]
    assert main([*tune, "--epochs", "1", "--held-out", "0.5", "--batch", "4"]) == 0
    card, parent = read_card(child), read_card(made)
    assert card.provenance["parents"] == [{"name": "studio", "id": parent.id}]
    seen = Trained(card)
    assert all(entry in seen for entry in entries if entry in Trained(parent))
    assert main(["fit", "--like", str(child), shards, "-o", str(tmp_path / "again.style")]) == 2
    shutil.copy(made, tmp_path)
    assert main(["fit", "--like", str(child), shards, "-o", str(tmp_path / "x" / "child.style")]) == 0
    assert read_card(tmp_path / "x" / "child.style").id == card.id


def test_evaluate_marks_what_the_style_has_seen(
    made: Path, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A film is known by what is in it, under any path and with other shots."""
    other, shards = tmp_path / "renamed.mp4", tmp_path / "again"
    shutil.copy(film, other)
    shutil.copytree(f"{film}.depth", f"{other}.depth")
    curate([FilmSpec(str(other), style="x")], shards, small_bench(per_shot=1))
    assert main(["evaluate", str(shards), str(made), "-o", str(tmp_path / "report")]) == 0
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    seen, pairs = told["summary"]["studio"]["pairs_trained"], told["summary"]["studio"]["pairs"]
    assert 0 < seen < pairs and told["trained_on"]["studio"] and told["summary"]["neutral"]["pairs_trained"] == 0
    assert "studio LEARNED FROM" in capsys.readouterr().err
    assert main(["evaluate", str(shards), str(made), "--unseen", "-o", str(tmp_path / "unseen")]) == 0
    told = json.loads((tmp_path / "unseen" / "evaluation.json").read_text())
    assert told["summary"]["studio"]["pairs"] == pairs - seen and not told["caveats"]


def test_styles_of_one_name_stay_apart() -> None:
    cards = [StyleCard(name="a", id=f"{n}234567", architecture={}) for n in "123"]
    paths = [Path("x/a.style"), Path("y/a.style"), Path("b.style")]
    assert style_names(paths, cards) == ["a 123456", "a 223456", "b"]


def test_spans_and_deviations() -> None:
    assert list(_merged([(10, 12), (0, 4), (5, 9), (20, 22)])) == ["0-12", "20-22"]
    paper = FitConfig(**RECIPES["paper"])  # type: ignore[arg-type]
    assert all("ours" in line for line in unlike_paper(paper))
    assert any(line.startswith("ridge 0.04") for line in unlike_paper(FitConfig()))
    assert unlike_paper(replace(paper, right=0.0, smoothness=0.0, consistency=0.0)) == []


def test_every_recipe_keeps_shots_aside() -> None:
    assert all(FitConfig(**fields).held_out > 0 for fields in RECIPES.values())  # type: ignore[arg-type]
