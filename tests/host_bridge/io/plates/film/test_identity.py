"""A frame's identity is its samples; what the file says besides costs nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from host_bridge.io.plates import PlateSequence
from tests.host_bridge.io.plates.film.kinds import again
from tests.host_bridge.io.plates.films import Make, make, planar


def test_the_identity_is_the_samples_and_not_the_file(tmp_path: Path) -> None:
    one = again(make(tmp_path / "a.mkv", Make()))
    two = again(make(tmp_path / "b.mkv", Make(said={"title": "another"}, gop=3)))
    assert [one.content(n) for n in one.frames] == [two.content(n) for n in two.frames]
    other = again(make(tmp_path / "c.mkv", Make(tags=(1, 1, 6, 1))))
    assert one.content(1) != other.content(1)


def test_an_exchanged_file_is_read_anew(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Make(frames=3))
    before = PlateSequence.open(str(path)).content(1)
    make(
        tmp_path / "b.mkv",
        Make(frames=5),
        [planar([np.full((64, 96), 99, np.uint8), *[np.full((32, 48), 128, np.uint8)] * 2], "yuv420p")],
    )
    shutil.copyfile(tmp_path / "b.mkv", path)
    assert PlateSequence.open(str(path)).content(1) != before


def test_metadata_that_is_not_utf8_costs_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Make(frames=2, said={"title": "ZZZZ Studio"}))
    path.write_bytes(path.read_bytes().replace(b"ZZZZ Studio", b"\xa9\xff\xfeZ Studio"))
    header = again(path).read(1).header
    assert "Studio" in str(header["film/title"])
