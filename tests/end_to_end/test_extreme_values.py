"""NaN, infinity and values outside 0..1 go through a render unharmed and harm nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR

from host_bridge.cli import main
from tests.end_to_end.written import parts


def test_nan_and_infinity_stay_in_their_own_pixels(tmp_path: Path, example_plate: Path) -> None:
    channels = {k: c.pixels for k, c in OpenEXR.File(str(example_plate / "plate.1001.exr"), True).channels().items()}
    clean = tmp_path / "clean.0001.exr"
    dirty = tmp_path / "dirty.0001.exr"
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, dict(channels)).write(str(clean))
    spoiled = {**channels, "R": channels["R"].copy(), "G": channels["G"].copy()}
    spoiled["R"][100, 200], spoiled["G"][300, 400] = np.nan, np.inf
    OpenEXR.File(header, spoiled).write(str(dirty))
    for name in ("clean", "dirty"):
        source, out = tmp_path / f"{name}.0001.exr", tmp_path / f"o_{name}.exr"
        assert main(["render", str(source), "-o", str(out), "--depth", "aov", "--json"]) == 0
    a, b = (parts(tmp_path / f"o_{name}.exr")["right"].channels for name in ("clean", "dirty"))
    assert sum(int((~np.isfinite(b[c].pixels)).sum()) for c in "RGB") <= 8
    changed = np.any([a[c].pixels != b[c].pixels for c in "RGBA"], axis=0)
    # Outlines near a spoiled pixel may be mixed otherwise; nothing farther away knows of it.
    for row, column in ((100, 200), (300, 400)):
        changed[row - 40 : row + 41, column - 40 : column + 41] = False
    assert not changed.any()


def test_values_below_zero_and_above_one_survive(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    channels = {c: rng.uniform(-2, 60, (64, 96)).astype(np.float16) for c in "RGB"}
    channels["Z"] = np.broadcast_to(np.linspace(4, 6, 96, dtype=np.float16), (64, 96)).copy()
    source = tmp_path / "p.exr"
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(source))
    assert main(["render", str(source), "-o", str(tmp_path / "o.exr"), "--depth", "aov", "--json"]) == 0
    right = parts(tmp_path / "o.exr")["right"].channels
    assert right["R"].pixels.max() > 50
    assert right["R"].pixels.min() < -1
