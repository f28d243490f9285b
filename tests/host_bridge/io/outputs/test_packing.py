"""Chunks that are packed here are what OpenEXR reads and what it would have kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.outputs.packing import pack_chunks

SIZES = [(1, 1), (16, 8), (17, 33), (40, 1), (53, 129)]


def planes(size: tuple[int, int], kind: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(size[1])
    smooth = np.linspace(-3, 3, size[0] * size[1]).reshape(size)
    made = {
        "smooth": (smooth + rng.normal(0, 1e-3, size)).astype("<f4"),
        "half": smooth.astype("<f2"),
        "noise": rng.integers(0, 2**16, size, np.uint16).view("<f2"),
        "zero": np.zeros(size, "<f4"),
        "id": rng.integers(0, 2**32, size, np.uint32),
        "odd": np.where(rng.random(size) < 0.1, np.nan, np.inf).astype("<f4"),
    }
    unfit = {"all": (), "numbers": ("id", "odd", "noise"), "with ids": ("odd", "noise"), "not finite": ("id",)}[kind]
    return {name: plane for name, plane in made.items() if name not in unfit}


def read(path: Path) -> dict[str, np.ndarray]:
    return {n: c.pixels for n, c in OpenEXR.File(str(path), separate_channels=True).parts[0].channels.items()}


def written(path: Path, made: Any, compression: str, size: tuple[int, int]) -> dict[str, np.ndarray]:
    box = Box.of_size(size[1], size[0]).shift(-5, -7)
    write_exr(path, [OutPart("p", "", box, box, made, compression)])
    return read(path)


@pytest.mark.parametrize("compression", ["zip", "zips"])
@pytest.mark.parametrize("size", SIZES)
def test_zip_keeps_every_bit(tmp_path: Path, size: tuple[int, int], compression: str) -> None:
    made = planes(size, "all")
    found = written(tmp_path / "p.exr", made, compression, size)
    assert {n: p.tobytes() for n, p in found.items()} == {n: p.tobytes() for n, p in made.items()}


@pytest.mark.parametrize("kind", ["numbers", "with ids", "not finite"])
@pytest.mark.parametrize("size", SIZES)
def test_pxr24_keeps_what_openexrs_own_keeps(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    made = planes(size, kind)
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.PXR24_COMPRESSION}
    OpenEXR.File(header, dict(made)).write(str(tmp_path / "theirs.exr"))
    theirs = read(tmp_path / "theirs.exr")
    ours = written(tmp_path / "ours.exr", made, "pxr24", size)
    assert {n: p.tobytes() for n, p in ours.items()} == {n: p.tobytes() for n, p in theirs.items()}


@pytest.mark.parametrize("compression", ["zip", "pxr24", "piz"])
def test_views_of_interleaved_pixels_and_of_one_value_are_packed_alike(tmp_path: Path, compression: str) -> None:
    pixels = np.random.default_rng(2).normal(0, 1, (37, 21, 3)).astype("<f2")
    apart = {name: np.ascontiguousarray(pixels[..., i]) for i, name in enumerate("BGR")}
    apart["Z"] = np.full((37, 21), 2.5, np.float32)
    views = {name: pixels[..., i] for i, name in enumerate("BGR")} | {"Z": np.broadcast_to(np.float32(2.5), (37, 21))}
    made, wanted = (written(tmp_path / "p.exr", those, compression, (37, 21)) for those in (views, apart))
    assert {n: p.tobytes() for n, p in made.items()} == {n: p.tobytes() for n, p in wanted.items()}


def test_who_packs_what() -> None:
    size = (16, 8)
    numbers, ids, odd = (list(planes(size, kind).values()) for kind in ("numbers", "with ids", "not finite"))
    assert pack_chunks(numbers, "pxr24", 0) is not None
    assert pack_chunks(ids, "zip", 0) is not None
    for values, compression in ((ids, "pxr24"), (odd, "pxr24"), (numbers, "piz"), (numbers, "dwaa")):
        assert pack_chunks(values, compression, 0) is None


def test_the_largest_floats_are_as_with_openexr(tmp_path: Path) -> None:
    made = {"x": np.full((3, 4), np.finfo(np.float32).max, np.float32), "y": np.full((3, 4), 3.4e38, np.float32)}
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.PXR24_COMPRESSION}
    OpenEXR.File(header, dict(made)).write(str(tmp_path / "theirs.exr"))
    theirs, ours = read(tmp_path / "theirs.exr"), written(tmp_path / "ours.exr", made, "pxr24", (3, 4))
    assert {n: p.tobytes() for n, p in ours.items()} == {n: p.tobytes() for n, p in theirs.items()}
