"""Cached pictures with inverse depth, mixed by source and augmented into batches.

A cache file is an ``.npz`` with ``rgb`` (k, h, w, 3) uint8, ``iz`` (k, h, w)
float: inverse depth, 0 = infinitely far, NaN = unknown, and where whole things are known ``ids`` (k, h, w) uint8,
their numbers, 0 = none. The file name up to its first underscore names the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

SHAPES = ((192, 256), (160, 224), (192, 192), (160, 288), (224, 160), (224, 320), (288, 384))
_ODDS = (0.5, 0.08, 0.06, 0.1, 0.06, 0.08, 0.12)
_REFRESH_BATCHES = 100


@dataclass(frozen=True)
class Batch:
    """One step's pictures.

    Attributes:
        rgb: ``(n, 3, h, w)`` 0..1. iz, mask: ``(n, h, w)``. ids: ``(n, h, w)`` uint8, whole things.
        metric: ``(n,)`` how far proportions, not only order, are true: 0..1.
    """

    rgb: Tensor
    iz: Tensor
    mask: Tensor
    ids: Tensor
    metric: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(*(v.to(device) for v in (self.rgb, self.iz, self.mask, self.ids, self.metric)))


class Picture(NamedTuple):
    """Colour ``(h, w, 3)`` uint8, inverse depth ``(h, w)``, whole things ``(h, w)`` uint8."""

    rgb: np.ndarray
    iz: np.ndarray
    ids: np.ndarray


class Cache:
    """All cached pictures of a folder, by source; shards that come later are read by :meth:`refresh`."""

    def __init__(self, folder: Path) -> None:
        self.pictures: dict[str, list[Picture]] = {}
        self._folder, self._read = folder, set[str]()
        self.refresh()

    def refresh(self) -> None:
        """Read the files that are new."""
        for path in sorted(self._folder.glob("*.npz")):
            if path.name in self._read:
                continue
            self._read.add(path.name)
            with np.load(path) as data:
                iz = data["iz"]
                ids = data["ids"] if "ids" in data else np.zeros(iz.shape, np.uint8)
                pictures = map(Picture, data["rgb"], iz, ids)
                self.pictures.setdefault(path.name.split("_")[0], []).extend(pictures)


def _crop(picture: Picture, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A window of the wanted proportions, 60 to 100 % of the largest, resized; now and then mirrored or rolled."""
    h, w = picture.iz.shape
    scale = min(h / shape[0], w / shape[1]) * rng.uniform(0.6, 1.0) ** 0.6
    ch, cw = int(shape[0] * scale), int(shape[1] * scale)
    y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
    rgb, iz, ids = (v[y : y + ch, x : x + cw] for v in picture)
    size = (shape[1], shape[0])
    rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    iz = cv2.resize(iz.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    ids = cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        rgb, iz, ids = rgb[:, ::-1], iz[:, ::-1], ids[:, ::-1]
    if rng.random() < 0.15:
        turn = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), rng.normal() * 6, 1.08)
        rgb = cv2.warpAffine(np.ascontiguousarray(rgb), turn, size, borderMode=cv2.BORDER_REFLECT)
        iz, ids = (
            cv2.warpAffine(np.ascontiguousarray(v), turn, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
            for v in (iz, ids)
        )
    return Picture(np.asarray(rgb), np.asarray(iz), np.asarray(ids))


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


def _example(cache: Cache, source: str, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    pictures = cache.pictures[source]
    for _ in range(8):
        picture = _crop(pictures[rng.integers(len(pictures))], shape, rng)
        if np.isfinite(picture.iz).mean() > 0.15 and np.nanstd(picture.iz) > 1e-3 * (np.nanmean(picture.iz) + 1e-9):
            break
    return picture._replace(rgb=_photometric(np.ascontiguousarray(picture.rgb), rng))


def batches(
    cache: Cache, weights: Mapping[str, float], *, size: int, seed: int, proportion: Mapping[str, float]
) -> Iterator[Batch]:
    """Endless batches; sources in proportion to ``weights``, those without pictures left out, new shards as they come.

    Half of all batches are 192 × 256, where a step is cheap.

    Args:
        proportion: how far a source's inverse depth is right in more than order, 0..1; 1 when not named.
    """
    rng = np.random.default_rng(seed)
    for number in range(1 << 62):
        if number and number % _REFRESH_BATCHES == 0:
            cache.refresh()
        present = [s for s in weights if s in cache.pictures]
        odds = np.array([weights[s] for s in present])
        shape = SHAPES[rng.choice(len(SHAPES), p=_ODDS)]
        count = max(2, round(size * 192 * 256 / (shape[0] * shape[1])))
        chosen = [present[i] for i in rng.choice(len(present), count, p=odds / odds.sum())]
        rgb, iz, ids = zip(*(_example(cache, s, shape, rng) for s in chosen), strict=True)
        values = torch.from_numpy(np.stack(iz))
        mask = torch.isfinite(values)
        metric = torch.tensor([proportion.get(s, 1.0) for s in chosen])
        pictures = torch.from_numpy(np.stack(rgb)).permute(0, 3, 1, 2)
        yield Batch(pictures, torch.where(mask, values, 0.0), mask.float(), torch.from_numpy(np.stack(ids)), metric)
