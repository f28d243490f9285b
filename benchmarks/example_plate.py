"""Frames of the example plate whose other eye was rendered too, as scenes: in display values, seen from the left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import torch

from benchmarks.scenes import Scene

FOLDER = Path(__file__).resolve().parents[1] / "examples"
FRAMES = (1001, 1005)

Floats = npt.NDArray[np.float32]


def load(frame: int) -> Scene:
    """Read one frame.

    A point of the right view counts as occluded when its disparity leads out of the left view or to a point whose own
    disparity differs by more than a pixel.
    """
    left = _picture(_read(FOLDER / "plate" / f"plate.{frame}.exr"))
    right = _picture(_read(FOLDER / "truth" / f"right.{frame}.exr"))
    truth = _read(FOLDER / "truth" / f"disparity.{frame}.exr")
    d_left, d_right = -truth["disparityR.x"], truth["disparityL.x"]  # Nuke's disparityR.x is x_R - x_L
    rows, columns = np.arange(left.shape[0])[:, None], np.arange(left.shape[1])[None] + d_right
    inside = (columns >= 0) & (columns <= left.shape[1] - 1)
    there = d_left[rows, np.clip(np.rint(columns), 0, left.shape[1] - 1).astype(int)]
    hidden = ~inside | (np.abs(there - d_right) > 1)
    eyes = [torch.from_numpy(np.ascontiguousarray(plane)) for plane in (left, right)]
    planes = [torch.from_numpy(np.ascontiguousarray(plane)) for plane in (d_left, hidden, ~inside)]
    return Scene(str(frame), eyes[0], eyes[1], planes[0], planes[1], planes[2], torch.zeros_like(planes[1]))


def _read(path: Path) -> dict[str, Floats]:
    buffer = oiio.ImageBuf(str(path))
    if buffer.has_error:
        raise FileNotFoundError(f"{path}: {buffer.geterror()}")
    pixels = np.asarray(buffer.get_pixels(oiio.FLOAT), np.float32)
    return {name: pixels[..., i] for i, name in enumerate(buffer.spec().channelnames)}


def _picture(layers: dict[str, Floats]) -> Floats:
    picture = np.stack([layers[name] for name in "RGB"], axis=-1).clip(0, 1)
    return np.asarray(picture ** np.float32(1 / 2.2), np.float32)
