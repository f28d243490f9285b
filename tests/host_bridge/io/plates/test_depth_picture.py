"""Depth in files of its own: every format, any size, and outlines that stay outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from av import VideoFrame

from host_bridge.core.errors import BadInputError, DepthSourceError, MissingFrameError, PlateError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.io.plates import PlateSequence
from host_bridge.io.plates.depth_option import with_depth
from host_bridge.io.plates.depth_picture import fitted, read_depth
from host_bridge.io.plates.resample import resampled
from tests.host_bridge.conftest import Write
from tests.host_bridge.io.plates.films import Make, make

SHAPE = (24, 40)


def steps() -> np.ndarray:
    """A wall at 1/4, and a box at 3/4 in front of it."""
    z = np.full(SHAPE, 0.25, np.float32)
    z[6:18, 10:30] = 0.75
    return z


def frame(width: int, height: int, *, data: Box | None = None, aspect: float = 1.0) -> Frame:
    box = data or Box.of_size(width, height)
    color = np.zeros((box.height, box.width, 3), np.float32)
    return Frame(Box.of_size(width, height), box, {"color": color}, pixel_aspect=aspect)


def write(path: Path, pixels: np.ndarray, kind: str, names: tuple[str, ...] = ("Y",)) -> Path:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], len(names), kind)
    spec.channelnames = names
    spec.attribute("oiio:UnassociatedAlpha", 1)  # else what lies beside alpha is divided by it
    out = oiio.ImageOutput.create(str(path))
    assert out is not None
    assert out is not None and out.open(str(path), spec)
    planes = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], len(names), 2)
    assert out.write_image(np.ascontiguousarray(planes))
    out.close()
    return path


@pytest.mark.parametrize(
    ("name", "kind", "names", "tolerance"),
    [
        ("d.png", "uint8", ("Y",), 1 / 255),
        ("d.png", "uint16", ("Y",), 1 / 65535),
        ("d.png", "uint16", ("R", "G", "B"), 1 / 65535),
        ("d.png", "uint8", ("R", "G", "B", "A"), 1 / 255),
        ("d.tif", "uint16", ("Y",), 1 / 65535),
        ("d.tif", "float", ("Y",), 0.0),
        ("d.exr", "float", ("Y",), 0.0),
        ("d.exr", "half", ("R", "G", "B"), 0.0),
        ("d.exr", "float", ("Z",), 0.0),
        ("d.exr", "float", ("depth.V",), 0.0),
        ("d.pfm", "float", ("Y",), 0.0),
    ],
)
def test_every_format_says_the_same(
    tmp_path: Path, name: str, kind: str, names: tuple[str, ...], tolerance: float
) -> None:
    found = read_depth(write(tmp_path / name, steps(), kind, names))
    assert np.abs(found.pixels - steps()).max() <= tolerance
    assert found.varies and found.meaning == "auto"


def test_numpy_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", steps()[..., None])
    assert np.array_equal(read_depth(tmp_path / "d.npy").pixels, steps())
    np.save(tmp_path / "p.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(PlateError, match="not a NumPy array"):
        read_depth(tmp_path / "p.npy")


def test_a_picture_in_colour_is_no_depth(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).random((*SHAPE, 3)).astype(np.float32)
    for name in ("c.png", "c.exr"):
        path = write(tmp_path / name, colours, "uint8" if name == "c.png" else "float", ("R", "G", "B"))
        with pytest.raises(PlateError, match="--depth-channel"):
            read_depth(path)
        assert np.abs(read_depth(path, channel="g").pixels - colours[..., 1]).max() <= 1 / 255
        with pytest.raises(PlateError, match="no channel 'Q'"):
            read_depth(path, channel="Q")


def test_our_own_parts_are_read_and_mean_near_is_white(write_exr: Write) -> None:
    z = steps()
    path = write_exr("own.exr", ({"name": "disparityR", "view": "left"}, {"disparityR.x": -z, "disparityR.y": 0 * z}))
    found = read_depth(path)
    assert np.array_equal(found.pixels, z) and found.meaning == "near-is-white"
    path = write_exr("own2.exr", ({"name": "inverse_depth"}, {"inverse_depth.x": z}))
    found = read_depth(path)
    assert np.array_equal(found.pixels, z) and found.meaning == "near-is-white"


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.73, 2.0, 3.0, 8.0])
def test_no_size_makes_a_depth_between_two_surfaces(factor: float) -> None:
    height, width = (round(side * factor) for side in SHAPE)
    x, y = ((np.arange(n) + 0.5) * side / n for n, side in zip((width, height), SHAPE[::-1], strict=True))
    made = resampled(steps(), x, y)
    assert made.shape == (height, width) and set(np.unique(made)) == {np.float32(0.25), np.float32(0.75)}
    # The box keeps its place to half a pixel of the coarser grid.
    inside = np.argwhere(made > 0.5) / factor
    slack = 0.75 / min(1.0, factor)
    assert np.abs(inside.min(axis=0) - (6, 10)).max() <= slack
    assert np.abs(inside.max(axis=0) + 1 / factor - (18, 30)).max() <= slack


def test_a_slope_is_no_staircase() -> None:
    ramp = np.broadcast_to(np.linspace(0.5, 1.0, 64, dtype=np.float32), (16, 64))
    places = (np.arange(256) + 0.5) / 4
    made = resampled(ramp, places, np.arange(16) + 0.5)[8]  # type: ignore[arg-type]
    inside = np.diff(made)[4:-4]
    assert inside.min() > 0.9 * inside.mean() and inside.max() < 1.1 * inside.mean()


def test_near_and_far_do_not_mix_where_the_range_is_wide() -> None:
    """Two near objects differ by less than a hundredth of a range that reaches to the horizon."""
    z = np.full((8, 16), 1000.0, np.float32)
    z[:, :8], z[:, 8:12] = 2.0, 4.0
    made = resampled(z, (np.arange(64) + 0.5) / 4, np.arange(8) + 0.5)  # type: ignore[arg-type]
    assert set(np.unique(made)) == {np.float32(2.0), np.float32(4.0), np.float32(1000.0)}


def test_holes_stay_holes() -> None:
    z = steps()
    z[:, 10], z[:, 20] = np.nan, np.inf
    made = resampled(z, (np.arange(80) + 0.5) / 2, (np.arange(48) + 0.5) / 2)
    assert np.isnan(made[:, 20:22]).all() and np.isinf(made[:, 40:42]).all()
    assert np.isfinite(np.delete(made, (20, 21, 40, 41), axis=1)).all()


def test_windows_are_honoured(write_exr: Write, tmp_path: Path) -> None:
    window = (np.array([10, 5], np.int32), np.array([29, 14], np.int32))
    display = (np.array([0, 0], np.int32), np.array([39, 23], np.int32))
    path = write_exr("w.exr", ({"dataWindow": window, "displayWindow": display}, {"Z": np.ones((10, 20), "<f4")}))
    over = fitted(read_depth(path), frame(40, 24))[..., 0]
    assert over.sum() == 200 and (over[5:15, 10:30] == 1).all()
    twice = fitted(read_depth(path), frame(80, 48, data=Box(20, 10, 60, 30)))[..., 0]
    assert twice.shape == (20, 40) and (twice == 1).all()
    bare = write(tmp_path / "b.png", steps(), "uint8")
    assert fitted(read_depth(bare), frame(100, 100, data=Box(3, 4, 43, 28))).shape == (24, 40, 1)


def test_another_shape_is_refused(tmp_path: Path) -> None:
    found = read_depth(write(tmp_path / "d.png", steps(), "uint8"))
    with pytest.raises(PlateError, match="40×24 px, the plate 64×64"):
        fitted(found, frame(64, 64))
    assert fitted(found, frame(20, 24, aspect=2.0)).shape == (24, 20, 1)


def sequence(tmp_path: Path, frames: range, *, without: int | None = None) -> PlateSequence:
    for number in frames:
        write(tmp_path / f"p.{number}.exr", np.full((*SHAPE, 3), 0.5, np.float32), "half", ("R", "G", "B"))
        if number != without:
            write(tmp_path / f"d.{number}.png", steps(), "uint16")
    return PlateSequence.open(str(tmp_path / "p.####.exr"))


def test_a_second_sequence_is_the_depth(tmp_path: Path) -> None:
    plates = sequence(tmp_path, range(1001, 1004), without=1002)
    plates, source = with_depth(plates, str(tmp_path / "d.####.png"))
    plate = plates.read(1001)
    assert source == "aov" and plate.depth_file == "d.####.png" and plate.depth_varies
    assert np.abs(plate.frame.layers["depth"][..., 0] - steps()).max() < 1e-4
    with pytest.raises(DepthSourceError, match=r"d\.1002\.png: frame 1002 has no depth picture"):
        plates.read(1002)


def test_what_depth_may_not_be(tmp_path: Path) -> None:
    plates = sequence(tmp_path, range(1001, 1003))
    with pytest.raises(BadInputError, match="one depth picture for 2 frames"):
        with_depth(plates, str(tmp_path / "d.1001.png"))
    with pytest.raises(MissingFrameError):
        with_depth(plates, str(tmp_path / "no.####.png"))
    with pytest.raises(BadInputError, match="has no channels"):
        with_depth(plates, "mini", "Z")
    assert with_depth(plates, "mini")[1] == "mini" and with_depth(plates, "auto", "Z")[1] == "aov"
    (tmp_path / "d.1001.png").write_bytes(b"no picture")
    with pytest.raises(DepthSourceError, match=r"d\.1001\.png"):
        with_depth(plates, str(tmp_path / "d.####.png"))[0].read(1001)


def test_views_in_the_name(tmp_path: Path) -> None:
    for view, value in (("left", 0.25), ("right", 0.75)):
        write(tmp_path / f"p_{view}.0001.png", np.full((*SHAPE, 3), 0.5, np.float32), "uint8", ("R", "G", "B"))
        write(tmp_path / f"d_{view}.0001.tif", steps() * value, "float")
    plates = PlateSequence.open(str(tmp_path / "p_%V.####.png"), view="right")
    plates, _ = with_depth(plates, str(tmp_path / "d_%V.####.tif"))
    assert plates.read(1).frame.layers["depth"].max() == np.float32(0.75 * 0.75)


def test_a_movie_is_depth_by_its_luma(tmp_path: Path) -> None:
    """Its first frame belongs to the plate's first, whatever its timecode says."""
    plates = sequence(tmp_path, range(1001, 1004))
    codes = [np.rint(steps() * 200 + 20 * k).astype(np.uint8) for k in range(2)]
    frames = [VideoFrame.from_ndarray(c, format="gray") for c in codes]
    how = Make(codec="ffv1", pixels="gray", size=(SHAPE[1], SHAPE[0]), tags=(1, 1, 1, 2), timecode="01:00:00:00")
    film = make(tmp_path / "d.mkv", how, frames)
    asked, source = with_depth(plates, str(film))
    assert source == "aov"
    for number, wanted in zip((1001, 1002), codes, strict=True):
        plate = asked.read(number)
        assert plate.depth_file == "d.mkv"
        assert np.abs(plate.frame.layers["depth"][..., 0] - wanted / 255).max() < 1 / 255
    assert asked.depth.content(1001) != asked.depth.content(1002)
    with pytest.raises(DepthSourceError, match="frame 1003 has no depth picture"):
        asked.read(1003)
    with pytest.raises(BadInputError, match="has no channels"):
        with_depth(plates, str(film), "Z")
