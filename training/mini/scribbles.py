"""Points judged by eye → dense order: ``python -m training.mini.scribbles --out CACHE``.

Photographs without depth teach through a few ranked points each, spread along
the picture's colours as scribbles are in colourisation. Only the order counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from training.mini.pairs import save, window
from training.mini.pictures import read_rgb, read_values

POINTS = Path(__file__).with_name("scribbles.txt")
_WIDTH = 160
_Point = tuple[float, float, int]


def read_points(path: Path) -> Iterator[tuple[str, int | None, list[_Point]]]:
    """Yield ``(file, frame, [(x 0..1, y 0..1, level), ...])`` for each line."""
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, marks = (part.strip() for part in line.split(" : "))
        file, _, frame = name.partition("@")
        points = []
        for mark in marks.split():
            point, level = mark.split("=")
            x, y = point.split(",")
            points.append((float(x) / 100, float(y) / 100, int(level)))
        yield file, int(frame) if frame else None, points


def spread(rgb: np.ndarray, points: list[_Point]) -> np.ndarray:
    """Levels over the whole picture: least squares, neighbours of one colour agree.

    The quadratic of Levin et al., "Colorization using Optimization" (2004), with
    four neighbours and Gaussian affinity.
    """
    h, w = rgb.shape[:2]
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 0.7).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    index = np.arange(h * w).reshape(h, w)
    rows, columns, weights = [], [], []
    for a, b, da, db in (
        (index[:, :-1], index[:, 1:], lab[:, :-1], lab[:, 1:]),
        (index[:-1], index[1:], lab[:-1], lab[1:]),
    ):
        affinity = np.exp(-((da - db) ** 2).sum(2) / (2 * 4.0**2)) + 2e-3
        rows.append(a.ravel())
        columns.append(b.ravel())
        weights.append(affinity.ravel())
    i, j, k = (np.concatenate(v) for v in (rows, columns, weights))
    links = sparse.coo_matrix((np.r_[k, k], (np.r_[i, j], np.r_[j, i])), shape=(h * w, h * w)).tocsr()
    laplacian = sparse.diags(np.asarray(links.sum(1)).ravel()) - links
    held, value = np.zeros((h, w)), np.zeros((h, w))
    for x, y, level in points:
        at = slice(max(0, int(y * h) - 1), int(y * h) + 2), slice(max(0, int(x * w) - 1), int(x * w) + 2)
        held[at], value[at] = 1.0, level
    return np.asarray(spsolve((laplacian + sparse.diags(held.ravel())).tocsc(), (held * value).ravel()).reshape(h, w))


def _panorama_window(path: Path, yaw_deg: int) -> np.ndarray:
    """A view out of a linear panorama as a camera would expose it: 8-bit."""
    light = np.ascontiguousarray(read_values(path)[..., ::-1])
    light = light / (2 * np.quantile(light.mean(2), 0.6) + 1e-6)
    shown = np.clip(1.3 * light / (1 + 0.6 * light), 0, 1) ** (1 / 2.2)
    return window((shown * 255).astype(np.uint8), np.radians(yaw_deg), -0.1, size=(384, 512), fov=np.radians(80))


def _picture(path: Path, frame: int | None) -> np.ndarray:
    if frame is not None and path.suffix == ".hdr":
        return _panorama_window(path, frame)
    if frame is None:
        return read_rgb(path)
    with av.open(str(path)) as film:
        for i, seen in enumerate(film.decode(video=0)):
            if i == frame:
                return seen.to_ndarray(format="rgb24")
    raise ValueError(f"{path}: has no frame {frame}")


def pictures(plates: Path, points: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each picture and ``exp(level / 4)``, so that a level's step is a ratio of 1.28."""
    for file, frame, marks in read_points(points):
        rgb = _picture(plates / file, frame)
        small = cv2.resize(rgb, (_WIDTH, round(_WIDTH * rgb.shape[0] / rgb.shape[1])), interpolation=cv2.INTER_AREA)
        yield rgb, np.exp(spread(small, marks) / 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--points", type=Path, default=POINTS)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    save(pictures(args.plates, args.points), args.out / "scribbles_photographs")


if __name__ == "__main__":
    main()
