"""A twin of every kind in the Academy's image set, through the real command: the hero is the plate, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from host_bridge.cli import main
from host_bridge.farm.session import stop_session
from tests.host_bridge.io.plates.exr_bytes import scanlines

ROWS, COLUMNS = 48, 64
Header = dict[str, Any]
Planes = dict[str, np.ndarray]


@pytest.fixture(scope="module", autouse=True)
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of this module's own."""
    folder = tmp_path_factory.mktemp("session")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ART3D_SERVER", raising=False)
        patch.setenv("ART3D_RUNTIME_DIR", "")
        assert main(["session", "start", "--folder", str(folder)]) == 0
        yield
        stop_session(folder)


def planes(
    names: str = "RGB", seed: int = 0, kind: type = np.float16, rows: int = ROWS, columns: int = COLUMNS
) -> Planes:
    """Soft blobs, different in each channel."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0.05, 0.9, (rows // 8 + 1, columns // 8 + 1, len(names)))
    ground = np.kron(coarse, np.ones((8, 8, 1)))[:rows, :columns].astype(kind)  # type: ignore[var-annotated]
    return {name: np.ascontiguousarray(ground[..., index]) for index, name in enumerate(names)}


def window(x0: int, y0: int, x1: int, y1: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


def write(path: Path, *parts: tuple[Header, Planes]) -> None:
    made = []
    for number, (header, channels) in enumerate(parts):
        basic = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
        made.append(OpenEXR.Part({**basic, **header}, dict(channels), header.get("name", f"part{number}")))
    OpenEXR.File(made).write(str(path))


def tiled(mode: Any = None, size: int = 16) -> Header:
    tiles = OpenEXR.TileDescription()
    tiles.xSize = tiles.ySize = size
    if mode is not None:
        tiles.mode = mode
    return {"type": OpenEXR.tiledimage, "tiles": tiles}


def windows(data: tuple[int, int, int, int], display: tuple[int, int, int, int]) -> Header:
    return {"dataWindow": window(*data), "displayWindow": window(*display)}


DATA = (0, 0, COLUMNS - 1, ROWS - 1)
XYZ = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)
REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
EVERY_HALF = np.resize(np.arange(2**16, dtype=np.uint16).view(np.float16), (256, 256))

KINDS: dict[str, list[tuple[Header, Planes]]] = {
    "ScanLines: half": [({}, planes())],
    "ScanLines: float": [({}, planes(kind=np.float32))],
    "ScanLines: alpha and Z": [({}, {**planes("RGBA"), "Z": planes("Z", kind=np.float32)["Z"] + 3})],
    "ScanLines: one row a chunk": [({"compression": OpenEXR.ZIPS_COMPRESSION}, planes())],
    "ScanLines: from the bottom up": [({"lineOrder": OpenEXR.DECREASING_Y}, planes())],
    "Tiles: one level": [(tiled(), planes())],
    "Tiles: larger than the picture": [(tiled(size=512), planes())],
    "Tiles: odd windows": [({**tiled(), **windows((-7, 3, COLUMNS - 8, ROWS + 2), DATA)}, planes())],
    "Chromaticities: Rec.709": [({"chromaticities": REC709}, planes())],
    "Chromaticities: XYZ": [({"chromaticities": XYZ}, planes())],
    "DisplayWindow: data inside": [(windows((20, 10, 19 + COLUMNS, 9 + ROWS), (0, 0, 119, 79)), planes())],
    "DisplayWindow: data around": [(windows((-4, -4, COLUMNS - 5, ROWS - 5), (0, 0, 51, 35)), planes())],
    "DisplayWindow: over a corner": [(windows((-20, -10, COLUMNS - 21, ROWS - 11), (0, 0, 99, 59)), planes())],
    "DisplayWindow: negative origin": [(windows((-90, -70, COLUMNS - 91, ROWS - 71), (-100, -80, 19, -1)), planes())],
    "DisplayWindow: apart": [(windows((500, 500, 499 + COLUMNS, 499 + ROWS), DATA), planes())],
    "DisplayWindow: one row of data": [(windows((0, 5, COLUMNS - 1, 5), DATA), planes(rows=1))],
    "DisplayWindow: pixel aspect 2": [({"pixelAspectRatio": 2.0}, planes())],
    "TestImages: wide range": [
        ({}, {n: np.exp2(p * 60 - 30).astype(np.float32) for n, p in planes(kind=np.float32).items()})
    ],
    "TestImages: every half": [(windows((0, 0, 255, 255), (0, 0, 255, 255)), dict.fromkeys("RGB", EVERY_HALF))],
    "MultiView: left first, one part": [
        ({"multiView": ["left", "right"]}, {**planes(), **{f"right.{n}": p for n, p in planes(seed=1).items()}})
    ],
    "MultiView: parts": [({"name": "l", "view": "left"}, planes()), ({"name": "r", "view": "right"}, planes(seed=1))],
    "v2: a part for each layer": [
        ({"name": "rgba"}, planes("RGBA")),
        ({"name": "depth"}, {"Z": planes("Z", kind=np.float32)["Z"] + 3}),
    ],
    "v2: parts of other windows": [
        ({"name": "rgba"}, planes()),
        ({"name": "small", **windows((5, 5, 20, 20), DATA)}, {"mask.A": planes("A", rows=16, columns=16)["A"]}),
    ],
}
for level in ("MIPMAP_LEVELS", "RIPMAP_LEVELS"):
    KINDS[f"MultiResolution: {level}"] = [(tiled(getattr(OpenEXR.LevelMode, level)), planes())]
for codec in sorted(name for name in dir(OpenEXR) if name.endswith("_COMPRESSION") and not name.startswith("NUM")):
    KINDS[f"compression: {codec}"] = [({"compression": getattr(OpenEXR, codec)}, planes())]

LOSSY = ("compression: B44", "compression: DWA", "compression: LJ2K")


def render(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    capsys.readouterr()
    name = str(folder / "p.0001.exr")
    code = main(
        ["render", name, "-o", str(folder / "o.####.exr"), "--shot", "none", "--depth", "mini", "--json", *words]
    )
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def parts_of(path: Path) -> dict[str, Any]:
    return {part.name(): part for part in OpenEXR.File(str(path), separate_channels=True).parts}


@pytest.mark.parametrize("kind", KINDS)
def test_the_hero_of_every_kind_is_the_plate(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    write(tmp_path / "p.0001.exr", *KINDS[kind])
    code, _, said = render(tmp_path, capsys)
    assert code == 0, said
    found, (header, made) = parts_of(tmp_path / "o.0001.exr"), KINDS[kind][0]
    if kind.startswith(LOSSY):
        made = {
            n: c.pixels
            for n, c in OpenEXR.File(str(tmp_path / "p.0001.exr"), separate_channels=True).channels().items()
        }
    for name in set("RGBA") & set(made):
        assert found["left"].channels[name].pixels.tobytes() == made[name].tobytes(), name
    rows, columns = made["R"].shape
    for name in ("dataWindow", "displayWindow"):
        wanted = header.get(name, window(0, 0, columns - 1, rows - 1))
        assert np.array_equal(found["left"].header[name], wanted)
    right = np.stack([found["right"].channels[name].pixels for name in "RGB"], -1).astype(np.float32)
    if "every half" not in kind:
        assert np.isfinite(right).all() and right.std() > 0


def luminance(path: Path, step: int) -> None:
    """Y alone, or Y with chroma; subsampled by `step` as OpenEXR's own RGBA interface writes it."""
    y = planes("Y", kind=np.float32)["Y"]
    chroma = (
        {name: np.full((ROWS // step, COLUMNS // step), 0.1, np.float32) for name in (b"RY", b"BY")} if step else {}
    )
    path.write_bytes(scanlines({b"Y": y, **chroma}, sampling=dict.fromkeys(chroma, step)))


@pytest.mark.parametrize("step", [0, 1, 2])
def test_luminance_and_chroma(tmp_path: Path, capsys: pytest.CaptureFixture[str], step: int) -> None:
    luminance(tmp_path / "p.0001.exr", step)
    code, _, said = render(tmp_path, capsys)
    assert code == 0, said
    found = parts_of(tmp_path / "o.0001.exr")["left"].channels
    assert all(np.isfinite(found[name].pixels.astype(np.float32)).all() for name in found) and len(found) in (1, 3, 6)


def test_a_texture_with_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As texture tools write mip maps: every level in the file."""
    pixels = np.stack(list(planes(kind=np.float32).values()), -1)
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, oiio.ImageBuf(pixels), str(tmp_path / "p.0001.exr"))
    assert render(tmp_path, capsys)[0] == 0
    left = parts_of(tmp_path / "o.0001.exr")["left"].channels
    assert left["R"].pixels.tobytes() == np.ascontiguousarray(pixels[..., 0]).tobytes()


def test_a_right_first_plate_keeps_its_eye(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = {**planes(), **{f"left.{name}": plane for name, plane in planes(seed=1).items()}}
    write(tmp_path / "p.0001.exr", ({"multiView": ["right", "left"]}, both))
    assert render(tmp_path, capsys)[0] == 0
    assert parts_of(tmp_path / "o.0001.exr")["right"].channels["R"].pixels.tobytes() == planes()["R"].tobytes()


def deep(path: Path) -> None:
    samples = np.empty((8, 8), object)
    for index in np.ndindex(8, 8):
        samples[index] = np.ones(1, np.float32)
    OpenEXR.File({"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}, {"Z": samples}).write(
        str(path)
    )


def cut(path: Path) -> None:
    write(path, ({}, planes()))
    path.write_bytes(path.read_bytes()[:-2000])


def garbled(path: Path) -> None:
    write(path, ({}, planes()))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff" * 300 + data[len(data) // 2 + 300 :])


@pytest.mark.parametrize("make", [deep, cut, garbled])
def test_what_cannot_be_converted_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    make(tmp_path / "p.0001.exr")
    code, events, said = render(tmp_path, capsys)
    told = said.splitlines() + [str(e.get("error", e)) for e in events if e["event"] == "failed"]
    assert code in (2, 4) and any("p.0001.exr" in line for line in told) and "Traceback" not in said
    assert not list(tmp_path.glob("o.*.exr"))
