"""Real pairs → inverse depth, by matching or as measured: ``python -m training.mini.pairs --out CACHE``.

Middlebury 2005, TUM and ICL are not read here: they are kept for the figures.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import OpenEXR
from PIL import Image

from training.mini.pictures import read_rgb, read_values

_log = logging.getLogger(__name__)
_Pair = tuple[np.ndarray, np.ndarray]


def match(left: np.ndarray, right: np.ndarray, *, low: int, span: int) -> np.ndarray:
    """Left disparity in pixels (positive = nearer), NaN where left and right disagree."""
    gl, gr = cv2.cvtColor(left, cv2.COLOR_RGB2GRAY), cv2.cvtColor(right, cv2.COLOR_RGB2GRAY)

    def sgbm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        matcher = cv2.StereoSGBM.create(low, span, 5, 8 * 25 * 2, 32 * 25 * 2, 1, 31, 8, 60, 2, cv2.STEREO_SGBM_MODE_HH)
        wide = max(0, low + span)
        a, b = (cv2.copyMakeBorder(v, 0, 0, wide, wide, cv2.BORDER_REPLICATE) for v in (a, b))
        return np.asarray(matcher.compute(a, b)[:, wide:-wide], np.float32) / 16

    dl = sgbm(gl, gr)
    dr = sgbm(gr[:, ::-1], gl[:, ::-1])[:, ::-1]
    x = np.clip(np.round(np.arange(dl.shape[1])[None] - dl).astype(int), 0, dl.shape[1] - 1)
    agree = np.abs(np.take_along_axis(dr, x, 1) - dl) <= 1.5
    return np.where(agree & (dl >= low), cv2.medianBlur(np.ascontiguousarray(dl), 5), np.nan)


def _inverse_depth(disparity: np.ndarray, *, parallel: bool) -> np.ndarray:
    """Disparity → about inverse depth; where convergence is unknown, the farthest point is put near infinity."""
    if parallel:
        return np.asarray(np.maximum(disparity, 0) + 0.25)
    low, high = np.nanquantile(disparity, [0.01, 0.99])
    return np.asarray(np.maximum(disparity - low + 0.05 * (high - low), 0))


def window(panorama: np.ndarray, yaw: float, pitch: float, *, size: tuple[int, int], fov: float) -> np.ndarray:
    """A perspective view (h, w) out of an equirectangular picture; angles in radians."""
    h, w = size
    f = 0.5 * w / np.tan(fov / 2)
    x, y = np.meshgrid((np.arange(w) - w / 2 + 0.5) / f, (np.arange(h) - h / 2 + 0.5) / f)
    c, s = np.cos(pitch), np.sin(pitch)
    up, ahead = -y * c + s, c + y * s
    lon, lat = np.arctan2(x, ahead) + yaw, np.arctan2(up, np.hypot(x, ahead))
    ph, pw = panorama.shape[:2]
    mx = ((lon / (2 * np.pi) + 0.5) % 1 * pw - 0.5).astype(np.float32)
    my = ((0.5 - lat / np.pi) * ph - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(panorama, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def _usable(disparity: np.ndarray) -> bool:
    finite = np.isfinite(disparity)
    return bool(finite.mean() > 0.35 and np.ptp(np.nanquantile(disparity, [0.05, 0.95])) > 1.5)


def _around(top: np.ndarray, bottom: np.ndarray, yaws: np.ndarray, rng: np.random.Generator) -> Iterator[_Pair]:
    wide = min(1280, top.shape[1] // 4)
    size = (wide * 3 // 4, wide)
    for yaw in yaws:
        fov, pitch = np.radians(rng.uniform(65, 95)), np.radians(rng.uniform(-22, 15))
        left, right = (window(p, yaw, pitch, size=size, fov=fov) for p in (top, bottom))
        disparity = match(left, right, low=-4, span=64)
        if _usable(disparity):
            yield left, _inverse_depth(disparity, parallel=True)


def _frames(path: Path, every: int) -> Iterator[np.ndarray]:
    with av.open(str(path)) as film:
        for i, frame in enumerate(film.decode(video=0)):
            if i % every == 0:
                yield frame.to_ndarray(format="rgb24")


def panoramas(plates: Path, rng: np.random.Generator) -> Iterator[_Pair]:
    """Windows of the stereo panoramas and film; not those that a matcher cannot follow (coral, test room)."""
    for name in ("walrus", "dolphins", "chess", "congo"):
        picture = read_rgb(plates / f"stereo_photos/{name}.top-bottom.jpg")
        half = picture.shape[0] // 2
        yaws = np.arange(0, 2 * np.pi, np.pi / 10) + rng.uniform(0, 0.3)
        yield from _around(picture[:half], picture[half:], yaws, rng)
    for frame in _frames(plates / "stereo_video/congo_360_top-bottom.mp4", 30):
        big = cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        half = big.shape[0] // 2
        yield from _around(big[:half], big[half:], rng.uniform(-np.pi, np.pi, 4), rng)


def _exr_views(path: Path) -> _Pair:
    channels = OpenEXR.File(str(path), separate_channels=True).channels()
    views = [np.stack([channels[p + c].pixels for c in "RGB"], 2).astype(np.float32) for p in ("left.", "right.")]
    left, right = ((np.clip(v, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8) for v in views)
    return left, right


def photographs(plates: Path) -> Iterator[_Pair]:
    """Stereo photographs of unknown convergence."""
    folder = plates / "stereo_photos"
    for name in ("calf-left-right.jpg", "stereograph.left-right.jpg"):
        both = read_rgb(folder / name)
        half = both.shape[1] // 2
        yield both[:, :half], both[:, half : 2 * half]
    with Image.open(folder / "Panasonic-DMC-GX8.mpo") as mpo:
        eyes = []
        for i in range(2):
            mpo.seek(i)
            eyes.append(np.asarray(mpo.convert("RGB")))
        yield eyes[0], eyes[1]
    yield _exr_views(plates / "exr_stereo/Adjuster.exr")


def matched_photographs(plates: Path) -> Iterator[_Pair]:
    for left, right in photographs(plates):
        scale = 960 / left.shape[1]
        left, right = (cv2.resize(v, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for v in (left, right))
        disparity = match(left, right, low=-64, span=160)
        if _usable(disparity):
            yield left, _inverse_depth(disparity, parallel=False)


def middlebury_2003(plates: Path) -> Iterator[_Pair]:
    """Cones and Teddy, both views, true disparities."""
    for scene in ("Cones", "Teddy"):
        for view in (2, 6):
            folder = plates / "middlebury_stereo_gt" / scene
            value = read_values(folder / f"disp{view}.png").astype(np.float32) / 4
            picture = read_rgb(folder / f"im{view}.png")
            yield picture, np.where(value > 0, value, np.nan)


def save(pairs: Iterator[_Pair], target: Path, *, width: int = 384) -> int:
    """Reduce to ``width`` and write one cache file a size; returns how many pictures."""
    sizes: dict[tuple[int, ...], list[_Pair]] = {}
    for rgb, iz in pairs:
        height = round(width * rgb.shape[0] / rgb.shape[1])
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        shrunk = cv2.resize(iz.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
        sizes.setdefault(small.shape, []).append((small, shrunk))
    for i, group in enumerate(sizes.values()):
        np.savez(
            target.with_name(f"{target.name}_{i}.npz"),
            rgb=np.stack([p[0] for p in group]),
            iz=np.stack([p[1] for p in group]),
        )
    return sum(len(group) for group in sizes.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    _log.info("%d tables", save(middlebury_2003(args.plates), args.out / "tables_middlebury"))
    _log.info("%d photographs", save(matched_photographs(args.plates), args.out / "stereo_photographs"))
    _log.info("%d windows", save(panoramas(args.plates, rng), args.out / "stereo_panoramas"))


if __name__ == "__main__":
    main()
