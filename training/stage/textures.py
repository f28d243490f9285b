"""Surfaces for the stage: crops of photographs where there are some, else painted noise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import PlateError

Image = npt.NDArray[np.float32]
SETS = ("photos_free", "kodak")
_LARGEST_PX = 1024


class Textures:
    """A pool of pictures to cut surfaces from.

    Args:
        folder: holds photographs, or sets of them under the names in `SETS`; None paints noise instead.
        limit: photographs kept in memory.

    Raises:
        PlateError: the folder cannot be read, or holds no photograph.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = 24) -> None:
        files = _photographs(folder) if folder else []
        step = max(1, len(files) // limit)
        self._images = [_read(file) for file in files[::step][:limit]]

    def crop(self, rng: np.random.Generator, width: int, height: int, *, detail: float = 1.0) -> Image:
        """A surface (height, width, 3), 0..1; `detail` > 1 shows more of the photograph in the same size."""
        if not self._images:
            return painted(rng, width, height)
        image = self._images[int(rng.integers(len(self._images)))]
        h, w = image.shape[:2]
        zoom = min(detail, w / width, h / height) if w >= width and h >= height else min(w / width, h / height)
        crop_w, crop_h = max(2, int(width * zoom)), max(2, int(height * zoom))
        x, y = int(rng.integers(0, w - crop_w + 1)), int(rng.integers(0, h - crop_h + 1))
        part = cv2.resize(image[y : y + crop_h, x : x + crop_w], (width, height), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            part = part[:, ::-1]
        return np.ascontiguousarray(part, np.float32)


def painted(rng: np.random.Generator, width: int, height: int) -> Image:
    """Noise in seven octaves between two colours: enough texture for any stereo matcher."""
    mix = np.zeros((height, width), np.float32)
    for octave in range(7):
        cells = min(2 ** (octave + 2), width)
        grid = rng.random((max(2, cells * height // width), cells), dtype=np.float32) - 0.5
        mix += cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR) / 1.3**octave
    mix = np.clip(0.5 + 0.7 * mix, 0, 1)[..., None]
    a, b = rng.uniform(0.05, 0.9, (2, 3)).astype(np.float32)
    return np.asarray(a + (b - a) * mix, np.float32)


def _photographs(folder: Path) -> list[Path]:
    places = [folder / name for name in SETS if (folder / name).is_dir()] or [folder]
    try:
        found = sorted(f for place in places for f in place.iterdir() if f.suffix.lower() in (".jpg", ".png"))
    except OSError as error:
        raise PlateError(f"the photographs cannot be read: {error.strerror}", where=str(folder)) from error
    if not found:
        raise PlateError("the folder holds no .jpg or .png", where=str(folder), remedy="name a folder of photographs")
    return found


def _read(file: Path) -> Image:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise PlateError("cannot be read as a picture", where=str(file))
    scale = min(1.0, _LARGEST_PX / max(image.shape[:2]))
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.float32) / np.float32(255.0)
