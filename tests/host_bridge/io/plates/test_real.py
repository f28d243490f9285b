"""Real plates in many storage layouts; skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.plates import read_plate

LAYOUTS = {
    "exr_photos/Desk.exr": ((644, 874), "RGBA", "lin_rec709_scene"),
    "exr_photos/Carrots.exr": ((600, 400), "RGBA", "lin_ap0_scene"),
    "exr_photos/Flowers.exr": ((784, 734), "RGB", "lin_rec709_scene"),
    "exr_photos/MtTamNorth.exr": ((1198, 796), "RGB", "lin_rec709_scene"),
    "exr_photos/Garden.exr": ((874, 493), "Y", "lin_rec709_scene"),
    "exr_photos/Bonita.exr": ((550, 832), "RGB", "lin_rec709_scene"),
    "exr_photos/StageEnvLatLong.exr": ((1000, 500), "RGB", "lin_rec709_scene"),
    "exr_photos/Cannon.exr": ((780, 566), "RGB", "lin_rec709_scene"),
    "exr_stereo/Adjuster.exr": ((775, 678), "RGB", "lin_rec709_scene"),
    "film_frames/tos_shot_a/tos.0410.png": ((800, 332), "RGB", "srgb_rec709_scene"),
    "hdri_1k/kiara_1_dawn_1k.hdr": ((1024, 512), "RGB", "lin_rec709_scene"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(plates: Path, name: str) -> None:
    (width, height), channels, space = LAYOUTS[name]
    plate = read_plate(plates / name)
    assert plate.frame.display == Box.of_size(width, height)
    assert "".join(plate.frame.channels) == channels
    assert plate.input_space == space
    color = plate.frame.layers["color"].astype(np.float32)
    assert np.isfinite(color).mean() > 0.999
    assert 0.001 < np.nanmean(np.where(np.isfinite(color), color, np.nan)) < 20


def test_beachball_views_in_parts_and_in_names_are_the_same_pixels(plates: Path) -> None:
    for view in ("left", "right"):
        parts = read_plate(plates / "beachball" / "multipart.0001.exr", view=view)
        names = read_plate(plates / "beachball" / "singlepart.0001.exr", view=view)
        assert parts.frame.display == names.frame.display == Box.of_size(2048, 1556)
        assert parts.frame.data != parts.frame.display
        both = parts.frame.data.intersect(names.frame.data)
        mine, theirs = (p.frame.layers["color"][both.slices(p.frame.data)] for p in (parts, names))
        assert mine.tobytes() == theirs.tobytes()
        assert "depth" in parts.frame.layers


def test_the_hero_view_comes_first(plates: Path) -> None:
    assert read_plate(plates / "beachball" / "multipart.0001.exr").view == "right"
    assert read_plate(plates / "exr_stereo" / "Adjuster.exr").view == "center"
