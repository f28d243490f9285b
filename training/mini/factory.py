"""The factory of traced pictures: ``python -m training.mini.factory``.

Dresses stages (`training.mini.sets`) with the meshes of the training assets, looks at each from several cameras and
writes shards of pictures with exact inverse depth and the numbers of whole things into the user's cache folder. A
shard depends on its seed and number alone: one that is lost is made again, one that is there is left. It may be
ended and called again at any time, and training reads what there is.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from training.mini import sets, stage
from training.mini.embree import View
from training.mini.lens import filmed
from training.mini.stage import Props, Stage
from training.mini.textures import skies, surfaces

SHAPES = ((216, 288), (192, 320), (216, 288), (256, 224))
SCENES_A_SHARD = 5
_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where shards and checkpoints lie unless another folder is named."""
    return user_cache_path("art3d") / "mini"


def usable(view: View) -> bool:
    """Whether a view shows anything: some range of depth, nothing right before the lens, not sky alone."""
    near, far = np.quantile(view.iz, [0.95, 0.1])
    return bool(
        (view.iz > 0).mean() > 0.25 and near > 1.25 * far and view.iz.max() < 12 and np.quantile(view.iz, 0.5) < 2.5
    )


def scene(
    props: Props, rng: np.random.Generator, size: tuple[int, int]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """One stage from all its cameras: frame (h, w, 3) uint8, inverse depth (h, w) and whole things (h, w) uint8."""
    odds = np.array([share for _, share in sets.MAKERS])
    dressed = Stage(rng, props)
    sets.MAKERS[int(rng.choice(len(odds), p=odds / odds.sum()))][0](dressed)
    world, pictures = dressed.world(), []
    for shot in dressed.shots:
        view = world.render(shot.camera, size, rng)
        if usable(view):
            frame = filmed(view, rng, focus=shot.focus, blur=shot.blur)
            pictures.append((frame, view.iz.astype(np.float16), view.ids))
    return pictures


def load_props(assets: Path, plates: Path, seed: int, *, surfaces_count: int = 360, skies_count: int = 40) -> Props:
    """Meshes, surfaces and skies; surfaces and skies are drawn by seed."""
    rng = np.random.default_rng(seed)
    linear = np.clip(surfaces(plates, rng, count=surfaces_count), 0, 1)
    shown = (linear ** (1 / 2.2) * 255).astype(np.uint8)
    opaque = np.full((*shown.shape[:3], 1), 255, np.uint8)
    return stage.props(assets, np.concatenate([shown, opaque], 3), skies(plates, rng, count=skies_count))


def shard(props: Props, target: Path, seed: int, number: int) -> int:
    """Write one shard; returns how many pictures are in it."""
    rng = np.random.default_rng([seed, number])
    size = SHAPES[number % len(SHAPES)]
    pictures = [p for _ in range(SCENES_A_SHARD) for p in scene(props, rng, size)]
    rgb, iz, ids = (np.stack(column) for column in zip(*pictures, strict=True))
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, rgb=rgb, iz=iz, ids=ids)
    partial.replace(target)
    return len(pictures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, default=Path("../shared/training_assets"))
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--out", type=Path, default=None, help="folder of the shards; the user's cache by default")
    parser.add_argument("--scenes", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=101)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    out = args.out or cache_folder() / "material"
    out.mkdir(parents=True, exist_ok=True)
    props = load_props(args.assets, args.plates, args.seed)
    for number in range(args.scenes // SCENES_A_SHARD):
        target = out / f"film_{args.seed}_{number:04d}.npz"
        if not target.exists():
            start = time.process_time()
            count = shard(props, target, args.seed, number)
            _log.info("%s: %d pictures, %.1f s of a core", target.name, count, time.process_time() - start)


if __name__ == "__main__":
    main()
