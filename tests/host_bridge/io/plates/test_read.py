from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from host_bridge.core.errors import MissingFrameError, PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.plates import PlateSequence, logged_once, read_plate
from host_bridge.io.plates.exr_header import Attribute
from host_bridge.io.plates.view_picture import read_view
from tests.host_bridge.conftest import MakeRgba, Write
from tests.host_bridge.io.plates.exr_bytes import scanlines


def window(x0: int, y0: int, x1: int, y1: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


def test_a_plain_plate(write_exr: Write, rgba: MakeRgba) -> None:
    made = rgba()
    plate = read_plate(write_exr("p.exr", ({}, made)), number=7)
    assert plate.number == 7
    assert plate.frame.channels == ("R", "G", "B", "A")
    assert plate.frame.display == plate.frame.data == Box.of_size(40, 24)
    assert plate.input_space == "lin_rec709_scene"
    assert set(plate.frame.layers) == {"color"}
    for index, name in enumerate("RGBA"):
        assert plate.frame.layers["color"][..., index].tobytes() == made[name].tobytes()


def test_windows_and_pixel_aspect(write_exr: Write, rgba: MakeRgba) -> None:
    header = {"displayWindow": window(0, 0, 99, 59), "dataWindow": window(30, 10, 69, 33), "pixelAspectRatio": 2.0}
    plate = read_plate(write_exr("p.exr", (header, rgba())))
    assert plate.frame.display == Box.of_size(100, 60)
    assert plate.frame.data == Box(30, 10, 70, 34)
    assert plate.frame.pixel_aspect == 2.0


def test_a_data_window_beyond_the_display(write_exr: Write, rgba: MakeRgba) -> None:
    header = {"displayWindow": window(0, 0, 31, 19), "dataWindow": window(-4, -2, 35, 21)}
    assert read_plate(write_exr("p.exr", (header, rgba()))).frame.data == Box(-4, -2, 36, 22)


def test_half_and_float_channels_keep_their_types(write_exr: Write, rgba: MakeRgba) -> None:
    z = np.random.default_rng(1).uniform(1, 50, (24, 40)).astype(np.float32)
    ids = np.arange(24 * 40, dtype=np.uint32).reshape(24, 40) + 2**25
    plate = read_plate(write_exr("p.exr", ({}, {**rgba(), "depth.Z": z, "id.x": ids})))
    assert plate.frame.layers["color"].dtype == np.float16
    assert plate.frame.layers["depth"][..., 0].tobytes() == z.tobytes()
    kept = {layer.name: layer.pixels for layer in plate.layers}
    assert kept["id.x"].dtype == np.uint32
    assert kept["id.x"].tobytes() == ids.tobytes()
    assert plate.extra == ("depth.Z",)


def test_hashed_ids_do_not_ride(write_exr: Write, rgba: MakeRgba) -> None:
    plane = np.ones((24, 40), np.float32)
    layers = {"CryptoObject00.r": plane, "normal.x": plane}
    assert read_plate(write_exr("p.exr", ({}, {**rgba(), **layers}))).extra == ("normal.x",)


def test_views_in_parts(write_exr: Write, rgba: MakeRgba) -> None:
    left, right = rgba(seed=1), rgba(seed=2)
    path = write_exr("p.exr", ({"view": "right", "name": "a"}, right), ({"view": "left", "name": "b"}, left))
    assert read_plate(path).view == "right"
    plate = read_plate(path, view="left")
    assert plate.views == ("right", "left")
    assert plate.frame.layers["color"][..., 0].tobytes() == left["R"].tobytes()


def test_views_in_channel_names(write_exr: Write, rgba: MakeRgba) -> None:
    left, right = rgba(seed=1), rgba(seed=2)
    both = {**right, **{f"left.{name}": pixels for name, pixels in left.items()}, "left.Z": left["R"]}
    path = write_exr("p.exr", ({"multiView": ["right", "left"]}, both))
    plate = read_plate(path, view="left")
    assert plate.frame.layers["color"][..., 2].tobytes() == left["B"].tobytes()
    assert plate.frame.layers["depth"][..., 0].tobytes() == left["R"].tobytes()
    assert "depth" not in read_plate(path).frame.layers


def test_depth_on_another_window_is_laid_over_the_colour(write_exr: Write, rgba: MakeRgba) -> None:
    header = {"displayWindow": window(0, 0, 99, 59)}
    z = np.full((10, 10), 5.0, np.float16)
    path = write_exr(
        "p.exr",
        ({**header, "name": "rgba", "dataWindow": window(30, 10, 69, 33)}, rgba()),
        ({**header, "name": "depth", "dataWindow": window(25, 5, 34, 14)}, {"depth.Z": z}),
    )
    depth = read_plate(path).frame.layers["depth"][..., 0]
    assert depth.shape == (24, 40)
    assert (depth[:5, :5] == 5).all()
    assert depth.sum() == 5 * 25


def test_luminance_alone_is_a_picture(write_exr: Write, rgba: MakeRgba) -> None:
    plate = read_plate(write_exr("p.exr", ({}, {"Y": rgba()["R"]})))
    assert plate.frame.channels == ("Y",)
    assert plate.frame.layers["look"].shape == (24, 40, 3)


def test_luminance_and_chroma_become_rgb(tmp_path: Path) -> None:
    y = np.full((24, 40), 0.5, np.float16)
    chroma = np.full((12, 20), 1.0, np.float16)
    path = tmp_path / "p.exr"
    made = {b"Y": y, b"RY": chroma, b"BY": np.zeros_like(chroma)}
    path.write_bytes(scanlines(made, sampling={b"RY": 2, b"BY": 2}))
    plate = read_plate(path)
    assert plate.frame.channels == ("R", "G", "B")
    assert plate.types == ("<f2",) * 3
    # RY = 1 doubles red; green pays for it, so that luminance stays.
    assert plate.frame.layers["color"][12, 20] == pytest.approx((1.0, 0.3514, 0.5), abs=1e-3)


def test_tiled_files_are_read_at_full_size(write_exr: Write, rgba: MakeRgba) -> None:
    header = {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}
    assert read_plate(write_exr("p.exr", (header, rgba()))).frame.layers["color"].shape == (24, 40, 4)


def test_metadata_is_kept_and_structure_is_not(write_exr: Write, rgba: MakeRgba) -> None:
    header = {
        "capDate": "2026:01:02 03:04:05",
        "timeCode": OpenEXR.TimeCode(1, 2, 3, 4, *[0] * 14),
        "isoSpeed": 800.0,
        "comments": "x",
    }
    kept = read_plate(write_exr("p.exr", (header, rgba()))).header
    assert kept["capDate"] == Attribute("string", b"2026:01:02 03:04:05")
    assert kept["timeCode"].kind == "timecode"
    assert kept["isoSpeed"] == Attribute("float", struct.pack("<f", 800))
    assert "dataWindow" not in kept
    assert "compression" not in kept


def test_the_files_own_tag_is_the_input_space(write_exr: Write, rgba: MakeRgba) -> None:
    ap0 = OpenEXR.colorInteropIDToChromaticities("lin_ap0_scene")
    plate = read_plate(write_exr("p.exr", ({"chromaticities": ap0}, rgba())))
    assert plate.input_space == "lin_ap0_scene"
    assert plate.frame.layers["look"].dtype == np.uint8
    explicit = read_plate(write_exr("p.exr", ({"chromaticities": ap0}, rgba())), input_space="ACEScg")
    assert explicit.input_space == "lin_ap1_scene"


def test_nan_and_infinity_stay_in_their_own_pixels(write_exr: Write, rgba: MakeRgba) -> None:
    made = rgba()
    made["R"][3, 4], made["G"][5, 6], made["B"][7, 8] = np.nan, np.inf, -np.inf
    plate = read_plate(write_exr("p.exr", ({"colorInteropID": "lin_ap1_scene"}, made)))
    assert plate.frame.layers["color"][..., 0].tobytes() == made["R"].tobytes()
    assert plate.frame.layers["look"].shape == (24, 40, 3)


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_no_such_view(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({"view": "left"}, rgba()))
    with pytest.raises(PlateError, match=r"no view 'right'.*its views are left"):
        read_plate(path, view="right")


def test_of_many_pictures_a_few_are_named(write_exr: Write, rgba: MakeRgba) -> None:
    many = {f"l{number:02d}.{c}": rgba()[c] for number in range(40) for c in "RGB"}
    (said,) = read_plate(write_exr("p.exr", ({}, {**rgba(), **many}))).choices
    assert said.endswith("l00, l01, l02, l03, l04, l05, l06, l07 and 32 more; --layer names another")


def test_no_colour(write_exr: Write, rgba: MakeRgba) -> None:
    with pytest.raises(PlateError, match=r"no colour among the channels G, R"):
        read_plate(write_exr("p.exr", ({}, {c: rgba()[c] for c in "RG"})))


def test_what_names_itself_vectors_or_ids_is_no_picture_unless_somebody_names_it(
    write_exr: Write, rgba: MakeRgba
) -> None:
    normals = {f"N.{name}": plane for name, plane in rgba().items() if name != "A"}
    path = write_exr("p.exr", ({}, normals))
    with pytest.raises(PlateError, match=r"names say depth, vectors or ids: N; --layer takes one"):
        read_plate(path)
    assert read_plate(path, layer="N").frame.channels == ("R", "G", "B")


def test_depth_alone_is_no_picture(write_exr: Write, rgba: MakeRgba) -> None:
    for name in ("Z", "depth.R"):
        with pytest.raises(PlateError, match=r"no colour among the channels .*--depth"):
            read_plate(write_exr("p.exr", ({}, {name: rgba()["R"]})))


@pytest.mark.parametrize("name", ["R", "G", "luminance", "mask", "matte.R", "View Layer.Mist.V"])
def test_a_lone_channel_is_grey(write_exr: Write, rgba: MakeRgba, name: str, caplog: pytest.LogCaptureFixture) -> None:
    logged_once._logged.clear()
    values = rgba()["R"]
    path = write_exr("p.exr", ({}, {name: values, "Z": values.astype(np.float32)}))
    plate = read_plate(path)
    assert (plate.frame.channels, plate.grey, plate.depth_name) == (("Y",), name, "Z")
    assert np.array_equal(plate.frame.layers["color"][..., 0], values)
    assert [r.message for r in caplog.records] == [f"{path}: the only picture channel, {name}, is taken as grey"]
    assert read_view(PlateSequence.open(str(path)), 1, space=None).planes[0].shape == values.shape


@pytest.mark.parametrize("name", ["N.X", "uv.X", "cryptomatte00.R", "objectid", "A"])
def test_a_lone_part_of_something_else_is_no_picture(write_exr: Write, rgba: MakeRgba, name: str) -> None:
    with pytest.raises(PlateError, match="no colour among the channels"):
        read_plate(write_exr("p.exr", ({}, {name: rgba()["R"]})))


def test_a_layer_of_one_channel_is_taken_where_it_is_named(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({}, {**rgba(), "mask.V": rgba()["G"]}))
    assert read_plate(path).frame.channels == ("R", "G", "B", "A")
    assert read_plate(path, layer="mask").grey == "mask.V"


def test_no_finite_pixel(write_exr: Write, rgba: MakeRgba) -> None:
    with pytest.raises(PlateError, match="every pixel is NaN or infinite"):
        read_plate(write_exr("p.exr", ({}, {c: np.full((24, 40), np.nan, np.float16) for c in "RGB"})))


@pytest.mark.parametrize("size", [(1, 1), (1, 64), (64, 1)])
def test_too_small_to_be_staged(write_exr: Write, rgba: MakeRgba, size: tuple[int, int]) -> None:
    with pytest.raises(PlateError, match=rf"the picture is {size[1]}×{size[0]} px; stereo needs"):
        read_plate(write_exr("p.exr", ({}, rgba(*size))))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFrameError, match="no such file"):
        read_plate(tmp_path / "p.exr")


# --- which picture -------------------------------------------------------------------------------------------------


def test_the_beauty_wins_over_a_later_part_of_the_same_names(write_exr: Write, rgba: MakeRgba) -> None:
    beauty = {c: rgba(seed=1)[c] for c in "RGB"}
    path = write_exr(
        "p.exr", ({"name": "albedo"}, rgba(seed=2)), ({"name": "rgba"}, beauty), ({"name": "N"}, rgba(seed=3))
    )
    plate = read_plate(path)
    assert plate.frame.channels == ("R", "G", "B")
    assert plate.frame.layers["color"][..., 0].tobytes() == beauty["R"].tobytes()
    assert [layer.name for layer in plate.layers][:4] == ["albedo.A", "albedo.B", "albedo.G", "albedo.R"]
    assert {layer.name: layer.pixels.tobytes() for layer in plate.layers}["albedo.R"] == rgba(seed=2)["R"].tobytes()
    assert plate.choices == ("the picture is rgba, not albedo, N; --layer names another",)


def test_a_layer_that_a_person_names_is_the_picture(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({"name": "rgba"}, rgba(seed=1)), ({"name": "albedo"}, rgba(seed=2)))
    plate = read_plate(path, layer="Albedo")
    assert plate.picture == "albedo"
    assert plate.frame.layers["color"][..., 1].tobytes() == rgba(seed=2)["G"].tobytes()
    assert "rgba.R" in {layer.name for layer in plate.layers}
    with pytest.raises(PlateError, match=r"no colour in a layer 'spec'; --layer may be: rgba, albedo"):
        read_plate(path, layer="spec")


def test_eyes_in_layer_names_are_views(write_exr: Write, rgba: MakeRgba) -> None:
    made = {f"rgba_{eye}.{c}": rgba(seed=s)[c] for s, eye in enumerate(("left", "right")) for c in "RGBA"}
    plate = read_plate(write_exr("p.exr", ({}, made)), view="right")
    assert plate.views == ("left", "right")
    assert plate.frame.layers["color"][..., 0].tobytes() == rgba(seed=1)["R"].tobytes()
    assert plate.layers == ()
