"""All frames of a sequence show one picture, whatever single files hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import PlateSequence
from tests.host_bridge.conftest import Write

BEAUTY, SPEC = 1.0, 5.0
Part = tuple[dict[str, object], dict[str, np.ndarray]]


def plane(value: float) -> np.ndarray:
    return np.full((8, 12), value, np.float32)


def layers(**values: float) -> Part:
    """A file's layers, each of one value; `plain` has no layer."""
    return {}, {f"{name}.{c}" if name != "plain" else c: plane(value) for name, value in values.items() for c in "RGB"}


def parts(**values: float) -> tuple[Part, ...]:
    return tuple(({"name": name}, {c: plane(value) for c in "RGB"}) for name, value in values.items())


def shown(folder: Path, frame: int, *, frames: str | None = None, layer: str = "") -> float:
    plate = PlateSequence.open(str(folder / "p.####.exr"), frames=frames, layer=layer).read(frame)
    return float(plate.frame.layers["color"].mean())


def test_a_frame_that_lost_the_beauty_fails_by_name(tmp_path: Path, write_exr: Write) -> None:
    """Also where it is the first, and in whatever chunk."""
    for number in (1, 2, 3, 4):
        write_exr(f"p.{number:04d}.exr", layers(spec=SPEC) if number in (1, 3) else layers(beauty=BEAUTY, spec=SPEC))
    for number in (2, 4):
        assert shown(tmp_path, number, frames=str(number)) == BEAUTY
    for number in (1, 3):
        with pytest.raises(PlateError, match=r"holds no beauty, .*but spec; .*--layer") as caught:
            shown(tmp_path, number, frames=str(number))
        assert f"p.{number:04d}.exr" in str(caught.value)
        assert shown(tmp_path, number, layer="spec") == SPEC


def test_parts_in_another_order_are_the_same_picture(tmp_path: Path, write_exr: Write) -> None:
    write_exr("p.0001.exr", *parts(fg=BEAUTY, bg=SPEC))
    write_exr("p.0002.exr", *parts(bg=SPEC, fg=BEAUTY))
    assert [shown(tmp_path, 1), shown(tmp_path, 2)] == [BEAUTY, BEAUTY]


def test_another_name_for_the_beauty_is_no_fault(tmp_path: Path, write_exr: Write) -> None:
    """Files of two renderers, or of one that wrote fewer layers."""
    write_exr("p.0001.exr", layers(plain=BEAUTY, spec=SPEC))
    write_exr("p.0002.exr", layers(rgba=BEAUTY))
    write_exr("p.0003.exr", *parts(left=BEAUTY, albedo=SPEC))
    write_exr("p.0004.exr", layers(plain=BEAUTY))
    assert [shown(tmp_path, number) for number in (1, 2, 3, 4)] == [BEAUTY] * 4
