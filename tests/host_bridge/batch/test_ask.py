"""What is asked in half floats: no more than the file holds."""

from __future__ import annotations

import pytest

from host_bridge.batch.ask import outputs_for, rounded
from host_bridge.core.params import Controls
from host_bridge.io.plates import read_plate
from tests.host_bridge.conftest import MakeRgba, Write


@pytest.mark.parametrize(
    ("colour", "layer", "halves"),
    [
        ("<f2", None, {"right", "occlusion_right"}),
        ("<f4", None, {"occlusion_right"}),
        ("<f2", "<f2", {"right", "right_extra", "occlusion_right"}),
        ("<f2", "<f4", {"right", "occlusion_right"}),
        ("<f4", "<f2", {"right_extra", "occlusion_right"}),
    ],
)
def test_half_is_asked_where_the_plate_is_half(
    write_exr: Write, rgba: MakeRgba, colour: str, layer: str | None, halves: set[str]
) -> None:
    channels = {name: plane.astype(colour) for name, plane in rgba().items()}
    if layer:
        channels["glow.x"] = channels["R"].astype(layer)
    plate = read_plate(write_exr("p.0001.exr", ({}, channels)))
    asked = rounded(plate, outputs_for(plate.frame, Controls()))
    assert {name.removesuffix(":half") for name in asked if name.endswith(":half")} == halves
    assert [name.removesuffix(":half") for name in asked] == list(outputs_for(plate.frame, Controls()))
