"""What a command says ahead of the frames, where a person might expect something else."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from host_bridge.batch.assemble import job_of, notes_of
from host_bridge.commands.render import add_arguments, options_of
from tests.host_bridge.conftest import MakeRgba, Write


def notes(*words: str) -> tuple[str, ...]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args([*words, "-o", "o.####.exr"])
    job = job_of(options_of(args))
    return notes_of(job.check_readable(), job, args.frames)


def test_two_files_are_no_silent_gap(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    """Nobody can tell a sequence on twos from one whose middle frame is gone."""
    for number in (1001, 1003):
        write_exr(f"p.{number}.exr", ({}, rgba()))
    plate = str(tmp_path / "p.####.exr")
    (note,) = notes(plate)
    assert "1001-1003x2" in note and "--frames 1001-1003" in note
    assert notes(plate, "--frames", "1001-1003x2") == ()
    write_exr("p.1002.exr", ({}, rgba()))
    assert notes(plate) == ()


def test_what_no_eye_can_carry_is_named(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    ids = np.arange(24 * 40, dtype=np.uint32).reshape(24, 40)
    write_exr("p.0001.exr", ({}, {**rgba(), "id.x": ids, "glow.x": np.ones((24, 40), np.float32)}))
    plate = str(tmp_path / "p.####.exr")
    (note,) = notes(plate, "--hero", "none")
    assert "id.x" in note and "glow" not in note
    assert notes(plate, "--hero", "left") == ()
