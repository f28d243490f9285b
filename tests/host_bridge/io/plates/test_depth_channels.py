"""Only depth is depth, under any of its usual names."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.plates import read_plate
from host_bridge.io.plates.depth_channels import depth_channels, named_channel
from host_bridge.io.plates.naming import Channel
from tests.host_bridge.conftest import MakeRgba, Write

BOX = Box.of_size(4, 4)


def channels(*names: str, part: int = 0, of: str = "") -> tuple[Channel, ...]:
    return tuple(Channel(part, name, name, None, "<f4", BOX, (1, 1), of) for name in names)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("R", "Z"), "Z"),
        (("R", "z"), "z"),
        (("depth.Z", "Z"), "depth.Z"),
        (("depth.z",), "depth.z"),
        (("depth",), "depth"),
        (("Depth",), "Depth"),
        (("depth.R",), "depth.R"),
        (("depth.V",), "depth.V"),
        (("depth.X",), "depth.X"),
        (("depth.Y",), "depth.Y"),
        (("depth.R", "depth.G", "depth.B", "depth.A"), "depth.R"),
        (("Depth.R", "Depth.G", "Depth.B"), "Depth.R"),
        (("ViewLayer.Depth.Z", "ViewLayer.Normal.Z", "N.Z"), "ViewLayer.Depth.Z"),
        (("View Layer.Depth.V",), "View Layer.Depth.V"),
        (("VRayZDepth.R", "VRayZDepth.G", "VRayZDepth.B"), "VRayZDepth.R"),
        (("Z-Depth.R",), "Z-Depth.R"),
        (("zdepth_1.Y",), "zdepth_1.Y"),
        (("rgba.R", "rgba.G", "rgba.B", "rgba.Z"), "rgba.Z"),
        (("noisy_depth.Z",), "noisy_depth.Z"),
        (("Z", "ZBack"), "Z"),
        (("R", "G", "B", "inverse_depth.x"), "inverse_depth.x"),
        (("inverse_depth.x", "Z"), "Z"),
    ],
)
def test_depth_is_found_under_its_usual_names(there: tuple[str, ...], expected: str) -> None:
    assert depth_channels(channels(*there))[0].channel.name == expected


@pytest.mark.parametrize(
    "there",
    [
        ("R", "G", "B"),
        ("N.x", "N.y", "N.z"),
        ("N.z",),
        ("P.X", "P.Y", "P.Z"),
        ("P.Z",),
        ("motion.x", "motion.y", "motion.z"),
        ("motionVector_2.z",),
        ("worldNormal.Z",),
        ("anything.x", "anything.y", "anything.z"),
        ("X", "Y", "Z"),
        ("disparityR.x", "disparityR.y"),
        ("albedo.R", "albedo.G", "albedo.B"),
        ("depth.A",),
        ("zmask.Z",),
        ("light_key.Z",),
        ("curvature.z",),
    ],
)
def test_only_depth_is_depth(there: tuple[str, ...]) -> None:
    assert depth_channels(channels(*there)) == []


def test_a_part_may_bear_the_layers_name() -> None:
    for part, found in (("depth", 1), ("Z_Depth", 1), ("matte", None)):
        both = (*channels("R", "G", "B", of="rgba"), *channels("Y", part=1, of=part))
        assert next((d.channel.part for d in depth_channels(both)), None) == found
    assert depth_channels(channels("Z", of="normals")) == []


def test_our_own_parts_say_what_they_mean() -> None:
    found = depth_channels(channels("inverse_depth.x"))[0]
    assert (found.meaning, found.sign) == ("near-is-white", 1.0)
    there = channels("disparityR.x", "disparityR.y", "disparityL.x")
    assert named_channel(there, "disparityR.x", where="p").sign == -1.0
    assert named_channel(there, "disparityL", where="p").sign == 1.0


def test_a_person_may_name_any_channel() -> None:
    there = channels("R", "fog.V", "fog.U")
    assert named_channel(there, "FOG.v", where="p").channel.name == "fog.V"
    assert named_channel(there, "fog", where="p").channel.name == "fog.V"
    with pytest.raises(PlateError, match=r"no channel 'Q'.*R, fog\.U, fog\.V"):
        named_channel(there, "Q", where="p.exr")


def ramp() -> np.ndarray:
    return np.linspace(1, 5, 24 * 40, dtype="<f4").reshape(24, 40)


def test_depth_of_one_value_is_passed_over_for_the_next(
    write_exr: Write, rgba: MakeRgba, caplog: pytest.LogCaptureFixture
) -> None:
    z = ramp()
    caplog.set_level(logging.INFO)
    plate = read_plate(write_exr("p.exr", ({}, {**rgba(), "depth.Z": np.zeros_like(z), "Z": z})))
    assert plate.depth_name == "Z" and plate.depth_varies
    assert plate.frame.layers["depth"][..., 0].tobytes() == z.tobytes()
    assert "depth.Z holds a single value" in caplog.text


@pytest.mark.parametrize("value", [0.0, 7.0, np.inf, np.nan, 1e10])
def test_a_z_of_one_value_is_no_depth(write_exr: Write, rgba: MakeRgba, value: float) -> None:
    plate = read_plate(write_exr("p.exr", ({}, {**rgba(), "Z": np.full((24, 40), value, "<f4")})))
    assert plate.depth_name == "Z" and not plate.depth_varies


def test_a_named_channel_is_the_depth(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({}, {**rgba(), "Z": ramp(), "fog.V": -ramp()}))
    plate = read_plate(path, depth_channel="fog.V")
    assert plate.depth_name == "fog.V"
    assert plate.frame.layers["depth"][..., 0].tobytes() == (-ramp()).tobytes()


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ({"art3d/zMeaning": "inverse"}, "inverse"),
        ({"art3d/zMeaning": "inverse", "art3d/depthFrom": "plate Z", "art3d/zHow": "asked"}, "inverse"),
        ({"art3d/zMeaning": "inverse", "art3d/zHow": "decided", "art3d/zAgreement": 0.8}, "inverse"),
        ({"art3d/zMeaning": "inverse", "art3d/zHow": "decided", "art3d/zAgreement": 0.1}, "auto"),
        ({"art3d/zMeaning": "inverse", "art3d/depthFrom": "d.####.png"}, "auto"),
        ({"art3d/zMeaning": "nonsense"}, "auto"),
        ({}, "auto"),
    ],
)
def test_metadata_say_what_z_means(write_exr: Write, rgba: MakeRgba, header: dict[str, object], meaning: str) -> None:
    assert read_plate(write_exr("p.exr", (header, {**rgba(), "Z": ramp()}))).depth_meaning == meaning
