"""By what a training's end is chosen: ``python -m training.mini.heldout --cache FOLDER --weights FILE``.

Traced pictures of seeds that no training saw, with exact depth and whole things: order, edges found and their
precision, and coherence, by source. Neither the older sets nor the fresh one are looked at here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from art3d_node.models.mini import load_mini
from art3d_node.models.mini_source import MiniSource
from training.mini.data import Cache, Picture
from training.mini.evaluate import Estimator, edges, estimator, order
from training.mini.fresh import coherence

_LEAST_SHARE = 0.01


def whole_things(picture: Picture, estimate: np.ndarray) -> list[float]:
    """The coherence of each numbered thing of some size that stands before what is around it."""
    found = []
    for number in np.unique(picture.ids[picture.ids > 0]):
        instance = picture.ids == number
        if _LEAST_SHARE < instance.mean() < 0.6 and coherence(picture.iz, instance) > 0.98:
            found.append(coherence(estimate, instance))
    return found


def report(cache: Cache, source: Estimator, *, every: int = 1) -> str:
    """One line a source of pictures, from each ``every``-th picture of it."""
    lines = [f"{'pictures':<12}{'count':>6}{'order %':>9}{'edges %':>9}{'precision %':>13}{'coherence %':>13}"]
    for name, stored in cache.pictures.items():
        pictures = stored[::every]
        maps = [source(p.rgb) for p in pictures]
        pairs = list(zip(maps, pictures, strict=True))
        right = np.mean([order(m, p.iz.astype(np.float32)) for m, p in pairs])
        found = [edges(m, p.iz.astype(np.float32), p.rgb) for m, p in pairs]
        shares = [share for m, p in pairs for share in whole_things(p, m)]
        recall, precision = np.nanmean([e.recall for e in found]), np.nanmean([e.precision for e in found])
        tail = f"{100 * np.mean(shares):>13.1f}" if shares else f"{'':>13}"
        lines.append(
            f"{name:<12}{len(pictures):>6}{100 * right:>9.1f}{100 * recall:>9.1f}{100 * precision:>13.1f}{tail}"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of held-out shards")
    parser.add_argument("--weights", type=Path, help="mini weights; the bundled ones by default")
    parser.add_argument("--every", type=int, default=1, help="look at each so many-th picture only")
    args = parser.parse_args()
    torch.set_num_threads(2)
    print(report(Cache(args.cache), estimator(MiniSource(load_mini(args.weights), model_id="mini")), every=args.every))


if __name__ == "__main__":
    main()
