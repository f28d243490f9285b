"""Too little memory slows a batch down, and is said before the work begins where no pace fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.batch.job import Job
from host_bridge.batch.memory_need import SLOWLY, needed_bytes, pace_for, paced
from host_bridge.batch.pace import FULL, LEAN, Pace
from host_bridge.core import machine
from host_bridge.core.errors import EXIT_SERVER, OutOfMemoryError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.outputs import Writing
from host_bridge.io.plates import Pattern, PlateSequence
from host_bridge.wire.settings import AnalysisSettings
from tests.host_bridge.conftest import MakeRgba, Write

MIB = 1 << 20


def frame(columns: int, rows: int, *, with_z: bool = False) -> Frame:
    """Half RGB; or half RGBA with a float Z, which rides along too."""
    box, channels = Box.of_size(columns, rows), "RGBA" if with_z else "RGB"
    layers = {"color": np.broadcast_to(np.float16(0), (rows, columns, len(channels)))}
    z = np.broadcast_to(np.float32(0), (rows, columns, 1))
    return Frame(box, box, {**layers, "depth": z, "extra": z} if with_z else layers, tuple(channels))


def allowed(monkeypatch: pytest.MonkeyPatch, nbytes: int) -> None:
    monkeypatch.setattr(machine, "memory_bytes", lambda: nbytes)


@pytest.mark.parametrize("network", [False, True])
def test_the_pace_falls_before_a_frame_is_refused(monkeypatch: pytest.MonkeyPatch, network: bool) -> None:
    plate = frame(1920, 1080)
    full, lean = (needed_bytes(plate, pace, network=network, neighbours=8) for pace in (FULL, LEAN))
    assert lean < full
    for nbytes, expected in ((full, FULL), (full - MIB, LEAN), (lean, LEAN)):
        allowed(monkeypatch, nbytes)
        assert pace_for(plate, network=network, neighbours=8) is expected
    allowed(monkeypatch, lean - MIB)
    with pytest.raises(OutOfMemoryError, match=f"take {lean >> 20} MiB.*{(lean >> 20) - 1} MiB are allowed") as raised:
        pace_for(plate, network=network, neighbours=8)
    assert raised.value.exit_code == EXIT_SERVER


# What a render of such plates took at most, MiB: the smallest limit that was tried within which nothing was killed.
MEASURED = [
    ((1280, 720), True, FULL, 1075),
    ((1920, 1080), True, FULL, 1475),
    ((1920, 1080), True, LEAN, 1400),
    ((3840, 2160), True, LEAN, 2800),
    ((1920, 1080), False, FULL, 1475),
    ((1920, 1080), False, LEAN, 1300),
    ((3840, 2160), False, FULL, 3600),
]


@pytest.mark.parametrize(("size", "network", "pace", "measured_mib"), MEASURED)
def test_the_bound_is_near_what_was_measured(
    size: tuple[int, int], network: bool, pace: Pace, measured_mib: int
) -> None:
    needed = needed_bytes(frame(*size, with_z=not network), pace, network=network, neighbours=8)
    assert 0.97 * measured_mib * MIB <= needed <= 1.15 * measured_mib * MIB


def test_a_render_of_one_frame_at_a_time_says_so_and_keeps_nothing(
    tmp_path: Path, write_exr: Write, rgba: MakeRgba, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        write_exr(f"p.{number:04d}.exr", ({}, rgba(seed=number)))
    plates = PlateSequence.open(str(tmp_path / "p.####.exr"))
    out = Pattern.parse(str(tmp_path / "o.####.exr"))
    job = Job(plates, out, AnalysisSettings(depth="auto"), Controls(), Writing("1"))
    plate = plates.read(1)
    allowed(monkeypatch, needed_bytes(plate.frame, FULL, network=True, neighbours=8))
    assert paced(job, plate, neighbours=8) == (job, FULL)
    allowed(monkeypatch, needed_bytes(plate.frame, LEAN, network=True, neighbours=8))
    slow, pace = paced(job, plate, neighbours=8)
    assert (pace, slow.notes) == (LEAN, (SLOWLY,))
    first = slow.load(1, 1, again=True)
    assert slow.load(1, 1, again=True) is not first and slow.kept.read(plates, 1) is not first
