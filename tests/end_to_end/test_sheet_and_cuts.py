"""What a person says of a plate on the command line: which layer, which channel, where the cuts are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_bridge.batch.ask import FrameRequest, answer
from host_bridge.cli import main
from host_bridge.client import Client
from host_bridge.commands import contact_sheet
from host_bridge.core.geometry import Box
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.outputs.result import Result, on_window
from host_bridge.shot.file import load_shot

SIZE = Box.of_size(96, 64)


def exr(path: Path, seed: int, depth: np.ndarray) -> None:
    rng = np.random.default_rng(seed)
    level = np.kron(rng.uniform(0.05, 0.9, (8, 12)), np.ones((8, 8))).astype(np.float16)
    light = {"diffuse." + c: (level * k).astype(np.float16) for c, k in zip("RGB", (1.0, 0.2, 0.1), strict=True)}
    write_exr(path, [OutPart("rgba", "", SIZE, SIZE, {**dict.fromkeys("RGB", level), **light, "mine.far": depth})])


@pytest.fixture
def plate(tmp_path: Path) -> str:
    rows = np.repeat(np.linspace(2, 20, 64, dtype=np.float32)[:, None], 96, 1)
    for number in range(1001, 1009):
        exr(tmp_path / f"p.{number}.exr", 1 if number < 1005 else 2, rows)
    return str(tmp_path / "p.####.exr")


def test_a_sheet_takes_layer_and_channel(plate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[contact_sheet.Row] = []
    monkeypatch.setattr(contact_sheet, "_write", lambda _, made: rows.extend(made))
    words = ["contact-sheet", plate, "-o", str(tmp_path / "s.png"), "--limit", "1"]
    assert main([*words, "--layer", "diffuse", "--depth-channel", "mine.far", "--z-meaning", "distance"]) == 0
    (row,) = rows
    assert "depth from plate mine.far (distance, as asked)" in row.caption
    assert row.cells[0][..., 0].mean() > 1.5 * row.cells[0][..., 2].mean()
    near = row.cells[1].astype(int)
    assert near[3].mean() - near[-3].mean() > 100  # the upper rows are nearer
    assert main([*words, "--layer", "nothing"]) == 2


@pytest.mark.parametrize("bars", [(20, 0, 0, 0), (0, 24, 0, 0), (0, 0, 30, 0), (0, 0, 0, 16), (20, 20, 24, 24)])
def test_a_sheet_of_a_barred_picture_is_flat_in_its_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bars: tuple[int, int, int, int]
) -> None:
    found: list[Result] = []

    def noted(client: Client, asked: FrameRequest) -> Result:
        found.append(answer(client, asked))
        return found[-1]

    monkeypatch.setattr(contact_sheet, "answer", noted)
    picture = np.random.default_rng(4).integers(60, 230, (64, 96, 3), np.uint8)
    top, bottom, left, right = bars
    Image.fromarray(picture).save(tmp_path / "a.png")
    Image.fromarray(np.pad(picture, ((top, bottom), (left, right), (0, 0)))).save(tmp_path / "b.png")
    assert main(["contact-sheet", str(tmp_path), "-o", str(tmp_path / "s.png"), "--depth", "mini"]) == 0
    wanted, made = (on_window(one.planes["disparity_left"], one.box, one.plate.frame.display)[..., 0] for one in found)
    part = np.s_[top : 64 + top, left : 96 + left]
    assert np.abs(made[part] - wanted).max() <= 0.01 * np.ptp(wanted) + 0.1
    outside = made.copy()
    outside[part] = 0.0
    assert wanted.any() and not outside.any()


@pytest.mark.parametrize(
    ("said", "cuts", "by"),
    [
        ([], (1005,), {"found"}),
        (["--no-cut", "1005"], (), set()),
        (["--cut", "1003"], (1003, 1005), {"found", "user"}),
        (["--cuts", "LIST"], (1004, 1007), {"user"}),
    ],
)
def test_a_persons_cuts_through_the_command(
    plate: str, tmp_path: Path, said: list[str], cuts: tuple[int, ...], by: set[str]
) -> None:
    (tmp_path / "cuts.txt").write_text("1004  # door\n1007\n")
    said = [str(tmp_path / "cuts.txt") if word == "LIST" else word for word in said]
    out = tmp_path / "s.art3d"
    words = ["analyse", plate, "-o", str(out), "--depth-channel", "mine.far", "--z-meaning", "distance", *said]
    ran = subprocess.run([sys.executable, "-m", "host_bridge.cli", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    shot = load_shot(out)
    assert shot.cuts == cuts and {t.by for t in shot.transitions} == by


def test_a_cut_where_no_frame_is(plate: str, tmp_path: Path) -> None:
    words = ["analyse", plate, "-o", str(tmp_path / "s.art3d"), "--depth-channel", "mine.far", "--cut", "2000"]
    ran = subprocess.run([sys.executable, "-m", "host_bridge.cli", *words], capture_output=True, text=True, check=False)
    assert (
        ran.returncode == 2 and "the shot holds 1001-1008" in ran.stderr and len(ran.stderr.strip().splitlines()) == 1
    )
