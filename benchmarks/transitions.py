"""How well cuts, fades, dissolves and flashes are told apart: F1 of each, on clips whose transitions are known.

`python -m benchmarks.transitions [--seed N] [--clips N]`: real scenes (../shared/plates/film_clips, cut where the step
detector alone cuts) joined by made transitions; as many clips hold none. Seed 5 is what the thresholds were set on.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.shot.signature import Glance, find_cuts, glance
from host_bridge.shot.transitions import find_transitions

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "plates" / "film_clips"
FILMS = (("tears_of_steel_a.webm", 1100), ("his_girl_friday.mp4", 185), ("flower.mp4", 150))
KINDS = ("cut", "fade", "dissolve", "flash")
SIZE = (128, 54)
SCENE = 44
Clip = list[np.ndarray]
Where = tuple[int, int] | None


def seen(levels: np.ndarray) -> Glance:
    """A frame of display levels 0..1 from afar."""
    share = np.clip(levels, 0.0, 1.0)
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).astype(np.float32)
    box = Box.of_size(light.shape[1], light.shape[0])
    return glance(Frame(box, box, {"color": light}))


def scenes() -> list[Clip]:
    """Stretches of real film without a cut; the last of each film may be short."""
    found: list[Clip] = []
    for name, most in FILMS:
        frames = list(_frames(CLIPS / name, most))
        edges = [0, *find_cuts([seen(f) for f in frames]), len(frames)]
        for a, b in pairwise(edges):
            found += [frames[i : i + 2 * SCENE] for i in range(a + 2, b - SCENE - 2, 2 * SCENE)]
    return [scene for scene in found if len(scene) >= SCENE]


def _frames(path: Path, most: int) -> Iterator[np.ndarray]:
    film = cv2.VideoCapture(str(path))
    for _ in range(most):
        good, picture = film.read()
        if not good:
            return
        yield cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.float32) / 255


def made(kind: str, pool: list[Clip], rng: np.random.Generator) -> tuple[Clip, Where]:
    """A clip with one transition, and its first and last frame."""
    one, two = (list(pool[i][:SCENE]) for i in rng.choice(len(pool), 2, replace=False))
    if kind == "none":
        return one, None
    if kind == "cut":
        return [*one[:20], *two[:20]], (20, 20)
    if kind == "flash":
        at, length, gain, more = rng.integers(8, 30), rng.integers(1, 5), rng.uniform(1.6, 4), rng.uniform(0.05, 0.5)
        for k in range(at, at + length):
            one[k] = np.clip(one[k] * gain + more, 0, 1)
        return one, (int(at), int(at + length - 1))
    if kind == "fade":
        out, black, back = (int(n) for n in (rng.integers(0, 10), rng.integers(1, 5), rng.integers(0, 10)))
        ways = [min(1.0, (20 - i) / (out + 1)) for i in range(20)], [min(1.0, (i + 1) / (back + 1)) for i in range(20)]
        dark = [np.zeros_like(one[0])] * black
        first, last = (
            [f * s for f, s in zip(clip, way, strict=False)] for clip, way in zip((one, two), ways, strict=True)
        )
        return [*first, *dark, *last], (20 - out, 19 + black + back)
    length = int(rng.integers(4, 25))
    shares = [(i + 1) / (length + 1) for i in range(length)]
    mixed = [(1 - s) * a + s * b for s, a, b in zip(shares, one[16:], two, strict=False)]
    return [*one[:16], *mixed, *two[length:]], (16, 15 + length)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--clips", type=int, default=60, help="of each kind")
    args = parser.parse_args()
    rng, pool = np.random.default_rng(args.seed), scenes()
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    ends: list[int] = []
    for kind in (*KINDS, "none"):
        for _ in range(args.clips):
            clip, where = made(kind, pool, rng)
            open_ = where
            for found in find_transitions([seen(f) for f in clip]):
                if open_ and found.kind == kind and found.first <= open_[1] + 2 and found.last >= open_[0] - 2:
                    right[kind] += 1
                    ends += [abs(found.first - open_[0]), abs(found.last - open_[1])]
                    open_ = None
                else:
                    wrong[found.kind] += 1
            missed[kind] += bool(open_)
    print(f"seed {args.seed}, {args.clips} clips of each kind and as many without, {len(pool)} scenes")
    print("| kind | found | wrong | missed | F1 |\n|---|---|---|---|---|")
    for kind in KINDS:
        f1 = 2 * right[kind] / max(1, 2 * right[kind] + wrong[kind] + missed[kind])
        print(f"| {kind} | {right[kind]} | {wrong[kind]} | {missed[kind]} | {f1:.3f} |")
    print(f"ends within 2 frames: {np.mean(np.array(ends) <= 2):.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
