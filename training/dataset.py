"""Shards → batches: held-out by shot, mirrored with the eyes swapped, the same on every run.

Convention:
    A batch holds the picture's true proportions at multiples of 8 px, as a style works in production. Disparity is
    x_L − x_R in % of picture width.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from art3d_node.models.styles import input_grid
from training.config import FitConfig
from training.pairs import Eye
from training.shards import Entry, ShardError

Grid = tuple[int, int]
Turn = tuple[int, int]
CACHE_BYTES = 4 << 30
_COVERED = 0.5


@dataclass(frozen=True)
class EyeTensors:
    """One eye at training size.

    Attributes:
        rgb: (3, h, w) uint8.
        maps: (2, h, w) float32: disparity %, iz.
        masks: (2, h, w) bool: M_valid, M_local.
    """

    rgb: Tensor
    maps: Tensor
    masks: Tensor


@dataclass(frozen=True)
class EyeTruth:
    """What the film says of one eye, on that eye's grid.

    Attributes:
        disparity: (N, h, w) %.
        valid, local: (N, h, w) float, 0 or 1.
    """

    disparity: Tensor
    valid: Tensor
    local: Tensor

    @property
    def global_mask(self) -> Tensor:
        """M_global = M_valid · (1 − M_local)."""
        return self.valid * (1 - self.local)


@dataclass(frozen=True)
class Batch:
    """What one step sees, N pictures of one size.

    Attributes:
        rgb: (N, 3, h, w) float, 0..1, left eyes.
        iz: (N, h, w) of the left eyes.
        left, right: what the film says of each eye.
        keys: N sample keys.
    """

    rgb: Tensor
    iz: Tensor
    left: EyeTruth
    right: EyeTruth
    keys: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        left, right = (
            EyeTruth(*(x.to(device, non_blocking=True) for x in (truth.disparity, truth.valid, truth.local)))
            for truth in (self.left, self.right)
        )
        rgb, iz = (x.to(device, non_blocking=True) for x in (self.rgb, self.iz))
        return Batch(rgb, iz, left, right, self.keys)


def split_by_shot(entries: Sequence[Entry], share: float) -> tuple[list[Entry], list[Entry]]:
    """Training and held-out entries: whole shots, drawn by the hash of film and shot, so reruns and farms agree.

    Raises:
        ShardError: fewer than two shots, so nothing can be held out.
    """
    shots = sorted({_shot(entry) for entry in entries}, key=lambda s: hashlib.sha256(repr(s).encode()).digest())
    if share <= 0:
        return list(entries), []
    if len(shots) < 2:
        raise ShardError("hold a single shot", remedy="curate more, or fit with --held-out 0")
    held = set(shots[: max(1, round(share * len(shots)))])
    return [e for e in entries if _shot(e) not in held], [e for e in entries if _shot(e) in held]


def _shot(entry: Entry) -> tuple[str, int]:
    return entry.row["film"], entry.row["shot"]


def grid_of(entry: Entry, size_px: int) -> Grid:
    """(height, width) a pair is trained at: the long side is `size_px`."""
    return input_grid(float(entry.row["aspect"]), size_px)


class Pairs(Dataset[Batch]):
    """Samples by (epoch, index); chance depends on seed, epoch and index alone.

    Args:
        entries: what to read; decoded pictures stay in memory up to `CACHE_BYTES`.
        config: size, augmentation, seed.
        augment: whether to mirror and shift colours.
    """

    def __init__(self, entries: Sequence[Entry], config: FitConfig, *, augment: bool) -> None:
        self.entries, self._config, self._augment = list(entries), config, augment
        self._cache: dict[int, tuple[EyeTensors, EyeTensors]] = {}
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self.entries)

    def eyes(self, index: int) -> tuple[EyeTensors, EyeTensors]:
        """Left and right eye of one sample.

        Raises:
            ShardError: the sample is damaged or has no valid pixel.
        """
        if index in self._cache:
            return self._cache[index]
        entry = self.entries[index]
        sample = entry.load()
        grid = grid_of(entry, self._config.size_px)
        eyes = eye_tensors(sample.left, grid), eye_tensors(sample.right, grid)
        if not all(bool(eye.masks[0].any()) for eye in eyes):
            raise ShardError("has no valid pixel", remedy="curate this film again", where=entry.row["key"])
        size = sum(t.numel() * t.element_size() for eye in eyes for t in (eye.rgb, eye.maps, eye.masks))
        if self._held_bytes + size <= CACHE_BYTES:
            self._cache[index] = eyes
            self._held_bytes += size
        return eyes

    def __getitem__(self, turn: Turn) -> Batch:
        epoch, index = turn
        left, right = self.eyes(index)
        key = self.entries[index].row["key"]
        if not self._augment:
            return _one(left, right, key)
        rng = np.random.default_rng([self._config.seed, epoch, index])
        if rng.random() < self._config.flip:
            left, right = mirrored(right), mirrored(left)
        return _one(left, right, key, colour_gain(rng, self._config.photometric))


def eye_tensors(eye: Eye, grid: Grid) -> EyeTensors:
    """An eye at training size: colours and depth averaged, disparity averaged over valid pixels only."""
    h, w = grid
    size = (w, h)
    valid = _shrunk(eye.valid.astype(np.float32), size)
    local = _shrunk((eye.local & eye.valid).astype(np.float32), size)
    disparity = _shrunk(eye.disparity * eye.valid, size) / np.maximum(valid, 1e-6)
    maps = np.stack([100 * disparity, _shrunk(eye.inverse_depth, size)]).astype(np.float32)
    kept = valid > _COVERED
    masks = np.stack([kept, kept & (local > _COVERED * valid)])
    rgb = cv2.resize(np.ascontiguousarray(eye.picture), size, interpolation=cv2.INTER_AREA)
    return EyeTensors(
        torch.from_numpy(rgb).permute(2, 0, 1).contiguous(), torch.from_numpy(maps), torch.from_numpy(masks)
    )


def _shrunk(values: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA))


def mirrored(other: EyeTensors) -> EyeTensors:
    """The left eye of the mirrored scene: it is the right eye, flipped.

    x_L' = W − 1 − x_R and x_R' = W − 1 − x_L, so x_L' − x_R' = x_L − x_R: disparity keeps its sign.
    """
    return EyeTensors(other.rgb.flip(-1), other.maps.flip(-1), other.masks.flip(-1))


def colour_gain(rng: np.random.Generator, strength: float) -> tuple[float, float, float]:
    """Brightness gain, contrast gain and saturation gain; hue stays, for a director's rule may hang on it."""
    gain, contrast, saturation = np.exp(strength * rng.uniform(-1, 1, 3))
    return float(gain), float(contrast), float(saturation)


def _one(left: EyeTensors, right: EyeTensors, key: str, gains: tuple[float, float, float] | None = None) -> Batch:
    rgb = left.rgb.float() / 255.0
    if gains is not None:
        gain, contrast, saturation = gains
        grey = rgb.mean(0, keepdim=True)
        rgb = (grey + saturation * (rgb - grey)) * gain
        rgb = ((rgb - rgb.mean()) * contrast + rgb.mean()).clamp(0, 1)
    truth = [EyeTruth(eye.maps[0], *eye.masks.float()) for eye in (left, right)]
    return Batch(rgb, left.maps[1], truth[0], truth[1], (key,))


def collate(parts: Sequence[Batch]) -> Batch:
    """Samples of one size into a batch."""
    rgb, iz = torch.stack([p.rgb for p in parts]), torch.stack([p.iz for p in parts])
    left, right = (
        EyeTruth(*(torch.stack([getattr(truth, name) for truth in eyes]) for name in ("disparity", "valid", "local")))
        for eyes in ([p.left for p in parts], [p.right for p in parts])
    )
    return Batch(rgb, iz, left, right, tuple(k for p in parts for k in p.keys))


def plan_epoch(grids: Sequence[Grid], batch: int, *, seed: int, epoch: int) -> list[list[Turn]]:
    """The epoch's batches, each of one picture size, in an order that (seed, epoch) decides."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(grids))
    batches: list[list[Turn]] = []
    for grid in sorted(set(grids)):
        of_grid = [(epoch, int(i)) for i in order if grids[int(i)] == grid]
        batches += [of_grid[i : i + batch] for i in range(0, len(of_grid), batch)]
    return [batches[int(i)] for i in rng.permutation(len(batches))]


def batches(pairs: Pairs, plan: Sequence[list[Turn]], *, workers: int = 0) -> Iterator[Batch]:
    """Batches of a plan in order."""
    return iter(
        DataLoader(
            pairs,
            batch_sampler=plan,
            collate_fn=collate,
            num_workers=workers,
            pin_memory=workers > 0 and torch.cuda.is_available(),
        )
    )
