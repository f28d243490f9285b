"""How good is the stereo matcher? Real pairs with truth at 512 wide, beside OpenCV's semi-global matching.

    python -m benchmarks.matching [PLATES]

*density*: valid pixels among those that both eyes see; *of all*: among all with a truth; *right*: valid within 1 px;
*DDC*: DDC-IoU of the valid disparities with the true depth; *CPU*: seconds of one thread, both matchers in turn.
A second table draws density against accuracy as the odds that a disparity must have go up.
The thresholds were tuned on the pairs of `middlebury.TUNED_ON` alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from art3d_node import native
from art3d_node.stereo.ddc import ddc_iou
from art3d_node.stereo.matching import Trust, consistent, match
from benchmarks.middlebury import HELD_OUT, TUNED_ON

WIDTH, REACH_PX = 512, 80
ODDS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Found = tuple[Map, npt.NDArray[np.bool_]]


def pair(place: Path) -> tuple[Picture, Picture, Map, Map]:
    """Both eyes and their true disparities, px, NaN where unknown; `WIDTH` wide."""
    new = (place / "view1.png").exists()
    names = ("view1", "view5", "disp1", "disp5") if new else ("im2", "im6", "disp2", "disp6")
    read = [np.asarray(cv2.imread(str(place / f"{name}.png"), cv2.IMREAD_COLOR_RGB)) for name in names]
    by = WIDTH / read[0].shape[1]
    size = WIDTH, round(read[0].shape[0] * by)
    eyes = [np.asarray(cv2.resize(eye, size, interpolation=cv2.INTER_LINEAR), np.uint8) for eye in read[:2]]
    step = by / (3 if new else 4)
    codes = [cv2.resize(code, size, interpolation=cv2.INTER_NEAREST)[..., 0].astype(np.float32) for code in read[2:]]
    true = [np.where(code > 0, code * np.float32(step), np.float32(np.nan)) for code in codes]
    return eyes[0], eyes[1], true[0], true[1]


def own(left: Picture, right: Picture, *, trust: Trust | None = None) -> Found:
    """The matcher that is used."""
    found = match(left, right, reach_px=REACH_PX, trust=trust or Trust())
    return found.disparity[0], found.valid[0]


def opencv(left: Picture, right: Picture) -> Found:
    """OpenCV's, both ways, valid where the eyes agree within a pixel and a half."""

    def search(a: Picture, b: Picture) -> Map:
        wide = [cv2.copyMakeBorder(x, 0, 0, REACH_PX, 0, cv2.BORDER_REPLICATE) for x in (a, b)]
        area = 25
        matcher = cv2.StereoSGBM.create(
            minDisparity=0, numDisparities=REACH_PX, blockSize=5, P1=8 * area, P2=32 * area, uniquenessRatio=8,
            speckleWindowSize=60, speckleRange=2,
        )  # fmt: skip
        found = np.asarray(matcher.compute(*wide))[:, REACH_PX:].astype(np.float32) / 16
        return np.where(found < 0, np.float32(np.nan), found)

    grey = [np.asarray(cv2.cvtColor(eye, cv2.COLOR_RGB2GRAY), np.uint8) for eye in (left, right)]
    there = search(*(np.ascontiguousarray(eye[:, ::-1]) for eye in reversed(grey)))[:, ::-1]
    here = search(grey[0], grey[1])
    return here, consistent((here, np.ascontiguousarray(there)), 1.5)[0]


def figures(by: Callable[[Picture, Picture], Found], place: Path) -> list[float]:
    """density, of all, % right, DDC-IoU, CPU seconds."""
    left, right, true, true_right = pair(place)
    start = time.process_time()
    disparity, valid = by(left, right)
    spent = time.process_time() - start
    known = np.isfinite(true)
    seen = consistent((true, true_right), 1.2)[0] & known
    on = valid & known
    error = np.abs(disparity - true)[on]
    maps = (np.nan_to_num(disparity), np.nan_to_num(true), on)
    ddc = ddc_iou(*(torch.from_numpy(np.asarray(x, np.float32))[None] for x in maps), min_span=1.5)
    return [
        float(v)
        for v in ((valid & seen).sum() / seen.sum(), on.sum() / known.sum(), 100 * (error <= 1).mean(), ddc[0], spent)
    ]


def main() -> None:
    """Prints the table."""
    default = os.environ.get("ART3D_PLATES", str(Path(__file__).resolve().parents[2] / "shared" / "plates"))
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else default) / "middlebury_stereo_gt"
    native.set_threads(1)
    cv2.setNumThreads(1)
    table = Table(
        "", "density", "of all", "right, %", "DDC", "CPU, s", "OpenCV: density", "of all", "right, %", "DDC", "CPU, s"
    )
    for names, title in ((TUNED_ON, "tuned on: mean"), (HELD_OUT, "held out: mean")):
        rows = [[*figures(own, folder / name), *figures(opencv, folder / name)] for name in names]
        for name, row in zip((*names, title), (*rows, np.mean(rows, axis=0)), strict=True):
            table.add_row(name, *(f"{value:.{1 if i in (2, 7) else 2}f}" for i, value in enumerate(row)))
    Console(width=140).print(table)
    Console(width=140).print(curve(folder))


def curve(folder: Path) -> Table:
    """Means over the pairs, by the odds demanded."""
    table = Table("log odds", "tuned on: density", "right, %", "held out: density", "right, %")
    for odds in ODDS:
        by = partial(own, trust=Trust(odds=odds))
        cells = []
        for names in (TUNED_ON, HELD_OUT):
            density, _, right, *_ = np.mean([figures(by, folder / name) for name in names], axis=0)
            cells += [f"{density:.2f}", f"{right:.1f}"]
        table.add_row(f"{odds:.1f}", *cells)
    return table


if __name__ == "__main__":
    main()
