"""Whole things before real photographs: ``python -m training.mini.cutouts``.

People (with what they hold or steer), furniture and small things, traced before nothing, are pasted before photographs
and frames that no figure is taken from. A photograph's own depth is a teacher's estimate, right in the large and never
sure of itself; the pasted thing is one relief before all it covers. Shards are made by seed, as in `factory`.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from art3d_node.models.mini import MiniDepth, load_mini
from training.mini import sets
from training.mini.embree import World
from training.mini.factory import cache_folder, load_props
from training.mini.fresh import kept_out
from training.mini.pictures import read_rgb
from training.mini.stage import Props, Shot, Stage, aim

SIZE = (216, 288)
PICTURES_A_SHARD = 40
_SIDE_PX = 384
_NOTHING_M = 1e4
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CutOut:
    """Display-referred colour and alpha, 0..1, and how far each pixel lies behind the nearest, in heights."""

    rgb: np.ndarray
    alpha: np.ndarray
    behind: np.ndarray


@dataclass(frozen=True)
class Backdrop:
    """A photograph ``(h, w, 3)`` uint8 and its inverse depth by the teacher ``(h, w)``, about 0 .. 1."""

    rgb: np.ndarray
    iz: np.ndarray


def photographs(plates: Path, assets: Path) -> list[Path]:
    """Pictures that may lie behind: those of training, nothing of the fresh set or of the older sets."""
    folders = (plates / "photos_free", plates / "kodak", assets / "photos")
    return [
        f for folder in folders for f in sorted(folder.iterdir()) if f.suffix in (".jpg", ".png") and not kept_out(f)
    ]


@torch.no_grad()
def backdrop(rgb: np.ndarray, teacher: MiniDepth) -> Backdrop:
    """One photograph at training's size with the teacher's estimate."""
    scale = _SIDE_PX / max(rgb.shape[:2])
    h, w = (max(32, 32 * round(side * scale / 32)) for side in rgb.shape[:2])
    small = cv2.resize(rgb, (w, h), interpolation=cv2.INTER_AREA)
    estimate = teacher(torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255)[0, 0].numpy()
    low, high = np.quantile(estimate, [0.02, 0.98])
    return Backdrop(small, np.clip((estimate - low) / max(high - low, 1e-4), -0.05, 1.1).astype(np.float32))


def _subject(s: Stage) -> tuple[np.ndarray, float]:
    """What is to be cut out, its middle and its height."""
    rng = s.rng
    kind = rng.random()
    if kind < 0.75:
        yaw = rng.uniform(-1.3, 1.3) if rng.random() < 0.8 else rng.uniform(-3, 3)
        number = sets.stand(s, 0, 0, yaw=yaw)
        head, tall = sets.head_of(s)
        if rng.random() < 0.5:
            sets.machine_beside(s, head, number=number)
        return head, tall
    files = s.props.furniture if kind < 0.87 else s.props.small
    s.put(s.pick(files), (0, 0, 0), yaw=rng.uniform(-3, 3), tall=1.0, dressed=rng.random() < 0.3)
    return np.array([0.0, 0.8, 0.0]), 1.0


def traced(props: Props, rng: np.random.Generator, *, side_px: int = 224) -> list[CutOut]:
    """One subject from three cameras, near, middle and whole."""
    s = Stage(rng, props)
    head, tall = _subject(s)
    s.ambient = rng.uniform(0.15, 1.0)
    side = rng.choice([-1, 1])
    s.lamp(
        tuple(head + np.array([side * rng.uniform(0.5, 2.5), rng.uniform(0, 1.5), -rng.uniform(0.3, 2.5)])),
        rng.uniform(1, 8),
    )
    if rng.random() < 0.4:
        s.lamp(tuple(head + np.array([-side * 1.2, rng.uniform(0, 1), rng.uniform(0.5, 1.5)])), rng.uniform(1, 8))
    world, found = s.world(), []
    for share in (0.32, 0.6, 1.1):
        frame, focal = tall * share * rng.uniform(0.9, 1.15), rng.uniform(1.0, 3.5)
        target = np.array([head[0], max(head[1] + 0.12 * tall - frame * 0.45, 0.45 * tall * min(share, 1)), head[2]])
        eye = target + frame * focal * np.array([rng.normal() * 0.25, rng.normal() * 0.12, -1.0])
        found.append(_cut(world, Shot(aim(eye, target, focal=focal), frame * focal, 0), side_px, frame, rng))
    return [c for c in found if c.alpha.mean() > 0.06]


def _cut(world: World, shot: Shot, side_px: int, frame: float, rng: np.random.Generator) -> CutOut:
    view = world.render(shot.camera, (2 * side_px, 2 * side_px), rng, side=1)
    on = view.iz > 0
    size = (side_px, side_px)
    alpha = cv2.resize(on.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    colour = (
        cv2.resize(view.colour * on[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(alpha, 1e-3)[..., None]
    )
    depth = np.where(on, 1 / np.maximum(view.iz, 1e-3), _NOTHING_M).astype(np.float32)
    depth = cv2.erode(depth, np.ones((4, 4), np.uint8))[::2, ::2]
    behind = np.where(depth < _NOTHING_M, depth - depth.min(), 0) / frame
    level = np.quantile(colour[alpha > 0.5], 0.9) + 1e-6 if (alpha > 0.5).any() else 1.0
    shown = np.clip(colour / level * rng.uniform(0.4, 0.95), 0, 1) ** (1 / 2.2)
    return CutOut(shown.astype(np.float32), alpha, behind.astype(np.float32))


def window(behind: Backdrop, rng: np.random.Generator, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A part of a photograph ``(h, w, 3)`` 0..1 and of its inverse depth, at times mirrored or out of focus."""
    h, w = behind.iz.shape
    scale = min(h / size[0], w / size[1]) * rng.uniform(0.5, 1.0)
    ch, cw = int(size[0] * scale), int(size[1] * scale)
    y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
    rgb, iz = (cv2.resize(v[y : y + ch, x : x + cw], size[::-1]) for v in (behind.rgb, behind.iz))
    if rng.random() < 0.5:
        rgb, iz = rgb[:, ::-1], iz[:, ::-1]
    shown = rgb.astype(np.float32) / 255
    if rng.random() < 0.35:
        shown = cv2.GaussianBlur(shown, (0, 0), rng.uniform(0.8, 4.0))
    return np.asarray(shown), np.asarray(iz)


def paste(
    rgb: np.ndarray, iz: np.ndarray, ids: np.ndarray, cut: CutOut, number: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Put a cut-out before a picture, in its light; ``ids`` is written to. Returns colour and inverse depth.

    The thing stands on the lower edge or below it, mostly, and is nearer than nearly all it covers.
    """
    h, w = iz.shape
    n = max(48, int(h * rng.uniform(0.55, 1.35)))
    x = int(rng.uniform(-0.3 * n, w - 0.7 * n))
    y = h - n + int(rng.uniform(-0.02, 0.35) * n) if rng.random() < 0.8 else int(rng.uniform(-0.1 * n, h - 0.6 * n))
    flip = -1 if rng.random() < 0.5 else 1
    scale = n / cut.alpha.shape[0]
    affine = np.array([[flip * scale, 0, x + (n if flip < 0 else 0)], [0, scale, y]], np.float32)
    alpha = cv2.warpAffine(cut.alpha, affine, (w, h), flags=cv2.INTER_AREA)
    if (alpha > 0.5).sum() < 0.01 * h * w:
        return rgb, iz
    colour = cv2.warpAffine(cut.rgb, affine, (w, h), borderMode=cv2.BORDER_REPLICATE)
    depth = cv2.warpAffine(cut.behind, affine, (w, h), flags=cv2.INTER_NEAREST)
    on = alpha > 0.5
    light = np.clip((rgb[on].mean() + 0.08) / (colour[on].mean() + 0.08), 0.2, 1.7) ** rng.uniform(0, 1.1)
    tone = (rgb[on].mean(0) + 0.1) / (rgb[on].mean() + 0.1)
    colour = np.clip(colour * light * tone ** rng.uniform(0, 0.7) * rng.uniform(0.9, 1.1, 3), 0, 1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.3, 0.9))[..., None]
    base = np.quantile(iz[on], 0.9) + rng.uniform(0.12, 0.7)
    relief = rng.uniform(0.05, 0.3) * (np.median(depth[on]) - np.minimum(depth, np.quantile(depth[on], 0.98)))
    ids[on] = number
    return rgb * (1 - alpha) + colour * alpha, np.where(on, base + relief, iz)


Supply = Callable[[np.random.Generator], list[CutOut]]


def shard(supply: Supply, backdrops: list[Backdrop], target: Path, seed: int, number: int) -> None:
    """Write one shard of pictures with one to three cut-outs each."""
    rng = np.random.default_rng([seed, number])
    bank = [c for _ in range(8) for c in supply(rng)]
    pictures = []
    for _ in range(PICTURES_A_SHARD):
        rgb, iz = window(backdrops[int(rng.integers(len(backdrops)))], rng, SIZE)
        ids = np.zeros(SIZE, np.uint8)
        iz = iz * rng.uniform(0.25, 0.9) + 0.15
        for thing in range(1 + int(rng.random() < 0.3) + int(rng.random() < 0.1)):
            rgb, iz = paste(rgb, iz, ids, bank[int(rng.integers(len(bank)))], thing + 1, rng)
        pictures.append(((np.clip(rgb, 0, 1) * 255).astype(np.uint8), iz.astype(np.float16), ids))
    rgbs, izs, things = (np.stack(column) for column in zip(*pictures, strict=True))
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, rgb=rgbs, iz=izs, ids=things)
    partial.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, default=Path("../shared/training_assets"))
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument(
        "--teacher", type=Path, help="mini weights whose depth lies behind; the bundled ones by default"
    )
    parser.add_argument("--out", type=Path, default=None, help="folder of the shards; the user's cache by default")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=301)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    out = args.out or cache_folder() / "material"
    out.mkdir(parents=True, exist_ok=True)
    teacher = load_mini(args.teacher)
    backdrops = [backdrop(read_rgb(path), teacher) for path in photographs(args.plates, args.assets)]
    props = load_props(args.assets, args.plates, args.seed)
    for number in range(args.count // PICTURES_A_SHARD):
        target = out / f"cutouts_{args.seed}_{number:04d}.npz"
        if not target.exists():
            start = time.process_time()
            shard(lambda rng: traced(props, rng), backdrops, target, args.seed, number)
            _log.info("%s: %.1f s of a core", target.name, time.process_time() - start)


if __name__ == "__main__":
    main()
