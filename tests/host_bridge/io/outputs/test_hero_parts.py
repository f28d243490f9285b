"""The hero eye is the plate: its chunks where they can be copied, its parts, its attributes, its ids."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import OpenImageIO as oiio
import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.outputs import COMPRESSIONS, Result, Writing, write_stereo
from host_bridge.io.outputs.done import is_done
from host_bridge.io.plates import Pattern, read_plate
from host_bridge.io.plates.exr_chunks import read_blocks
from host_bridge.io.plates.exr_header import read_headers
from host_bridge.io.plates.plate import Plate
from tests.host_bridge.conftest import Write
from tests.host_bridge.io.plates.exr_bytes import scanlines

ROWS, COLUMNS = 40, 48


def result_of(plate: Plate, hero: str = "left") -> Result:
    box = plate.shown.data
    size = (box.height, box.width)
    other = "right" if hero == "left" else "left"
    planes = {
        other: np.full((*size, len(plate.frame.channels)), 0.5, np.float32),
        f"disparity_{hero}": np.full((*size, 1), 2.0, np.float32),
        f"disparity_{other}": np.full((*size, 1), 2.0, np.float32),
        f"occlusion_{other}": np.zeros((*size, 1), np.float32),
    }
    if plate.extra:
        planes[f"{other}_extra"] = np.full((*size, len(plate.extra)), 1.5, np.float32)
    return Result(plate, hero, box, planes, {}, "recipe")


def stereo(tmp_path: Path, plate: Plate, compression: str = "auto", hero: str = "left") -> Path:
    out = Pattern.parse(str(tmp_path / "out.exr"))
    (path,) = write_stereo(out, result_of(plate, hero), Writing("1", (), compression))
    return path


def parts_of(path: Path) -> dict[str, Any]:
    return {part.name(): part for part in OpenEXR.File(str(path), separate_channels=True).parts}


def blocks_of(path: Path, name: str) -> list[bytes]:
    headers, end = read_headers(path)
    number = next((n for n, header in enumerate(headers) if header.text("name") == name), 0)
    return [block.data for block in read_blocks(path, headers, end, number)]


def pixels(kind: str = "<f2", seed: int = 0) -> npt.NDArray[Any]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 2, (ROWS, COLUMNS)).astype(kind)


def rich(seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    ids = np.random.default_rng(seed).integers(0, 2**32, (ROWS, COLUMNS), np.uint32)
    return {**{c: pixels(seed=seed + n) for n, c in enumerate("RGBA")}, "Z": pixels("<f4", seed), "id": ids}


COPIED = sorted({n for n in dir(OpenEXR) if n.endswith("_COMPRESSION")} - {"NO_COMPRESSION"})


@pytest.mark.parametrize("name", COPIED)
def test_chunks_are_copied_as_they_lie(tmp_path: Path, write_exr: Write, name: str) -> None:
    path = write_exr("p.exr", ({"compression": getattr(OpenEXR, name)}, rich()))
    plate = read_plate(path)
    out = stereo(tmp_path, plate)
    assert blocks_of(out, "left") == blocks_of(path, "")
    wanted, found = OpenEXR.File(str(path), separate_channels=True).channels(), parts_of(out)["left"].channels
    assert list(found) == list(wanted)
    assert all(found[c].pixels.tobytes() == wanted[c].pixels.tobytes() for c in wanted)
    assert is_done([out], "recipe")


@pytest.mark.parametrize(
    "case", ["tiles", "several views", "own layers", "uncompressed", "another codec", "renamed out of order", "changed"]
)
def test_what_cannot_be_copied_is_packed_anew_bit_for_bit(tmp_path: Path, write_exr: Write, case: str) -> None:
    made, header, compression = rich(), {"compression": OpenEXR.PIZ_COMPRESSION}, "auto"
    if case == "tiles":
        header |= {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}
    elif case == "several views":
        header["multiView"] = ["left", "right"]
        made |= {f"right.{c}": pixels(seed=9) for c in "RGB"}
    elif case == "own layers":
        made["disparityR.x"] = pixels("<f4", 5)
    elif case == "uncompressed":
        header["compression"] = OpenEXR.NO_COMPRESSION
    elif case == "another codec":
        compression = "zips"
    elif case == "renamed out of order":
        made = {f"rgba.{name}": pixels(seed=n) for n, name in enumerate(("red", "green", "blue"))}
        made |= {"Z": pixels("<f4"), "s.x": pixels()}
    path = write_exr("p.exr", (header, made))
    plate = read_plate(path)
    if case == "changed":
        write_exr("p.exr", (header, rich(7)))
        os.utime(path, ns=(1, 1))
    left = parts_of(stereo(tmp_path, plate, compression))["left"]
    wanted = {"auto": OpenEXR.ZIP_COMPRESSION, "zips": OpenEXR.ZIPS_COMPRESSION}[compression]
    assert left.header["compression"] == wanted
    out_names = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B"}
    for name, plane in made.items():
        if not name.startswith(("right.", "disparityR")):
            assert left.channels[out_names.get(name, name)].pixels.tobytes() == plane.tobytes()


def test_layers_that_become_plain_names_in_the_same_order_are_copied(tmp_path: Path, write_exr: Write) -> None:
    path = write_exr("p.exr", ({}, {f"rgba.{c}": pixels(seed=n) for n, c in enumerate("RGBA")}))
    out = stereo(tmp_path, read_plate(path))
    assert blocks_of(out, "left") == blocks_of(path, "")
    assert list(parts_of(out)["left"].channels) == list("ABGR")


def crypto_file(write_exr: Write) -> tuple[Path, dict[str, Any]]:
    names = [f"CryptoObject00.{c}" for c in "RGBA"]
    bits = np.random.default_rng(1).integers(0, 2**31, (4, ROWS, COLUMNS), np.uint32).view(np.float32)
    bits[~np.isfinite(bits)] = 0
    manifest = {"cryptomatte/abc/manifest": '{"hero": "3f800000"}', "cryptomatte/abc/name": "CryptoObject"}
    return write_exr(
        "p.exr",
        ({"name": "albedo", "comments": "of albedo"}, {c: pixels(seed=3) for c in "RGB"}),
        ({"name": "rgba", "comments": "of rgba"}, {c: pixels(seed=n) for n, c in enumerate("RGBA")}),
        ({"name": "crypto", **manifest}, dict(zip(names, bits, strict=True))),
    ), dict(zip(names, bits, strict=True))


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_other_parts_keep_names_attributes_and_every_bit_of_ids(
    tmp_path: Path, write_exr: Write, compression: str
) -> None:
    path, ids = crypto_file(write_exr)
    parts = parts_of(stereo(tmp_path, read_plate(path), compression))
    assert list(parts)[:2] == ["left", "right"]
    assert parts["left"].header["comments"] == "of rgba"
    assert parts["albedo"].header["comments"] == "of albedo"
    assert list(parts["albedo"].channels) == ["albedo.B", "albedo.G", "albedo.R"]
    crypto = parts["crypto"]
    assert crypto.header["cryptomatte/abc/manifest"] == '{"hero": "3f800000"}'
    assert crypto.header["view"] == "left"
    assert all(crypto.channels[n].pixels.tobytes() == plane.tobytes() for n, plane in ids.items())
    assert [n for n, p in parts.items() if "cryptomatte/abc/manifest" in p.header] == ["crypto"]
    assert not [c for c in parts["right"].channels if "Crypto" in c]


@pytest.mark.parametrize("compression", ["dwaa", "dwab"])
def test_ids_beside_the_picture_keep_every_bit_of_lossy_codecs(
    tmp_path: Path, write_exr: Write, compression: str
) -> None:
    bits = np.random.default_rng(1).integers(0, 2**30, (2, ROWS, COLUMNS), np.uint32).view(np.float32)
    made = {**rich(), "crypto00.R": bits[0], "objectId.G": bits[1]}
    header = {"cryptomatte/abc/manifest": "{}", "comments": "x"}
    parts = parts_of(stereo(tmp_path, read_plate(write_exr("p.exr", (header, made))), compression))
    ids = parts["left.ids"]
    assert sorted(ids.channels) == ["crypto00.R", "id", "objectId.G"]
    assert all(ids.channels[n].pixels.tobytes() == made[n].tobytes() for n in ids.channels)
    assert "cryptomatte/abc/manifest" in ids.header
    assert [n for n, p in parts.items() if "cryptomatte/abc/manifest" in p.header] == ["left.ids"]
    assert parts["left"].header["comments"] == "x"
    assert sorted(parts["left"].channels) == ["A", "B", "G", "R", "Z"]


@pytest.mark.parametrize("name", ["auto", "zip", "dwaa"])
def test_attributes_go_out_as_they_came_in(tmp_path: Path, name: str) -> None:
    said = [
        (b"owner", b"string", b"\xa9 Studio"),
        (b"preview", b"preview", struct.pack("<2I", 2, 1) + bytes(range(8))),
        (b"wrapmodes", b"string", b"black,black"),
        (b"keyCode", b"keycode", struct.pack("<7i", 1, 2, 3, 4, 5, 4, 64)),
        (b"studio", b"of-our-own", b"\x00\x01"),
        (b"n" * 80, b"string", b"a long name"),
    ]
    made = {c.encode(): pixels(seed=n) for n, c in enumerate("RGB")}
    path = tmp_path / "p.exr"
    path.write_bytes(scanlines(made, *said))
    headers, _ = read_headers(stereo(tmp_path, read_plate(path), name))
    left, right = headers[:2]
    for key, kind, data in said:
        for header in (left, right) if key != b"preview" else (left,):
            kept = header.attributes[key.decode()]
            assert (kept.kind.encode(), kept.data) == (kind, data)
    assert "preview" not in right.attributes
    picture = oiio.ImageInput.open(str(tmp_path / "out.exr")).read_image(0, 0, 0, 3, "half")  # type: ignore[union-attr]
    assert picture is not None
    wanted = np.stack([made[c] for c in (b"R", b"G", b"B")], -1)
    assert picture == pytest.approx(wanted, abs=0.1 if name == "dwaa" else 0)


def test_a_long_attribute_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "p.exr"
    said = (b"manifest", b"string", b"x" * 20_000_000)
    path.write_bytes(scanlines({c.encode(): pixels(seed=n) for n, c in enumerate("RGB")}, said))
    out = stereo(tmp_path, read_plate(path))
    assert 20_000_000 < out.stat().st_size < 21_000_000
    headers, _ = read_headers(out)
    assert [header.text("name") for header in headers if "manifest" in header.attributes] == ["left"]


def test_names_that_are_no_utf8_go_out_as_they_came_in(tmp_path: Path) -> None:
    made = {**{c.encode(): pixels(seed=n) for n, c in enumerate("RGB")}, b"Lumi\xe8re.R": pixels(seed=8)}
    path = tmp_path / "p.exr"
    path.write_bytes(scanlines(made))
    for compression in ("auto", "zip"):
        headers, _ = read_headers(stereo(tmp_path, read_plate(path), compression))
        for header in headers[:2]:
            assert [c.name.encode("utf-8", "surrogateescape") for c in header.channels] == sorted(made)


def test_a_layer_that_a_person_chose_stands_beside_the_plain_channels(tmp_path: Path, write_exr: Write) -> None:
    plain = {c: pixels(seed=n) for n, c in enumerate("RGB")}
    made = {**plain, **{f"fg.{c}": pixels(seed=5 + n) for n, c in enumerate("RGB")}, "Z": pixels()}
    left = parts_of(stereo(tmp_path, read_plate(write_exr("p.exr", ({}, made)), layer="fg")))["left"].channels
    assert all(left[c].pixels.tobytes() == made[f"fg.{c}"].tobytes() for c in "RGB")
    assert all(left[f"plain.{c}"].pixels.tobytes() == made[c].tobytes() for c in "RGB")


def test_a_right_hero_is_copied_into_the_right_view(tmp_path: Path, write_exr: Write) -> None:
    parts = ({"view": "right", "name": "rgba.right"}, rich()), ({"view": "left", "name": "rgba.left"}, rich(4))
    path = write_exr("p.exr", *parts)
    out = stereo(tmp_path, read_plate(path), hero="right")
    assert blocks_of(out, "right") == blocks_of(path, "rgba.right")
    assert parts_of(out)["right"].header["view"] == "right"


def test_a_part_of_our_name_gets_another(tmp_path: Path, write_exr: Write) -> None:
    path = write_exr("p.exr", ({"name": "rgba"}, rich()), ({"name": "right"}, {"mask.a": pixels()}))
    parts = parts_of(stereo(tmp_path, read_plate(path)))
    assert "mask.a" in parts["right_2"].channels
    assert {"left", "right", "disparityL", "disparityR"} < set(parts)
    assert Box.of_size(COLUMNS, ROWS) == read_plate(tmp_path / "out.exr").frame.data
