"""`art3d render --floating-window`: the masks lie in front of what the edges cut, in the files that are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.commands.contact_sheet import CELL_PX, MARGIN_PX
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK
from host_bridge.io.plates import read_plate
from host_bridge.review.source import open_stereo
from host_bridge.review.windows import Seen, violations

FRAMES = range(1, 4)
H, W = 72, 128


def plate(folder: Path) -> str:
    """Noise before a wall; a pillar at the left edge, near enough to come out of the screen."""
    for number in FRAMES:
        rng = np.random.default_rng(number)
        channels = {c: rng.random((H, W), np.float32).astype(np.float16) for c in "RGB"}
        z = np.full((H, W), 20.0, np.float32)
        z[:, 40:] = np.linspace(4.0, 20.0, W - 40, dtype=np.float32)
        z[:, :20] = 1.0
        z[:20, 30:60] = 1.5
        channels["depth.Z"] = z  # type: ignore[assignment]
        OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(folder / f"p.{number:04d}.exr"))
    return str(folder / "p.####.exr")


def parts(path: Path) -> dict[str, dict[str, Any]]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {part.name(): {n: np.array(c.pixels) for n, c in part.channels.items()} for part in file.parts}


def rendered(folder: Path, name: str, *options: str) -> Path:
    words = [
        "render",
        plate(folder),
        "-o",
        str(folder / f"{name}.####.exr"),
        "--depth",
        "aov",
        "--z-meaning",
        "distance",
    ]
    knobs = ["--zero-plane=-1.0", "--budget-front", "6", "--depth-gain", "2"]
    assert main([*words, *knobs, *options]) == EXIT_OK
    return folder / f"{name}.0002.exr"


def test_off_is_the_plate_itself(tmp_path: Path) -> None:
    off = parts(rendered(tmp_path, "off"))
    hand = parts(rendered(tmp_path, "zero", "--floating-window", "manual"))
    for name in off:
        for channel, pixels in off[name].items():
            assert np.array_equal(hand[name][channel], pixels), (name, channel)


def test_auto_answers_what_the_edge_cuts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The left view is black as far as the pillar comes out, the rest of both views as it was."""
    off = parts(rendered(tmp_path, "off"))
    capsys.readouterr()
    auto = rendered(tmp_path, "auto", "--floating-window", "auto", "--json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (amounts,) = {tuple(e["floating_window"]) for e in events if e["event"] == "frame"}
    nearest = float(off["disparityR"]["disparityR.x"][:, :20].min()) / W * -100
    assert amounts[0] == amounts[1] == pytest.approx(nearest + 0.05, abs=0.05) and amounts[2:] == (0, 0)
    found = parts(auto)
    columns = round(amounts[0] / 100 * W)
    assert (found["left"]["R"][:, : columns - 2] == 0).all()
    assert np.array_equal(found["left"]["R"][:, columns + 1 :], off["left"]["R"][:, columns + 1 :])
    assert np.array_equal(found["right"]["R"], off["right"]["R"])
    source = open_stereo(str(tmp_path / "auto.####.exr"))
    pair = source.read(2)
    assert pair.parallax is not None
    seen = Seen(pair.parallax)
    assert violations(seen) and not violations(seen, pair.window)


def test_as_a_layer(tmp_path: Path) -> None:
    off = parts(rendered(tmp_path, "off"))
    found = parts(rendered(tmp_path, "layer", "--floating-window", "static", "--floating-mask", "layer"))
    assert np.array_equal(found["left"]["R"], off["left"]["R"])
    mask = found["window.left"]["window.mask"]
    assert mask[:, 0].max() == 0 and (mask[:, 20:] == 1).all()
    assert (found["window.right"]["window.mask"] == 1).all()


def test_nobody_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["render", plate(tmp_path), "-o", str(tmp_path / "o.####.exr")]
    assert main([*words, "--shot", "none", "--floating-window", "auto"]) == EXIT_BAD_INPUT
    assert "no shot analysis" in capsys.readouterr().err


@pytest.mark.parametrize("hero", ["left", "right"])
def test_a_contact_sheet_answers_what_each_picture_needs(tmp_path: Path, hero: str) -> None:
    """Pictures belong to no shot: the pillar is masked where the edge cuts it, and nothing else is."""
    sheets = {}
    for choice in ("off", "auto", "static"):
        words = [
            "contact-sheet",
            plate(tmp_path),
            "-o",
            str(tmp_path / f"{choice}.png"),
            "--depth",
            "aov",
            "--hero",
            hero,
        ]
        knobs = ["--z-meaning", "distance", "--zero-plane=-1.0", "--depth-gain", "2", "--floating-window", choice]
        assert main([*words, *knobs]) == EXIT_OK
        sheets[choice] = read_plate(tmp_path / f"{choice}.png").frame.layers["color"]
    assert np.array_equal(sheets["auto"], sheets["static"])
    anaglyphs = {choice: sheet[:, 3 * (CELL_PX + MARGIN_PX) + MARGIN_PX :] for choice, sheet in sheets.items()}
    changed = (np.abs(anaglyphs["auto"] - anaglyphs["off"]).max(axis=2) > 1e-3).any(axis=0)
    assert changed[:3].all() and not changed[16:].any()  # the pillar, at the left of the picture, and nothing else
