"""What Art3D wrote is depth for another render: the same disparity comes out, up to scale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.renderer import render
from host_bridge.core.params import Controls
from host_bridge.io.outputs import Result, Writing, write_stereo
from host_bridge.io.plates import Pattern, Plate, PlateSequence
from host_bridge.io.plates.depth_option import with_depth
from host_bridge.shot.depth_provenance import settings_for
from host_bridge.wire.settings import AnalysisSettings

LIBRARY = Library()
OUTPUTS = ("left", "right", "disparity_left", "disparity_right", "occlusion_left", "occlusion_right", "inverse_depth")
SETTINGS = AnalysisSettings(depth="aov", z_meaning="distance")


def plate_file(path: Path) -> None:
    """A slanted wall, and a box before it."""
    rows = np.linspace(0, 1, 48, dtype=np.float32)[:, None]
    z = np.repeat(20.0 - 8.0 * rows, 80, 1).astype(np.float32)
    z[12:36, 30:50] = 4.0
    color = np.kron(np.random.default_rng(1).uniform(0.1, 0.9, (6, 10, 3)), np.ones((8, 8, 1))).astype(np.float16)
    channels = {**{c: np.ascontiguousarray(color[..., i]) for i, c in enumerate("RGB")}, "Z": z}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(path))


def staged(plate: Plate, settings: AnalysisSettings, hero: str) -> Result:
    controls = Controls(hero=hero)
    frame = plate.frame
    rendered = render(frame, analyse(frame, settings, LIBRARY), controls, frame.data, OUTPUTS)
    return Result(plate, hero, frame.data, {name: p.numpy() for name, p in rendered.planes.items()}, rendered.stats)


@pytest.mark.parametrize("layers", [("inverse_depth",), ()], ids=["inverse_depth", "disparity"])
@pytest.mark.parametrize("hero", ["left", "right"])
def test_our_own_outputs_are_depth(layers: tuple[str, ...], hero: str, tmp_path: Path) -> None:
    plate_file(tmp_path / "p.0001.exr")
    plates = PlateSequence.open(str(tmp_path / "p.####.exr"))
    first = staged(plates.read(1), SETTINGS, hero)
    # The plate's Z rides along; without it our own parts are the only depth.
    bare = replace(first, plate=replace(first.plate, layers=(), parts=()))
    write_stereo(Pattern.parse(str(tmp_path / "d.####.exr")), bare, Writing("0", layers, "zip"))

    plates, source = with_depth(plates, str(tmp_path / "d.####.exr"), hero=hero)
    plate = plates.read(1)
    assert source == "aov" and plate.depth_meaning == "near-is-white"
    again = staged(plate, settings_for(plate, AnalysisSettings(depth="aov")), hero)
    wanted, found = (r.planes[f"disparity_{hero}"][..., 0] for r in (first, again))
    assert np.ptp(wanted) > 1.0
    assert np.abs(found - wanted).max() < 0.01 * np.ptp(wanted)
