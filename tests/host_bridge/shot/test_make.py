"""Plates on a disk become a shot; a gap stops the analysis or is written down."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.client.tile import Tile
from host_bridge.commands import analyse
from host_bridge.core.errors import EXIT_OK, PlateError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.plates import PlateSequence
from host_bridge.shot.file import Shot, load_shot
from host_bridge.shot.make import Reading, make_shot
from host_bridge.shot.survey import Plan
from host_bridge.wire.settings import AnalysisSettings

STATS = {
    "iz_low": 0.1,
    "iz_high": 1.1,
    "fit_scale": 0.02,
    "fit_shift": -0.013,
    "parallax_p1_pct": -0.7,
    "parallax_p99_pct": 1.3,
    "depth_source": "mini",
    "model_id": "m",
}


class Busy:
    """A server that counts how many requests wait at once."""

    def __init__(self) -> None:
        self.waiting = self.most = 0

    def submit(
        self, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
    ) -> Tile:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        ramp = np.linspace(0, 1, box.width, dtype=np.float32)[None, :, None] * np.ones((box.height, 1, 1), np.float32)
        return Tile(box, dict.fromkeys(outputs, ramp), STATS)

    def result(self, pending: Tile) -> Tile:
        self.waiting -= 1
        return pending


@pytest.fixture
def plates(tmp_path: Path) -> PlateSequence:
    """Ten frames, of which 1004 is missing and 1007 cut off."""
    ground = np.kron(np.random.default_rng(0).uniform(0.1, 0.8, (9, 16, 3)), np.ones((8, 8, 1))).astype(np.float16)
    for number in range(1001, 1011):
        if number != 1004:
            OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": ground}).write(str(tmp_path / f"p.{number}.exr"))
    (tmp_path / "p.1007.exr").write_bytes((tmp_path / "p.1007.exr").read_bytes()[:900])
    return PlateSequence.open(str(tmp_path / "p.1001-1010####.exr"))


def test_gaps_are_written_down(plates: PlateSequence) -> None:
    server, done = Busy(), list[int]()
    shot = make_shot(plates, server, AnalysisSettings(), Plan(), Reading(strict=False), done=done.append)
    there = [1001, 1002, 1003, 1005, 1006, 1008, 1009, 1010]
    assert shot.missing == (1004, 1007) and list(shot.frames) == there == done
    assert any("1004, 1007" in line for line in shot.reasons)
    assert shot.neighbours(1005) == ((), (1006,))
    assert server.most > 1 and server.waiting == 0


def test_a_damaged_plate_stops_a_strict_analysis(plates: PlateSequence) -> None:
    with pytest.raises(PlateError, match=r"p\.1007\.exr"):
        make_shot(plates, Busy(), AnalysisSettings(), Plan())


def test_allowed_gaps_are_no_failure(
    plates: PlateSequence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A farm renders only after an analysis that exits with 0."""

    def made(_: argparse.Namespace) -> Shot:
        return make_shot(plates, Busy(), AnalysisSettings(), Plan(), Reading(strict=False))

    monkeypatch.setattr(analyse, "_analyse", made)
    assert analyse.run(argparse.Namespace(openjd=False, out=tmp_path / "s.art3d")) == EXIT_OK
    assert load_shot(tmp_path / "s.art3d").missing == (1004, 1007)
    assert "1004, 1007" in capsys.readouterr().out
