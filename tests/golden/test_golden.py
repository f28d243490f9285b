"""One small picture for each way to fill holes and to treat edges: what the new view made when somebody last looked.

Left to right: the view, its disparity (-8 black, +16 white), holes (grey), those beyond the border white; kept as
16-bit PNGs over -0.25 .. 1.25. `python tests/golden/test_golden.py` writes them anew; look before you keep them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from art3d_node.stereo.synthesis import new_view

HERE = Path(__file__).parent
LOW, HIGH = -0.25, 1.25
TOLERANCE = 1e-4  # of values 0 .. 1: four steps of 16 bits, far below what the eye or any change of method leaves

MODES = [
    {"fill": fill, "edges": edges, "toward": toward}
    for fill, toward in (("background", "right"), ("background", "left"), ("none", "right"))
    for edges in ("soft", "hard")
]


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """A striped wall, a defocused ball before it, a pole before both, a slit between two boards, a slanted floor."""
    y, x = np.mgrid[:48, :96].astype(np.float32)
    wall = 0.5 + 0.25 * np.sin(x / 5 + y / 3) * np.cos(y / 7)
    wall += np.where(np.abs(y - 20 - 0.5 * (x - 40)) < 2.5, 0.35, 0.0)  # a stripe that holes have to continue
    colours = np.stack([wall, wall * (0.6 + 0.4 * x / 96), 0.8 - 0.5 * wall], -1)
    disparity = np.where(y > 40, -6.0 + 0.4 * (y - 40), -6.0) + 0.01 * x

    cover = np.clip(0.5 - (np.hypot(x - 30, y - 22) - 11) / 4, 0, 1)
    colours += cover[..., None] * (np.stack([0.9 + 0 * x, 0.2 + y / 96, 0.1 + 0 * x], -1) - colours)
    disparity = np.where(cover >= 0.5, 3.0, disparity)
    pole = np.abs(x - 36 + 0.2 * y) < 1.5
    boards = (np.abs(x - 70) < 10) & (np.abs(x - 70) > 1.5) & (y > 8)
    colours[pole], disparity[pole] = (0.05, 0.1, 0.3), 8.0
    colours[boards], disparity[boards] = (0.3, 0.8, 0.4), 12.0
    return torch.from_numpy(colours.astype(np.float32)), torch.from_numpy(disparity.astype(np.float32))


def picture(mode: dict[str, Any]) -> npt.NDArray[np.float32]:
    """What is kept of one mode."""
    image, disparity = scene()
    view = new_view(image, disparity, **mode)
    grey = ((view.disparity + 8) / 24)[..., None].expand(-1, -1, 3)
    holes = (0.5 * view.occlusion.float() + 0.5 * view.beyond_border.float())[..., None].expand(-1, -1, 3)
    return torch.cat([view.image, grey, holes], 1).numpy()


def path_of(mode: dict[str, Any]) -> Path:
    """Where it lies."""
    return HERE / ("-".join(mode.values()) + ".png")


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: path_of(mode).stem)
def test_the_picture_is_the_one_that_was_kept(mode: dict[str, Any]) -> None:
    kept = cv2.imread(str(path_of(mode)), cv2.IMREAD_UNCHANGED)
    assert kept is not None and kept.dtype == np.uint16
    wanted = kept[..., ::-1].astype(np.float64) / 65535 * (HIGH - LOW) + LOW
    away = np.abs(picture(mode) - wanted)
    assert away.max() <= TOLERANCE, f"{(away.max(-1) > TOLERANCE).sum()} pixels, by up to {away.max():.4f}"


def main() -> int:
    """Write every picture anew."""
    for mode in MODES:
        made = picture(mode)
        assert made.min() >= LOW and made.max() <= HIGH
        levels = np.rint((made.astype(np.float64) - LOW) / (HIGH - LOW) * 65535).astype(np.uint16)
        cv2.imwrite(str(path_of(mode)), levels[..., ::-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
