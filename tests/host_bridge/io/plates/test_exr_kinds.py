"""Healthy EXRs of every kind are read, whatever a library makes of them."""

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

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import read_plate
from host_bridge.io.plates.exr import open_exr
from host_bridge.io.plates.exr_header import Attribute
from host_bridge.io.plates.plate import Plate
from tests.host_bridge.conftest import MakeRgba, Write
from tests.host_bridge.io.plates.exr_bytes import scanlines

ROWS, COLUMNS = 40, 56
XYZ = (1, 0, 0, 1, 0, 0, 1 / 3, 1 / 3)
AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
COMPRESSIONS = [name for name in dir(OpenEXR) if name.endswith("_COMPRESSION")]


def planes(names: str = "RGB", seed: int = 0, kind: str = "<f2") -> dict[bytes, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {n.encode(): rng.uniform(0.1, 2, (ROWS, COLUMNS)).astype(kind) for n in names}


def read(path: Path, data: bytes, **options: Any) -> Plate:
    path.write_bytes(data)
    return read_plate(path, **options)


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        (b"owner", b"string", b"\xa9 Studio"),
        (b"owner", b"string", b""),
        (b"comm\xe9nt", b"string", b"\xe9"),
        (b"keyCode", b"keycode", bytes(28)),
        (b"keyCode", b"keycode", b""),
        (b"timeCode", b"timecode", b"\xff" * 8),
        (b"studio", b"of-our-own", b"\x00\x01\x02"),
        (b"preview", b"preview", struct.pack("<2I", 2, 1) + bytes(8)),
        (b"wrapmodes", b"string", b"black,black"),
        (b"framesPerSecond", b"rational", struct.pack("<iI", 24, 0)),
        (b"manifest", b"string", b"x" * 20_000_000),
        (b"words", b"stringvector", struct.pack("<i", 2) + b"\xe9\xe9"),
    ],
)
def test_no_attribute_costs_a_frame(tmp_path: Path, name: bytes, kind: bytes, data: bytes) -> None:
    plate = read(tmp_path / "p.exr", scanlines(planes(), (name, kind, data)))
    kept = plate.header[name.decode("utf-8", "surrogateescape")]
    assert kept == Attribute(kind.decode(), data)
    assert plate.frame.layers["color"][..., 0].tobytes() == planes()[b"R"].tobytes()


def test_names_of_channels_that_are_no_utf8(tmp_path: Path) -> None:
    made = {
        **planes(),
        b"Lumi\xe8re.R": planes()[b"R"] * 2,
        b"Lumi\xe8re.Z": planes()[b"G"],
        b"\xc3\xa9.Z": planes()[b"B"],
    }
    plate = read(tmp_path / "p.exr", scanlines(made))
    kept = {layer.name.encode("utf-8", "surrogateescape"): layer.pixels for layer in plate.layers}
    assert {n: p.tobytes() for n, p in kept.items()} == {n: made[n].tobytes() for n in made if b"." in n}


def test_paths_that_are_no_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9.0001.exr"))
    assert read(path, scanlines(planes())).frame.channels == ("R", "G", "B")


def corners(x0: int, y0: int, x1: int, y1: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("name", COMPRESSIONS)
def test_every_compression(tmp_path: Path, name: str, tiled: bool) -> None:
    """What OpenEXR's own reader gives, bit for bit, and ids with every bit."""
    rng = np.random.default_rng(0)
    made = {c: rng.uniform(0, 2, (75, 133)).astype(np.float16) for c in "RGBA"}
    made |= {"Z": rng.uniform(1, 9, (75, 133)).astype(np.float32), "id": rng.integers(0, 2**32, (75, 133), np.uint32)}
    header = {
        "type": OpenEXR.scanlineimage,
        "compression": getattr(OpenEXR, name),
        "dataWindow": corners(-3, 5, 129, 79),
    }
    if tiled:
        header |= {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}
    path = tmp_path / "p.exr"
    try:
        OpenEXR.File(header, dict(made)).write(str(path))
    except RuntimeError as error:
        pytest.skip(f"OpenEXR does not write it: {error}")
    plate = read_plate(path)
    wanted = OpenEXR.File(str(path), separate_channels=True).channels()
    assert all(
        plate.frame.layers["color"][..., n].tobytes() == wanted[c].pixels.tobytes() for n, c in enumerate("RGBA")
    )
    layers = {layer.name: layer.pixels for layer in plate.layers}
    assert layers["Z"].tobytes() == wanted["Z"].pixels.tobytes()
    assert layers["id"].tobytes() == made["id"].tobytes()


def test_mip_mapped_tiles_are_read_at_full_size(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).uniform(0, 1, (75, 133, 3)).astype(np.float32)
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, oiio.ImageBuf(pixels), str(tmp_path / "p.exr"))
    assert read_plate(tmp_path / "p.exr").frame.layers["color"].tobytes() == pixels.tobytes()


@pytest.mark.parametrize("chromaticities", [None, XYZ, AP0])
@pytest.mark.parametrize("step", [1, 2])
def test_luminance_and_chroma_of_any_primaries(tmp_path: Path, chromaticities: Any, step: int) -> None:
    """A flat colour by its own primaries' luminance comes back."""
    weights = {None: (0.2126, 0.7152, 0.0722), XYZ: (0, 1, 0), AP0: (0.34397, 0.72817, -0.07213)}[chromaticities]
    rgb = np.array([0.4, 0.5, 0.3])
    y = float(rgb @ weights)
    small = (ROWS // step, COLUMNS // step)
    made = {b"Y": np.full((ROWS, COLUMNS), y, np.float32), b"RY": np.full(small, rgb[0] / y - 1, np.float32),
            b"BY": np.full(small, rgb[2] / y - 1, np.float32)}  # fmt: skip
    said = [(b"chromaticities", b"chromaticities", struct.pack("<8f", *chromaticities))] if chromaticities else []
    plate = read(tmp_path / "p.exr", scanlines(made, *said, sampling={b"RY": step, b"BY": step}))
    assert plate.frame.layers["color"][20, 30] == pytest.approx(rgb, abs=1e-3)
    assert (
        plate.input_space
        == {None: "lin_rec709_scene", XYZ: "lin_ciexyzd65_scene", AP0: "lin_ap0_scene"}[chromaticities]
    )


def test_a_subsampled_layer_beside_the_picture_costs_nothing(tmp_path: Path) -> None:
    made = {**planes(), b"chroma.U": np.ones((ROWS // 2, COLUMNS // 2), np.float16), b"Z": planes()[b"R"]}
    plate = read(tmp_path / "p.exr", scanlines(made, (b"owner", b"string", b"\xa9"), sampling={b"chroma.U": 2}))
    assert [layer.name for layer in plate.layers] == ["Z"]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_rows_in_any_order(tmp_path: Path, order: int) -> None:
    data = scanlines(planes())
    at = data.index(b"lineOrder\0lineOrder\0") + 24
    plate = read(tmp_path / "p.exr", data[:at] + bytes([order]) + data[at + 1 :])
    assert plate.frame.layers["color"][..., 1].tobytes() == planes()[b"G"].tobytes()


def test_channels_that_are_listed_out_of_order(tmp_path: Path) -> None:
    """Chunks hold them in the order of their names all the same, as OpenEXR reads them."""
    data = scanlines(planes())
    at = data.index(b"chlist\0") + 11
    listed = data[at : at + 54]
    shuffled = data[:at] + listed[36:] + listed[18:36] + listed[:18] + data[at + 54 :]
    plate = read(tmp_path / "p.exr", shuffled)
    assert plate.frame.layers["color"][..., 0].tobytes() == planes()[b"R"].tobytes()


def test_chunks_that_were_never_written_are_counted(tmp_path: Path) -> None:
    data = scanlines(planes())
    at = len(data) - ROWS * (8 + 3 * 2 * COLUMNS) - 8 * ROWS
    with pytest.raises(PlateError, match=r"3 of 40 chunks were never written"):
        read(tmp_path / "p.exr", data[: at + 8] + bytes(24) + data[at + 32 :])


def test_only_the_parts_of_the_view_are_read(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    """Damage in another view's part costs this one nothing."""
    path = write_exr("p.exr", ({"view": "left", "name": "a"}, rgba()), ({"view": "right", "name": "b"}, rgba(seed=1)))
    data = bytearray(path.read_bytes())
    data[-200:] = b"\xff" * 200
    path.write_bytes(bytes(data))
    assert read_plate(path, view="left").frame.layers["color"][..., 0].tobytes() == rgba()["R"].tobytes()
    with pytest.raises(PlateError, match="damaged"):
        read_plate(path, view="right")


def chunk_table(data: bytes) -> tuple[int, list[int]]:
    """Where the table of `scanlines` lies, and what it says."""
    at = len(data) - ROWS * (8 + 3 * 2 * COLUMNS) - 8 * ROWS
    return at, list(struct.unpack_from(f"<{ROWS}Q", data, at))


def test_chunks_may_lie_anywhere_in_the_file(tmp_path: Path) -> None:
    """Far apart, with other bytes between them, as where a file's parts were written in turn."""
    data = scanlines(planes())
    at, starts = chunk_table(data)
    size = 8 + 3 * 2 * COLUMNS
    scattered, table = data[: starts[0]], [0] * ROWS
    for y in [*range(1, ROWS, 2), *range(ROWS - 2, -1, -2)]:
        scattered += bytes(y % 7)
        table[y] = len(scattered)
        scattered += data[starts[y] : starts[y] + size]
    plate = read(tmp_path / "p.exr", scattered[:at] + struct.pack(f"<{ROWS}Q", *table) + scattered[starts[0] :])
    assert plate.frame.layers["color"][..., 0].tobytes() == planes()[b"R"].tobytes()


def test_a_table_that_names_one_chunk_for_all_is_refused(tmp_path: Path) -> None:
    """It would make a small file a large one."""
    data = scanlines(planes())
    at, starts = chunk_table(data)
    length = len(data) - starts[0] - 8
    lying = data[:at] + struct.pack("<Q", starts[0]) * ROWS + struct.pack("<2i", 0, length) + data[starts[0] + 8 :]
    with pytest.raises(PlateError, match="lie in one another"):
        read(tmp_path / "p.exr", lying)


def test_what_was_taken_is_decoded_once_more(tmp_path: Path) -> None:
    (tmp_path / "plate.exr").write_bytes(scanlines(planes()))
    file = open_exr(tmp_path / "plate.exr")
    first = file.take(file.channels)
    again = file.read(file.channels)
    assert all(a is not b and (a == b).all() for a, b in zip(first, again, strict=True))
