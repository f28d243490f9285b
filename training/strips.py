"""Pairs beside what styles make of them, one row a kind of picture, each named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch

from art3d_node.models.camera_net import CameraNet
from training.colours import coloured
from training.config import FitConfig
from training.dataset import EyeTensors, Pairs
from training.figures import predict
from training.shards import Entry

Image = npt.NDArray[np.uint8]
_PICTURES = 6
_LABEL_PX = 120
_PLAIN = str.maketrans({"̂": ""})


@torch.no_grad()
def pictures(nets: Mapping[str, CameraNet], entries: Sequence[Entry], size_px: int, *, count: int = _PICTURES) -> bytes:
    """PNG of some pairs: both plates, the film's disparity with M_local outlined, each style's."""
    chosen = [entries[i] for i in np.linspace(0, len(entries) - 1, min(count, len(entries))).round().astype(int)]
    pairs = Pairs(chosen, FitConfig(size_px=size_px), augment=False)
    names = ["left plate", "right plate", "film, M_local", *nets]
    columns = [np.vstack([_label(name) for name in names])]
    for i in range(len(chosen)):
        left, right = pairs.eyes(i)
        cells = [_plate(left), _plate(right), _film(left)]
        cells += [coloured(predict(net, left)[0][0].numpy()) for net in nets.values()]
        columns.append(np.vstack([_fitted(cell) for cell in cells]))
    return cv2.imencode(".png", np.hstack(columns))[1].tobytes()


def _plate(eye: EyeTensors) -> Image:
    return np.ascontiguousarray(eye.rgb.permute(1, 2, 0).numpy()[..., ::-1])


def _film(eye: EyeTensors) -> Image:
    film = coloured(np.where(eye.masks[0].numpy(), eye.maps[0].numpy(), np.float32(np.nan)))
    edges, _ = cv2.findContours(eye.masks[1].numpy().astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(film, edges, -1, (0, 200, 0), 1), np.uint8)


def _label(name: str, height: int = 126) -> Image:
    strip = np.full((height, _LABEL_PX, 3), 24, np.uint8)
    words = name.translate(_PLAIN).encode("ascii", "replace").decode()
    for line, start in enumerate(range(0, len(words), 15)):
        at = (4, height // 2 + 14 * line)
        cv2.putText(strip, words[start : start + 15], at, cv2.FONT_HERSHEY_PLAIN, 0.85, (235,) * 3, 1, cv2.LINE_AA)
    return strip


def _fitted(cell: Image, width: int = 224, height: int = 126) -> Image:
    """A cell of one size; whatever its proportions, it is shown whole."""
    scale = min(width / cell.shape[1], height / cell.shape[0])
    small = cv2.resize(cell, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((height, width, 3), np.uint8)
    y, x = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return out
