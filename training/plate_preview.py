"""A plate as the style in training would stage it: pictures in the run's folder, every so many steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import StyleCard
from art3d_node.models.styles import LearnedStyle
from art3d_node.stereo.synthesis import new_view
from host_bridge.core.errors import BadInputError
from training.colours import coloured
from training.depth import SIDECAR, Depth
from training.shards import write_atomically
from training.sources import open_source

Image = npt.NDArray[np.uint8]
FOLDER = "preview"
PANELS = ("plate", "disparity", "anaglyph", "right view")
_LONG_SIDE_PX = 640


@dataclass(frozen=True)
class PlatePreview:
    """A plate that is staged while a style is trained.

    Attributes:
        look: (h, w, 3) uint8, display-referred.
        inverse_depth: (h, w) iz.
        every: steps between pictures.
    """

    look: Image
    inverse_depth: npt.NDArray[np.float32]
    every: int

    def due(self, step: int, steps: int) -> bool:
        """Whether a picture belongs to this step; the last one always has one."""
        return step % self.every == 0 or step == steps

    def staged(self, net: CameraNet, size_px: int) -> Image:
        """The four `PANELS`, two by two, RGB: what the node would make of it, knobs at rest.

        Args:
            net: on any device; not changed.
            size_px: longer side that the network works at.
        """
        copy = CameraNet(net.width)
        copy.load_state_dict({name: value.cpu() for name, value in net.state_dict().items()})
        style = LearnedStyle(StyleCard(name=FOLDER, architecture={}, input_size=size_px), copy.eval())
        height, width = self.look.shape[:2]
        iz = torch.from_numpy(self.inverse_depth)
        scale, shift = style.stage(torch.from_numpy(self.look), iz, aspect=width / height)
        disparity = scale * iz + shift
        plate = torch.from_numpy(self.look).float()
        right = _eight(new_view(plate, disparity * width).image)
        anaglyph = np.dstack([self.look[..., 0], right[..., 1:]])
        shown = coloured(100 * disparity.numpy())[..., ::-1]
        return np.ascontiguousarray(np.vstack([np.hstack([self.look, shown]), np.hstack([anaglyph, right])]))


def _eight(image: Tensor) -> Image:
    return np.asarray(image.round().clamp(0, 255).byte().numpy(), np.uint8)


def plate_preview(plate: Path, depth: str, every: int) -> PlatePreview:
    """The first frame of a plate, with its depth.

    Args:
        plate: a picture, video or plate pattern.
        depth: depth source of the shards; where that lies beside films, what `auto` chooses.
        every: steps between pictures.

    Raises:
        BadInputError: the plate has no frame.
        PlateError: it cannot be read.
        DepthSourceError: the depth source is not here.
    """
    first = next(open_source(plate)[0].pictures(frozenset({0})), None)
    if first is None:
        raise BadInputError("has no frame", where=f"--preview {plate}")
    height, width = first[1].shape[:2]
    scale = min(1.0, _LONG_SIDE_PX / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    look = cv2.resize(np.ascontiguousarray(first[1]), size, interpolation=cv2.INTER_AREA)
    source = Depth("auto" if depth == SIDECAR else depth.partition(":")[0])
    return PlatePreview(np.asarray(look, np.uint8), source(look, width / height, None), every)


def write_preview(folder: Path, step: int, image: Image) -> Path:
    """FOLDER/preview/STEP.jpg of an RGB picture."""
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FOLDER / f"{step:06d}.jpg"
    write_atomically(path, cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes())
    return path
