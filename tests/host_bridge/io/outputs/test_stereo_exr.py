from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from host_bridge.core.errors import OutputError
from host_bridge.core.geometry import Box
from host_bridge.io.outputs import COMPRESSIONS, Result, Writing, write_stereo
from host_bridge.io.outputs.done import is_done
from host_bridge.io.plates import Pattern, read_plate
from host_bridge.io.plates.plate import Plate
from tests.host_bridge.conftest import MakeRgba, Write

STATS = {"style_id": "neutral-1", "depth_source": "aov", "model_id": "aov:distance", "fit_scale": 0.02,
         "fit_shift": -0.013, "parallax_min_pct": -0.7, "parallax_max_pct": 1.3, "budget": "comfortable"}  # fmt: skip


def window(x0: int, y0: int, x1: int, y1: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


@pytest.fixture
def plate(write_exr: Write, rgba: MakeRgba) -> Plate:
    header = {
        "displayWindow": window(0, 0, 59, 29),
        "dataWindow": window(10, 3, 49, 26),
        "pixelAspectRatio": 2.0,
        "timeCode": OpenEXR.TimeCode(1, 2, 3, 4, *[0] * 14),
        "framesPerSecond": Fraction(24000, 1001),
        "capDate": "2001:02:03 04:05:06",
        "cameraModel": "Art-1",
        "art3d/recipe": "of an earlier life",
    }
    made = rgba()
    made["R"][2, 3] = np.nan
    made["G"][4, 5] = np.inf
    extra = {"depth.Z": np.full((24, 40), 7.5, np.float32), "id.x": np.full((24, 40), 2**30 + 1, np.uint32)}
    return read_plate(write_exr("plate.exr", (header, {**made, **extra})), number=42)


@pytest.fixture
def result(plate: Plate) -> Result:
    box = Box(5, 3, 55, 27)
    rng = np.random.default_rng(5)
    planes = {
        "right": rng.normal(size=(24, 50, 4)).astype(np.float32),
        "right_extra": rng.normal(size=(24, 50, 1)).astype(np.float32),
        "disparity_left": rng.normal(size=(24, 50, 1)).astype(np.float32),
        "disparity_right": rng.normal(size=(24, 50, 1)).astype(np.float32),
        "occlusion_right": (rng.random((24, 50, 1)) > 0.9).astype(np.float32),
        "inverse_depth": rng.random((24, 50, 1)).astype(np.float32),
    }
    planes["disparity_left"][0, 0] = 0.0
    return Result(plate, "left", box, planes, STATS, "recipe-1")


def parts_of(path: Path) -> dict[str, Any]:
    return {part.header["name"]: part for part in OpenEXR.File(str(path), separate_channels=True).parts}


def test_one_file_with_all_parts(tmp_path: Path, result: Result) -> None:
    out = Pattern.parse(str(tmp_path / "out.####.exr"))
    (path,) = write_stereo(out, result, Writing("9.9", ("inverse_depth",)))
    assert path == tmp_path / "out.0042.exr"
    parts = parts_of(path)
    assert list(parts) == ["left", "right", "disparityR", "inverse_depth", "disparityL", "occlusion.right"]
    views = {name: part.header["view"] for name, part in parts.items()}
    assert views["disparityR"] == views["left"] == views["inverse_depth"] == "left"
    assert views["disparityL"] == views["right"] == views["occlusion.right"] == "right"
    assert sorted(parts["right"].channels) == ["A", "B", "G", "R", "depth.Z"]


def test_the_hero_is_the_plate_bit_for_bit(tmp_path: Path, result: Result, plate: Plate) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    left = parts_of(path)["left"].channels
    source = OpenEXR.File(str(plate.path), separate_channels=True).channels()
    assert sorted(left) == sorted(source)
    for name, channel in source.items():
        assert left[name].pixels.dtype == channel.pixels.dtype
        assert left[name].pixels.tobytes() == channel.pixels.tobytes()


def test_convention_nukes_signs(tmp_path: Path, result: Result) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9", compression="zip"))
    parts = parts_of(path)
    toward_right, toward_left = parts["disparityR"].channels, parts["disparityL"].channels
    assert (toward_right["disparityR.x"].pixels == -result.planes["disparity_left"][..., 0]).all()
    assert (toward_left["disparityL.x"].pixels == result.planes["disparity_right"][..., 0]).all()
    assert not np.signbit(toward_right["disparityR.x"].pixels[0, 0])
    for channels in (toward_right, toward_left):
        assert {c.pixels.dtype for c in channels.values()} == {np.dtype(np.float32)}
    assert not toward_right["disparityR.y"].pixels.any()


@pytest.mark.parametrize("compression", [name for name in COMPRESSIONS if not name.startswith("dwa")])
def test_pictures_lose_no_bit_and_measures_at_most_the_last_eight(
    tmp_path: Path, result: Result, compression: str
) -> None:
    out = Pattern.parse(str(tmp_path / "o.exr"))
    (path,) = write_stereo(out, result, Writing("9.9", ("inverse_depth",), compression))
    parts = parts_of(path)
    wanted = result.planes["right"].astype(np.float16)
    assert all((parts["right"].channels[c].pixels == wanted[..., i]).all() for i, c in enumerate("RGBA"))
    assert (parts["right"].channels["depth.Z"].pixels == result.planes["right_extra"][..., 0]).all()
    mask = parts["occlusion.right"].channels["occlusion.mask"].pixels
    assert (mask == result.planes["occlusion_right"][..., 0]).all()
    for part, plane in (("disparityL", "disparity_right"), ("inverse_depth", "inverse_depth")):
        off = np.abs(parts[part].channels[f"{part}.x"].pixels - result.planes[plane][..., 0])
        assert (off <= np.abs(result.planes[plane][..., 0]) * (2.0**-16 if compression == "auto" else 0.0)).all()


def test_windows_metadata_and_types_are_kept(tmp_path: Path, result: Result) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    for name, part in parts_of(path).items():
        header = part.header
        assert [list(c) for c in header["displayWindow"]] == [[0, 0], [59, 29]]
        assert header["pixelAspectRatio"] == 2.0
        assert header["framesPerSecond"] == Fraction(24000, 1001)
        assert header["timeCode"] == OpenEXR.TimeCode(1, 2, 3, 4, *[0] * 14)
        assert header["capDate"] == "2001:02:03 04:05:06"
        assert header["cameraModel"] == "Art-1"
        expected = [[10, 3], [49, 26]] if name == "left" else [[5, 3], [54, 26]]
        assert [list(c) for c in header["dataWindow"]] == expected
    right = parts_of(path)["right"].channels
    assert right["R"].pixels.dtype == np.float16
    assert right["depth.Z"].pixels.dtype == np.float32


def test_what_the_file_says_of_its_making(tmp_path: Path, result: Result) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    header = OpenEXR.File(str(path), header_only=True).header()
    assert header["art3d/version"] == "9.9"
    assert header["art3d/recipe"] == "recipe-1"
    assert header["art3d/style"] == "neutral-1"
    assert header["art3d/model"] == "aov:distance"
    assert header["art3d/depthSource"] == "aov"
    assert header["art3d/inputSpace"] == "lin_rec709_scene"
    assert header["art3d/fitScale"] == pytest.approx(0.02)
    assert header["art3d/parallaxMaxPct"] == pytest.approx(1.3)
    assert header["art3d/budget"] == "comfortable"


def test_one_file_a_view(tmp_path: Path, result: Result) -> None:
    left, right = write_stereo(Pattern.parse(str(tmp_path / "%V" / "o.####.exr")), result, Writing("9.9"))
    assert (left, right) == (tmp_path / "left" / "o.0042.exr", tmp_path / "right" / "o.0042.exr")
    assert list(parts_of(left)) == ["left", "disparityR"]
    assert list(parts_of(right)) == ["right", "disparityL", "occlusion.right"]


def test_the_output_can_be_a_plate_again(tmp_path: Path, result: Result) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    again = read_plate(path, view="left")
    assert again.views == ("left", "right")
    assert again.frame.data == result.plate.frame.data
    assert {layer.name for layer in again.layers} == {"depth.Z", "id.x"}
    assert not [name for name in again.header if name.startswith("art3d/")]


def test_layers_on_other_windows_are_kept(tmp_path: Path, write_exr: Write, rgba: MakeRgba, result: Result) -> None:
    header = {"displayWindow": window(0, 0, 59, 29)}
    mask = np.full((4, 5), 0.5, np.float16)
    path = write_exr(
        "odd.exr",
        ({**header, "name": "rgba", "dataWindow": window(10, 3, 49, 26)}, rgba()),
        ({**header, "name": "mask", "dataWindow": window(0, 0, 4, 3)}, {"mask.a": mask}),
    )
    odd = Result(read_plate(path), "left", result.box, {k: v for k, v in result.planes.items() if "extra" not in k})
    (out,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), odd, Writing("9.9"))
    kept = parts_of(out)["mask"]
    assert kept.channels["mask.a"].pixels.tobytes() == mask.tobytes()
    assert [list(c) for c in kept.header["dataWindow"]] == [[0, 0], [4, 3]]


def test_an_attribute_that_cannot_be_written_is_left_out(tmp_path: Path, result: Result) -> None:
    result.plate.header["strange"] = object()  # type: ignore[index]
    result.plate.header["kept"] = "yes"  # type: ignore[index]
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    header = OpenEXR.File(str(path), header_only=True).header()
    assert "strange" not in header
    assert header["kept"] == "yes"


def test_a_place_that_cannot_be_written(tmp_path: Path, result: Result) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        write_stereo(Pattern.parse(str(tmp_path / "file" / "o.exr")), result, Writing("9.9"))


def test_done_means_whole_and_of_this_recipe(tmp_path: Path, result: Result) -> None:
    (path,) = write_stereo(Pattern.parse(str(tmp_path / "o.exr")), result, Writing("9.9"))
    assert is_done([path], "recipe-1")
    assert not is_done([path], "recipe-2")
    assert not is_done([path, tmp_path / "other.exr"], "recipe-1")
    data = path.read_bytes()
    for cut in (1, 100, len(data) // 2, len(data) - 50):
        path.write_bytes(data[: len(data) - cut])
        assert not is_done([path], "recipe-1")
