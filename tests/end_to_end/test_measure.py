"""`art3d measure` on stereo that nobody here rendered: known disparities, eyes that differ, real pairs with truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.middlebury import HELD_OUT, TUNED_ON, load
from host_bridge.cli import main
from tests.art3d_node.server.test_match import HEIGHT, WIDTH, pair


def _png(path: Path, picture: np.ndarray) -> str:
    assert cv2.imwrite(str(path), picture[..., ::-1])
    return str(path)


@pytest.fixture
def eyes(tmp_path: Path) -> tuple[str, str]:
    left, right = pair(near=8, far=1)
    return _png(tmp_path / "a.7.png", left), _png(tmp_path / "b.9.png", right)


def _said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_two_pictures_of_any_names(eyes: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", *eyes]) == 0
    figures = _said(capsys)
    assert (figures["width"], figures["height"]) == (WIDTH, HEIGHT)
    assert figures["parallax_p1_pct"] == pytest.approx(-100 * 8 / WIDTH, abs=0.1)
    assert figures["parallax_p99_pct"] == pytest.approx(-100 * 1 / WIDTH, abs=0.15)
    assert figures["swapped"] is False and not {"swapped", "vertical", "colour", "comfort"} & set(figures["faults"])


@pytest.mark.parametrize("bars", [(30, 0, 0, 0), (0, 30, 0, 0), (0, 0, 40, 0), (0, 0, 0, 40), (20, 16, 30, 24)])
def test_a_pair_inside_bars_measures_as_the_pair(
    tmp_path: Path, eyes: tuple[str, str], bars: tuple[int, int, int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every figure, those against a reference too: nothing of the bars is in them."""
    top, bottom, left, right = bars
    padded = []
    for name, picture in zip(("a.1.png", "b.1.png"), pair(near=8, far=1), strict=True):
        padded.append(_png(tmp_path / name, np.pad(picture, ((top, bottom), (left, right), (0, 0)))))
    for reference in (False, True):
        said = []
        for both in (list(eyes), padded):
            assert main(["measure", *both, *(["--reference", both[0]] if reference else [])]) == 0
            figures = _said(capsys)
            said.append({k: v for k, v in figures.items() if k not in ("frame", "left", "right", "reference")})
        assert said[0] == said[1]


def test_faults_stop_a_pipeline(eyes: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    swapped = ["measure", eyes[1], eyes[0]]
    assert main(swapped) == 0
    assert "swapped" in _said(capsys)["faults"]
    assert main([*swapped, "--fail-on", "vertical,colour"]) == 0
    assert main([*swapped, "--fail-on", "vertical,swapped"]) == 5
    assert main(["measure", *eyes, "--fail-on", "comfort=0.1", "--target", "cinema"]) == 0
    assert main(["measure", *eyes, "--fail-on", "comfort", "--target", "tv"]) == 5
    assert main(["measure", *eyes, "--fail-on", "nothing"]) == 2
    assert main(["measure", *eyes, "--target", "moon"]) == 2
    assert "there are all, cinema" in capsys.readouterr().err


def test_a_packed_sequence_in_rows_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = pair(near=8, far=1)
    for number in (1, 2, 3):
        low = np.roll(right, number if number == 3 else 0, axis=0)
        _png(tmp_path / f"shot_full_sbs.{number:04d}.png", np.hstack([left, low]))
    (tmp_path / "shot_full_sbs.0002.png").write_bytes(b"broken")
    table, lines = tmp_path / "f.csv", tmp_path / "f.jsonl"
    words = [
        "measure",
        str(tmp_path / "shot_full_sbs.####.png"),
        "--layout",
        "sbs",
        "--csv",
        str(table),
        "--jsonl",
        str(lines),
    ]
    assert main(words) == 4
    captured = capsys.readouterr()
    assert "frame 2" in captured.err
    said = json.loads(captured.out)
    assert said["frames"] == 2 and said["faults"]["vertical"] == [3] and "swapped" not in said["faults"]
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [r["frame"] for r in records] == [1, 3] and records[1]["vertical_px"] == pytest.approx(3, abs=0.2)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert ["vertical" in row["faults"].split() for row in rows] == [False, True]
    assert float(rows[0]["parallax_p1_pct"]) == pytest.approx(-100 * 8 / WIDTH, abs=0.1)


def test_a_black_first_frame_tells_less_than_the_others(
    eyes: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, eye in zip(("left", "right"), eyes, strict=True):
        (tmp_path / f"{name}.0002.png").write_bytes(Path(eye).read_bytes())
        _png(tmp_path / f"{name}.0001.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    table = tmp_path / "f.csv"
    assert (
        main(["measure", *(str(tmp_path / f"{name}.####.png") for name in ("left", "right")), "--csv", str(table)]) == 0
    )
    assert json.loads(capsys.readouterr().out)["faults"]["unmatched"] == [1]
    first, second = csv.DictReader(table.read_text().splitlines())
    assert first["parallax_p1_pct"] == "" and float(second["parallax_p1_pct"]) < -2


def test_eyes_that_do_not_belong_together(
    eyes: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = _png(tmp_path / "small.png", np.zeros((20, 30, 3), np.uint8))
    assert main(["measure", eyes[0], small]) == 2
    assert "30×20" in capsys.readouterr().err
    assert main(["measure", eyes[0]]) == 2
    assert "no second eye" in capsys.readouterr().err
    assert main(["measure", *eyes, "--layout", "sbs"]) == 2
    other = _png(tmp_path / "other.png", np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    capsys.readouterr()
    assert main(["measure", eyes[0], other, "--fail-on", "unmatched"]) == 5


@pytest.mark.parametrize("name", [*TUNED_ON, *HELD_OUT])
def test_real_pairs_show_their_true_range(
    name: str, plates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = load(plates, name)
    left, right = ((255 * eye.numpy()).round().astype(np.uint8) for eye in (scene.left, scene.right))
    assert main(["measure", _png(tmp_path / "l.png", left), _png(tmp_path / "r.png", right)]) == 0
    figures = _said(capsys)
    truth = -100 * np.percentile(scene.disparity.numpy(), (99, 50, 1)) / left.shape[1]
    found = [figures[f"parallax_{name}_pct"] for name in ("p1", "p50", "p99")]
    with capsys.disabled():
        print(f" {name}: {np.round(found, 2)} %, true {np.round(truth, 2)} %", end="")
    assert figures["swapped"] is False
    assert abs(found[2] - truth[2]) < 0.1
    assert abs(found[0] - truth[0]) < 1.3  # what is nearest may be a blank floor


def test_a_page_of_anybodys_stereo_has_charts(
    eyes: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page"
    assert main(["review", "::".join(reversed(_alike(eyes, tmp_path))), "-o", str(page)]) == 0
    assert "the eyes look swapped" in capsys.readouterr().out
    body = _body(page)
    (p1,) = body["figures"]["p1"]
    assert p1 == pytest.approx(100 * 1 / WIDTH, abs=0.15)
    assert main(["review", "::".join(_alike(eyes, tmp_path)), "-o", str(page), "--no-match"]) == 0
    assert _body(page)["figures"]["p1"] == [None]


def _alike(eyes: tuple[str, str], folder: Path) -> list[str]:
    """The eyes under names of one number, as a page wants them."""
    named = [folder / f"{eye}.1.png" for eye in ("left", "right")]
    for old, new in zip(eyes, named, strict=True):
        new.write_bytes(Path(old).read_bytes())
    return [str(path) for path in named]


def _body(page: Path) -> dict[str, dict[str, list[float | None]]]:
    text = (page / "data.js").read_text()
    found: dict[str, dict[str, list[float | None]]] = json.loads(text[text.index("(") + 1 : text.rindex(")")])["shots"][
        0
    ]
    return found
