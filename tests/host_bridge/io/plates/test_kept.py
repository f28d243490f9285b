"""Plates that one pass has read and the next one wants again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from host_bridge.io.plates import Plate, PlateSequence
from host_bridge.io.plates.kept import KeptPlates
from tests.host_bridge.conftest import Write

SIZE = (24, 40)
NBYTES = 3 * 2 * SIZE[0] * SIZE[1]


@pytest.fixture
def reads(write_exr: Write, monkeypatch: pytest.MonkeyPatch) -> tuple[PlateSequence, list[int]]:
    """A plate of three frames, and the frames that were read from its files."""
    for number in (1, 2, 3):
        path = write_exr(f"p.{number}.exr", ({}, {"RGB": np.full((*SIZE, 3), number / 4, np.float16)}))
    seen: list[int] = []
    read = PlateSequence.read

    def counted(self: PlateSequence, frame: int, **options: str | None) -> Plate:
        seen.append(frame)
        return read(self, frame, **options)

    monkeypatch.setattr(PlateSequence, "read", counted)
    return PlateSequence.open(str(path.parent / "p.#.exr")), seen


def test_what_is_wanted_again_is_read_once(reads: tuple[PlateSequence, list[int]]) -> None:
    sequence, seen = reads
    kept = KeptPlates()
    first = kept.read(sequence, 1, again=True)
    assert kept.read(sequence, 1, again=True) is first
    assert kept.read(sequence, 1) is first
    assert kept.read(sequence, 1) is not first and seen == [1, 1]


def test_a_file_that_changed_is_read_again(reads: tuple[PlateSequence, list[int]], tmp_path: Path) -> None:
    sequence, seen = reads
    kept = KeptPlates()
    kept.read(sequence, 1, again=True)
    os.replace(tmp_path / "p.2.exr", tmp_path / "p.1.exr")
    assert float(kept.read(sequence, 1).frame.layers["color"][0, 0, 0]) == 0.5
    assert seen == [1, 1]


def test_what_has_no_room_is_read_again(reads: tuple[PlateSequence, list[int]]) -> None:
    """Room that was given back is there for others."""
    sequence, seen = reads
    kept = KeptPlates(2 * NBYTES)
    for number in (1, 2, 3):
        kept.read(sequence, number, again=True)
    kept.read(sequence, 3)
    assert seen == [1, 2, 3, 3]
    kept.read(sequence, 1)
    for _ in range(2):
        kept.read(sequence, 3, again=True)
    assert seen == [1, 2, 3, 3, 3]
