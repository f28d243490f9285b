"""Before/after crops of soft edges for the documentation: ``python -m benchmarks.new_view_crops``.

Each picture shows, left to right, the plate's outline moved whole (hard edges), taken apart (soft
edges), and the truth, three times enlarged.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from art3d_node.stereo.synthesis import new_view
from benchmarks import scenes
from benchmarks.scenes import EVERYWHERE, STAR, Layer, Scene

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images" / "new-view"


def main() -> None:
    """Write one picture per kind of outline."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, softness, grid in (("antialiased", 0.0, 4), ("defocused", 3.0, 2)):
        layers = [
            Layer(STAR, (150.0, 90.0), (70.0, 62.0), 0.3, softness, (14.0, 0.0, 0.0), 7),
            Layer(EVERYWHERE, (150.0, 90.0), (1.0, 1.0), 0.0, 0.0, (-6.0, 0.0, 0.0), 26),
        ]
        _save(name, scenes.render(name, layers, (180, 300), grid=grid, detail=4.0), (60, 30))
    _save("alike", scenes.layered("alike", seed=8, softness=3.0, grid=2), (355, 785))


def _save(name: str, scene: Scene, corner: tuple[int, int]) -> None:
    """Write 160 x 120 pixels of the scene from column and row ``corner`` on."""
    views = [new_view(scene.left, scene.disparity, edges=edges).image for edges in ("hard", "soft")]
    x, y = corner
    crops = [view[y : y + 120, x : x + 160] for view in (*views, scene.right)]
    _enlarge(torch.cat(crops, 1), 3).save(FOLDER / f"{name}.png", optimize=True)


def _enlarge(picture: Tensor, times: int) -> Image.Image:
    levels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return Image.fromarray(np.repeat(np.repeat(levels, times, 0), times, 1))


if __name__ == "__main__":
    main()
