"""Surfaces and skies for the procedural worlds: photograph crops, patterns, panoramas."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.mini.pictures import read_rgb, read_values

SIZE = 192
_PHOTO_FOLDERS = ("photos_free", "kodak")


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Display-referred 0..1 → linear, by the 2.2 power that training needs no better than."""
    return np.asarray(np.power(np.clip(srgb, 0, 1), 2.2))


def _photo_crops(plates: Path, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    files = sorted(f for folder in _PHOTO_FOLDERS for f in (plates / folder).iterdir())
    pictures = [read_rgb(f) for f in files]
    crops = []
    for _ in range(count):
        picture = pictures[rng.integers(len(pictures))]
        h, w = picture.shape[:2]
        size = int(min(h, w) * rng.uniform(0.08, 0.6) ** 1.3)
        y, x = rng.integers(h - size), rng.integers(w - size)
        crop = cv2.resize(picture[y : y + size, x : x + size], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        crops.append(to_linear(crop.astype(np.float32) / 255))
    return crops


def _noise(rng: np.random.Generator) -> np.ndarray:
    """Cloudy noise over several octaves, stretched now and then into wood or cloth."""
    out = np.zeros((SIZE, SIZE), np.float32)
    stretch = int(rng.choice([1, 1, 4, 12]))
    for octave in range(1, 7):
        n = 2**octave
        small = rng.normal(size=(n, max(2, n // stretch))).astype(np.float32)
        out += cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    return np.asarray((out - out.min()) / (np.ptp(out) + 1e-6))


def _pattern(rng: np.random.Generator) -> np.ndarray:
    """Stripes, checks, tiles, windows, or plain paint, in two colours with some dirt."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE * rng.integers(2, 14)
    kind = rng.integers(5)
    if kind == 0:
        mask = (x % 1) < rng.uniform(0.2, 0.8)
    elif kind == 1:
        mask = ((x % 1) < 0.5) ^ ((y % 1) < 0.5)
    elif kind == 2:
        mask = ((x % 1) < 0.93) & ((y % 1) < 0.93)
    elif kind == 3:
        mask = (abs(x % 1 - 0.5) < rng.uniform(0.15, 0.4)) & (abs(y % 1 - 0.5) < rng.uniform(0.15, 0.4))
    else:
        mask = np.zeros_like(x, bool)
    one, two = rng.uniform(0.1, 0.9, 3), rng.uniform(0.1, 0.9, 3)
    dirt = 1 - rng.uniform(0, 0.5) * _noise(rng)[..., None]
    return (np.where(mask[..., None], one, two) * dirt).astype(np.float32)


def surfaces(plates: Path, rng: np.random.Generator, *, count: int = 600) -> np.ndarray:
    """``(count, SIZE, SIZE, 3)`` linear textures with a mean near 0.4, a third of each kind."""
    third = count // 3
    found = _photo_crops(plates, rng, third) + [_pattern(rng) for _ in range(third)]
    while len(found) < count:
        tint = rng.uniform(0.3, 1.0, 3)
        found.append((0.25 + _noise(rng)[..., None] * rng.uniform(0.1, 0.75)) * tint)
    out = np.stack(found).astype(np.float32)
    grey = out.mean(3, keepdims=True)
    out = grey + (out - grey) * rng.uniform(0.15, 1.0, (count, 1, 1, 1)).astype(np.float32)
    return np.asarray(np.clip(out / (out.mean((1, 2, 3), keepdims=True) + 0.05) * 0.4, 0, 1.2))


def skies(plates: Path, rng: np.random.Generator, *, count: int = 60) -> list[np.ndarray]:
    """Equirectangular skies ``(512, 1024, 3)``, linear: panoramas turned about, and painted gradients with clouds."""
    panoramas = [read_values(f)[..., ::-1] for f in sorted((plates / "hdri_1k").iterdir())]
    found = []
    for i in range(count):
        if i % 3 == 0:
            light = np.roll(panoramas[i // 3 % len(panoramas)], rng.integers(1024), 1)
            light = cv2.resize(light, (1024, 512), interpolation=cv2.INTER_AREA)
            light = light / (np.median(light) * 3 + 1e-6)
            found.append((light / (1 + light) * 1.2).astype(np.float32))
            continue
        top, low = rng.uniform(0.05, 1.0, 3) * [0.7, 0.85, 1.0], rng.uniform(0.3, 1.1, 3)
        height = (np.linspace(0, 2, 512).clip(0, 1) ** rng.uniform(0.5, 4))[:, None, None]
        clouds = cv2.resize(_noise(rng), (1024, 512))[..., None] * rng.uniform(0, 0.7)
        found.append(np.clip(top * (1 - height) + low * height + clouds - 0.2, 0.01, 1.3).astype(np.float32))
    return found
