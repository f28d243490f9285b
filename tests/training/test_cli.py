"""`art3d-train` from a film to a style, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from art3d_node.models.camera_net import WIDTHS
from art3d_node.models.styles import load_style
from art3d_node.stereo.ddc import READINGS
from training.cli import COMMANDS, build_parser, main
from training.commands.options import _help_of
from training.config import CHANNELS, RECIPES, CurateConfig, FitConfig
from training.limits import CHOICES, RANGES, refuse_unusable
from training.locks import held
from training.masks import SOURCES
from training.stage.film import FilmPlan
from training.stereo_net import NETS


@pytest.mark.parametrize("config", [CurateConfig, FitConfig, FilmPlan])
def test_every_option_is_told(config: type) -> None:
    told = _help_of(config)
    grouped = {"shots", "frames_per_shot", "width", "height"} if config is FilmPlan else set()
    assert {f.name for f in fields(config)} - grouped <= set(told)


def test_tables_of_values_hold_what_the_code_knows() -> None:
    assert CHOICES["masks"] == SOURCES and CHOICES["stereo"] == NETS and set(CHOICES["ddc"]) == set(READINGS)
    known = {f.name for config in (CurateConfig, FitConfig, FilmPlan) for f in fields(config)}
    assert set(RANGES) | set(CHOICES) <= known
    for start in ({}, *RECIPES.values()):
        refuse_unusable({**FitConfig().__dict__, **start})
    refuse_unusable(CurateConfig().__dict__)
    refuse_unusable(FilmPlan().__dict__)
    assert CHANNELS == WIDTHS


def test_what_only_training_needs_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(_args: object) -> int:
        raise ModuleNotFoundError("No module named 'webdataset.filters'", name="webdataset.filters")

    monkeypatch.setattr("training.commands.curate.run", run)
    assert main(["curate", "film.mp4", "-o", "shards"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "webdataset is not installed" in said and "[train]" in said


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ModuleNotFoundError("No module named 'training.gone'", name="training.gone"), 1, "a fault of Art3D itself"),
        (ValueError("one\ntwo"), 1, "a fault of Art3D itself: ValueError: one\\ntwo"),
        (
            PermissionError(13, "Permission denied", "films/\x1b[31m.style"),
            2,
            "films/\\x1b[31m.style: Permission denied; ",
        ),
        (FileNotFoundError(2, "No such file or directory", b"films"), 2, "films: No such file or directory; "),
        (OSError(5, "Input/output error", "x"), 1, "a fault of Art3D itself"),
        (KeyboardInterrupt(), 130, "goes on where it stopped"),
    ],
)
def test_whatever_a_command_raises_is_one_line(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_args: object) -> int:
        raise error

    monkeypatch.setattr("training.commands.curate.run", run)
    assert main(["curate", "film.mp4", "-o", "shards"]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and said in told


def test_help_of_every_command() -> None:
    text = build_parser().format_help()
    assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(command: str, root: Path) -> None:
    """Torch alone costs seconds."""
    ask = f"import sys; from training.cli import build_parser; build_parser({[command] if command else COMMANDS!r})"
    tell = "print(*sorted({'torch', 'lightning', 'numba', 'matplotlib', 'transformers'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{ask}; {tell}"], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stage", "nobody", "-o", "x.mp4"], "no director"),
        (["stage", "deep", "-o", "x.mp4", "--shots", "0"], "--shots: 0 is not usable"),
        (["stage", "deep", "-o", "x.mp4", "--frames-per-shot", "-1"], "--frames-per-shot"),
        (["stage", "deep", "-o", "x.mp4", "--width", "639"], "639×360 px is no film's size; give even sides"),
        (["stage", "deep", "-o", "x.mp4", "--height", "4"], "640×4 px"),
        (["stage", "deep", "-o", "x.mp4", "--grain", "nan"], "--grain"),
        (["stage", "deep", "-o", "x.mp4", "--aspect", "-2"], "--aspect"),
        (["stage", "deep", "-o", "x.mp4", "--layout", "diagonal"], "there are sbs, tb"),
        (["stage", "deep", "-o", "x.mp4", "--textures", "nowhere"], "nowhere: the photographs cannot be read"),
        (["stage", "deep", "-o", "x.mp4", "--textures", "."], "holds no .jpg or .png"),
        (["stage", "deep", "-o", "/proc/x.mp4", "--shots", "1"], "/proc/x.mp4: cannot write this film"),
        (["curate", "nothing.mp4", "-o", "OUT", "--layout", "sbs", "--depth", "sidecar"], "nothing.mp4"),
        (["curate", "x.mp4", "-o", "OUT", "--part", "3/2", "--depth", "sidecar"], "--part"),
        (["fit", "OUT", "-o", "a.style"], "no manifest"),
        (["fit", "OUT", "-o", "a.style", "--epochs", "many"], "--epochs"),
        (["fit", "OUT", "-o", "a.style", "--epochs", "0"], "--epochs: 0 is not usable; at least 1"),
        (["fit", "OUT", "-o", "a.style", "--batch", "0"], "--batch"),
        (["fit", "OUT", "-o", "a.style", "--width", "2"], "--width: 2 is not usable; at least 4"),
        (["fit", "OUT", "-o", "a.style", "--size-px", "100"], "a multiple of 8, as 96"),
        (["fit", "OUT", "-o", "a.style", "--learning-rate", "nan"], "--learning-rate"),
        (["fit", "OUT", "-o", "a.style", "--precision", "fp16"], "there are 32-true, bf16-mixed"),
        (["curate", "nothing.mp4", "-o", "OUT", "--stereo", "magic"], "there are sgm, sea-raft"),
        (["curate", "nothing.mp4", "-o", "OUT", "--per-shot", "0"], "--per-shot"),
        (["curate", "nothing.mp4", "-o", "OUT", "--min-consistent", "70"], "--min-consistent"),
        (["evaluate", "OUT", "a.style"], "no manifest"),
        (["export", "nothing.style"], "nothing.style"),
    ],
)
def test_errors_are_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert errors[-1].startswith("art3d-train: ") and said in errors[-1]


@pytest.mark.parametrize(
    "words",
    [
        ["--accelerator", "banana"],
        ["--accelerator", "cpu", "--devices", "0"],
        ["--devices", "many"],
        ["--workers", "-1"],
    ],
)
def test_what_this_machine_cannot_train_on(
    shards: Path, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(shards), "-o", str(tmp_path / "a.style"), *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("art3d-train: --") and told.count("\n") == 1 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("out", "words", "said"),
    [
        ("my stylé.style", [], "cannot be called 'my stylé'"),
        (".style.style", [], "cannot be called"),
        ("x" * 65 + ".style", [], "at most 64"),
        ("folder.style", [], "is written to NAME.style"),
        ("a.txt", [], "is written to NAME.style"),
        ("taken.style", [], "taken.run: is a file"),
        ("a.style", ["--size-px", "48"], "the style would not load: its card's input_size is '48'"),
        ("a.style", ["--size-px", "2056"], "input_size"),
        ("a.style", ["--licence", "x" * 5000], "licence"),
        ("a.style", ["SHARDS"], "is named twice"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_training(
    out: str, words: list[str], said: str, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.style").mkdir()
    (tmp_path / "taken.run").touch()
    before = sorted(tmp_path.iterdir())
    words = [str(shards / "..") + f"/{shards.name}" if word == "SHARDS" else word for word in words]
    assert main(["fit", str(shards), *words, "-o", str(tmp_path / out), "--accelerator", "cpu"]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_two_trainings_into_one_folder(shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.style"
    small = ["--size-px", "64", "--epochs", "1", "--batch", "4", "--width", "4", "--accelerator", "cpu"]
    with held(tmp_path / "a.run" / "fit.lock", wait=False):
        assert main(["fit", str(shards), "-o", str(out), *small]) == 2
    assert "a.run: another process trains into this folder" in capsys.readouterr().err and not out.exists()
    assert main(["fit", str(shards), "-o", str(out), *small]) == 0
    assert out.exists() and not (tmp_path / "a.run" / "fit.lock").exists()


def test_from_film_to_style(
    film: Path, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--size-px", "64", "--epochs", "1", "--batch", "4", "--width", "4", "--accelerator", "cpu"]
    assert main(["fit", str(shards), "-o", "made/studio.style", "--recipe", "quick", *small]) == 0
    assert main(["fit", str(shards), "-o", "each", "--each", "--recipe", "no-local", *small]) == 0
    assert main(["evaluate", str(shards), "made/studio.style", "each/measured.style", "-o", "report"]) == 0
    out = capsys.readouterr().out
    assert "studio" in out and "neutral" in out and "pop-out recall" in out
    assert load_style(Path("made/studio.style")).card.depth_source == "sidecar"
    tuned = ["fit", str(shards), "-o", "tuned.style", "--from", "made/studio.style", "--recipe", "finetune"]
    assert main([*tuned, "--epochs", "1", "--accelerator", "cpu"]) == 0
    assert load_style(Path("tuned.style")).card.input_size == 64


def test_a_farm_trains_a_style(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real bundle, run by the specification's own runner: curate in parts, fit, evaluate."""
    tools = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    curate = "--depth sidecar --size-px 96 --min-shot-frames 2 --min-ddc 0.3"
    fit = "--recipe quick --size-px 64 --epochs 1 --batch 2 --width 4 --accelerator cpu"
    bundle, work = tmp_path / "job", tmp_path / "work"
    words = ["submit", str(film), "-o", str(work), "--bundle", str(bundle), "--style", "studio", "--parts", "2"]
    assert main([*words, "--curate", curate, "--fit", fit]) == 0
    run = ["run", str(bundle / "template.json"), "--step", "Evaluate", "--run-dependencies"]
    command = [str(tools / "openjd"), *run, "-p", f"file://{bundle / 'parameters.json'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert load_style(work / "studio.style").card.name == "studio"
    assert (work / "report").is_dir()
