"""What lies around the active picture: bars as they are in the plate, for both eyes alike, on the screen plane.

Convention:
    In the bars views and extra layers are the plate's own, a floating window masks nothing (1), and every other plane
    is 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from art3d_node.plate import PlateTensors
from art3d_node.transfer import as_float
from host_bridge.core.geometry import Box

_FAR = 1 << 24  # beyond every pixel
_LAYERS = {"left": "color", "right": "color", "left_extra": "extra", "right_extra": "extra"}


def opening(plate: PlateTensors) -> Box:
    """Where the picture may be seen: it ends at a bar, and may reach beyond the data window where there is none."""
    picture, data = plate.frame.data, (plate.barred or plate.frame).data
    return Box(
        picture.x0 if picture.x0 > data.x0 else -_FAR,
        picture.y0 if picture.y0 > data.y0 else -_FAR,
        picture.x1 if picture.x1 < data.x1 else _FAR,
        picture.y1 if picture.y1 < data.y1 else _FAR,
    )


def framed(plane: Tensor, name: str, active: Box, box: Box, plate: PlateTensors) -> Tensor:
    """One output over the asked box: what is seen of the picture, and the bars around it.

    Args:
        plane: (h, w, c) over `active`.
        name: of the output.
        active: the part of `box` in the opening.
        box: the pixels asked.
        plate: whose bars.
    """
    if active == box or plate.barred is None:
        return plane
    beyond = 1.0 if name.startswith("window_") else 0.0
    canvas = torch.full((box.height, box.width, plane.shape[2]), beyond, device=plane.device)
    bars, layer = box.intersect(plate.barred.data), _LAYERS.get(name)
    if layer and not bars.empty:
        pixels = plate.barred.layers[layer][bars.slices(plate.barred.data)]
        canvas[bars.slices(box)] = as_float(pixels, plane.device)
    if not active.empty:
        canvas[active.slices(box)] = plane
    return canvas
