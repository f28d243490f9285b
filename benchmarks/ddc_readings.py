"""Which reading of DDC-IoU tells good frames from bad ones? Real pairs with known disparity, harmed in known ways.

    python -m benchmarks.ddc_readings [PLATES]

Good: Middlebury ground truth against inverse depth of `mini`. Harmed: shifted aside, blurred flat, taken from another
scene, planes without depth. AUC is the chance that a good frame scores above a harmed one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from art3d_node.stereo.ddc import READINGS, ddc_iou
from training.depth import Depth

Map = npt.NDArray[np.float32]
SCENES = {"Art": 1, "Books": 1, "Dolls": 1, "Cones": 2, "Teddy": 2}
_NAMES = {1: ("view1.png", "disp1.png", 3.0), 2: ("im2.png", "disp2.png", 4.0)}


def scenes(folder: Path, depth: Depth) -> list[tuple[Map, Map, Map]]:
    """(disparity px, iz, valid) of each scene at 448 × 352."""
    found = []
    for name, kind in SCENES.items():
        picture, truth, scale = _NAMES[kind]
        color = np.asarray(cv2.imread(str(folder / name / picture), cv2.IMREAD_COLOR_RGB), np.uint8)
        disparity = np.asarray(cv2.imread(str(folder / name / truth), cv2.IMREAD_GRAYSCALE), np.float32) / scale
        iz = depth(color, color.shape[1] / color.shape[0], None)
        found.append(tuple(x[:352, :448] for x in (disparity, iz, (disparity > 0).astype(np.float32))))
    return found  # type: ignore[return-value]


def harmed(index: int, all_scenes: list[tuple[Map, Map, Map]]) -> dict[str, Map]:
    """Bad disparities for one scene, by kind of harm."""
    disparity = all_scenes[index][0]
    noise = np.random.default_rng(index).normal(0, 0.5, disparity.shape).astype(np.float32)
    return {
        "shifted 40 px": np.roll(disparity, 40, 1),
        "another scene": all_scenes[(index + 1) % len(all_scenes)][0],
        "one plane": np.full_like(disparity, 20) + noise,
        "blurred flat": cv2.GaussianBlur(disparity, (0, 0), 60) + noise,
        "upside down": -disparity,
    }


def score(reading: str, disparity: Map, iz: Map, valid: Map) -> float:
    """One DDC-IoU."""
    tensors = (torch.from_numpy(np.ascontiguousarray(x))[None] for x in (disparity, iz, valid))
    return float(ddc_iou(*tensors, reading=reading, min_span=1.5)[0])  # type: ignore[arg-type]


def main() -> None:
    """Prints the table."""
    default = os.environ.get("ART3D_PLATES", str(Path(__file__).resolve().parents[2] / "shared" / "plates"))
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else default) / "middlebury_stereo_gt"
    found = scenes(folder, Depth("mini"))
    table = Table("reading", "good: mean", "good: least", "harm", "mean", "most", "AUC", title="DDC-IoU on Middlebury")
    for reading in READINGS:
        good = [score(reading, d, iz, m) for d, iz, m in found]
        bad = [{k: score(reading, d, found[i][1], found[i][2]) for k, d in harmed(i, found).items()} for i in range(5)]
        for kind in bad[0]:
            values = [row[kind] for row in bad]
            auc = np.mean([(g > v) + 0.5 * (g == v) for g in good for v in values])
            cells = (f"{np.mean(good):.2f}", f"{min(good):.2f}", kind, f"{np.mean(values):.2f}", f"{max(values):.2f}")
            table.add_row(reading, *cells, f"{auc:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
