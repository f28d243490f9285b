"""Cached pictures with inverse depth, mixed by source and augmented into batches.

A cache file is an ``.npz`` with ``rgb`` (k, h, w, 3) uint8 and ``iz`` (k, h, w)
float32: inverse depth, 0 = infinitely far, NaN = unknown. The file name up to its
first underscore names the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

SHAPES = ((160, 224), (192, 192), (160, 288), (224, 160), (192, 256), (224, 320), (288, 384))


@dataclass(frozen=True)
class Batch:
    """One step's pictures.

    Attributes:
        rgb: ``(n, 3, h, w)`` 0..1. iz, mask: ``(n, h, w)``.
        metric: ``(n,)`` 1 where proportions, not only order, are true.
    """

    rgb: Tensor
    iz: Tensor
    mask: Tensor
    metric: Tensor


class Cache:
    """All cached pictures of a folder, by source."""

    def __init__(self, folder: Path) -> None:
        self.pictures: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for path in sorted(folder.glob("*.npz")):
            with np.load(path) as data:
                pairs = zip(data["rgb"], data["iz"].astype(np.float32), strict=True)
                self.pictures.setdefault(path.name.split("_")[0], []).extend(pairs)


def _crop(
    rgb: np.ndarray, iz: np.ndarray, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A window of the wanted proportions, 60 to 100 % of the largest, resized; now and then mirrored or rolled."""
    h, w = iz.shape
    scale = min(h / shape[0], w / shape[1]) * rng.uniform(0.6, 1.0) ** 0.6
    ch, cw = int(shape[0] * scale), int(shape[1] * scale)
    y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
    rgb, iz = rgb[y : y + ch, x : x + cw], iz[y : y + ch, x : x + cw]
    size = (shape[1], shape[0])
    rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    iz = cv2.resize(iz, size, interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        rgb, iz = rgb[:, ::-1], iz[:, ::-1]
    if rng.random() < 0.15:
        turn = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), rng.normal() * 6, 1.08)
        rgb = cv2.warpAffine(np.ascontiguousarray(rgb), turn, size, borderMode=cv2.BORDER_REFLECT)
        iz = cv2.warpAffine(
            np.ascontiguousarray(iz), turn, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
        )
    return rgb, iz


def _photometric(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, contrast, gamma, white balance, saturation, night, blur, grain, compression: uint8 → float32 0..1."""
    if rng.random() < 0.3:
        _, code = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        rgb = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
    x = rgb.astype(np.float32) / 255
    x = x ** np.float32(np.exp(rng.normal() * 0.3)) * rng.uniform(0.7, 1.25, 1).astype(np.float32)
    x = x * rng.normal(1, 0.07, 3).astype(np.float32)
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * np.float32(0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.4))
    x = (x - 0.5) * np.float32(rng.uniform(0.75, 1.2)) + 0.5
    if rng.random() < 0.12:
        x = x * np.float32(rng.uniform(0.15, 0.6))
    if rng.random() < 0.2:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.4:
        x = x + rng.normal(size=x.shape).astype(np.float32) * np.float32(rng.uniform(0.005, 0.05))
    return np.asarray(np.clip(x, 0, 1))


def _example(
    cache: Cache, source: str, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    pictures = cache.pictures[source]
    for _ in range(8):
        rgb, iz = _crop(*pictures[rng.integers(len(pictures))], shape, rng)
        if np.isfinite(iz).mean() > 0.15 and np.nanstd(iz) > 1e-3 * (np.nanmean(iz) + 1e-9):
            break
    return _photometric(np.ascontiguousarray(rgb), rng), iz


def batches(
    cache: Cache, weights: Mapping[str, float], *, size: int, seed: int, ordinal: frozenset[str]
) -> Iterator[Batch]:
    """Endless batches; sources in proportion to ``weights``, those without pictures left out.

    Args:
        ordinal: sources whose inverse depth is right in order only.
    """
    rng = np.random.default_rng(seed)
    while True:
        present = [s for s in weights if s in cache.pictures]
        odds = np.array([weights[s] for s in present])
        shape = SHAPES[rng.integers(len(SHAPES))]
        count = max(2, round(size * 192 * 256 / (shape[0] * shape[1])))
        chosen = [present[i] for i in rng.choice(len(present), count, p=odds / odds.sum())]
        rgb, iz = zip(*(_example(cache, s, shape, rng) for s in chosen), strict=True)
        values = torch.from_numpy(np.stack(iz))
        mask = torch.isfinite(values)
        metric = torch.tensor([0.0 if s in ordinal else 1.0 for s in chosen])
        pictures = torch.from_numpy(np.stack(rgb)).permute(0, 3, 1, 2)
        yield Batch(pictures, torch.where(mask, values, 0.0), mask.float(), metric)
