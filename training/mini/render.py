"""Render the procedural worlds into a cache: ``python -m training.mini.render --out CACHE --count 4000``."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import cv2
import numpy as np

from training.mini import closeups, worlds
from training.mini.raytrace import render
from training.mini.textures import skies, surfaces

KINDS = {"worlds": worlds.MAKERS, "closeups": closeups.MAKERS}
SHAPES = ((216, 288), (192, 320), (256, 256), (288, 216))
_log = logging.getLogger(__name__)


def haze(rgb: np.ndarray, iz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Air light: distance takes colour towards the air's own."""
    clear = np.exp(-1 / np.maximum(iz, 1e-4) * 10 ** rng.uniform(-3.2, -1.4))[..., None]
    air = np.quantile(rgb, 0.8, axis=(0, 1)) * rng.uniform(0.7, 1.3) + rng.uniform(0, 0.1, 3)
    transmitted = np.where(iz[..., None] > 0, clear, 1.0)
    return np.asarray(rgb * transmitted + air * (1 - transmitted))


def _defocus(rgb: np.ndarray, iz: np.ndarray, rng: np.random.Generator, blur_px: float) -> np.ndarray:
    """Thin-lens blur about a focus of chance; ``blur_px`` at infinity as the scene asks for, else by chance too."""
    focus = np.quantile(iz, rng.uniform(0.85, 1.0) if blur_px else rng.uniform(0.5, 1.0))
    coc = np.abs(iz - focus) / (iz.max() + 1e-9) * (blur_px or rng.uniform(2, 9))
    return defocused(rgb, coc, iz > focus)


def defocused(rgb: np.ndarray, coc_px: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Blur of ``coc_px`` ``(h, w)``, composed back to front in a few bands of sharpness.

    A band's colour is a mean of its own pixels, and only what lies ``before`` the focus
    spreads beyond its outline: a sharp subject keeps its edge and lends no colour
    to what is behind it.
    """
    out = rgb.copy()
    for radius in (1.0, 2.0, 4.0, 7.0, 12.0, 20.0):
        band = np.clip(coc_px / radius - 0.6, 0, 1)
        if not band.any():
            break
        spread = cv2.GaussianBlur(np.where(before, band, 0), (0, 0), radius * 0.5)
        weight = np.maximum(cv2.GaussianBlur(np.where(before, 0, band), (0, 0), 0.7), spread)[..., None]
        share = cv2.GaussianBlur(band, (0, 0), radius)[..., None]
        blurred = cv2.GaussianBlur(rgb * band[..., None], (0, 0), radius) / (share + 1e-4)
        out = out * (1 - weight) + np.where(share > 1e-3, blurred, out) * weight
    return np.asarray(out)


def _against_light(rgb: np.ndarray, iz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Things nearly black before the sky, as at dusk."""
    return np.asarray(np.where(iz[..., None] > 0, rgb * rng.uniform(0.01, 0.2), rgb))


def photograph(rgb: np.ndarray, iz: np.ndarray, rng: np.random.Generator, *, blur_px: float = 0.0) -> np.ndarray:
    """Air, lens, exposure and tone: linear colour → 8-bit picture; ``blur_px`` as the scene asks for."""
    if (iz == 0).mean() > 0.1 and rng.random() < 0.15:
        rgb = _against_light(rgb, iz, rng)
    if rng.random() < 0.4:
        rgb = haze(rgb, iz, rng)
    if blur_px or rng.random() < 0.35:
        rgb = _defocus(rgb, iz, rng, blur_px)
    rgb = rgb / (np.quantile(rgb, rng.uniform(0.8, 0.98)) + 1e-6) * rng.uniform(0.6, 0.95)
    return np.asarray((np.clip(rgb, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kinds", choices=tuple(KINDS), default="worlds")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--per-file", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    textures = surfaces(args.plates, np.random.default_rng(args.seed)).astype(np.float64)
    textures[-1] = 0.4
    light = skies(args.plates, np.random.default_rng(args.seed))
    for part in range(args.count // args.per_file):
        target = args.out / f"{args.kinds}_{args.seed:02d}_{part:03d}.npz"
        if target.exists():
            continue
        rng, start = np.random.default_rng([args.seed, part]), time.perf_counter()
        h, w = SHAPES[part % len(SHAPES)]
        pairs: list[tuple[np.ndarray, np.ndarray]] = []
        while len(pairs) < args.per_file:
            scene = worlds.make_scene(rng, len(textures), light, KINDS[args.kinds])
            colour, iz = render(scene, textures, h, w)
            if (iz > 0).mean() > 0.25 and iz.max() < 1e3 and np.quantile(iz, 0.9) > 1.15 * np.quantile(iz, 0.1):
                pairs.append((photograph(colour, iz, rng, blur_px=scene.blur_px), iz.astype(np.float32)))
        np.savez(target, rgb=np.stack([p[0] for p in pairs]), iz=np.stack([p[1] for p in pairs]))
        _log.info("%s %.1f s", target.name, time.perf_counter() - start)


if __name__ == "__main__":
    main()
