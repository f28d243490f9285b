"""How well cuts, fades, dissolves and flashes are told apart: F1 of each, on clips whose transitions are known.

`python -m benchmarks.transitions [--seed N] [--clips N] [--list]`: scenes of ../shared/plates and of stage films joined
by made transitions, and as many clips without. A dip to white counts as a fade, a wipe as a dissolve. The rules were
made with seed 6.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.transition_clips import KINDS, Made, clips, seen
from host_bridge.shot.transitions import Transition, find_transitions

COUNTS_AS = {"white": "fade", "wipe": "dissolve"}
SLACK = 2


def right_one(clip: Made, found: Sequence[Transition]) -> Transition | None:
    """The transition among those found that is the clip's."""
    if clip.where is None:
        return None
    first, last = clip.where
    for one in found:
        if one.kind == COUNTS_AS.get(clip.kind, clip.kind) and one.first <= last + SLACK and one.last >= first - SLACK:
            return one
    return None


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clips", type=int, default=60, help="of each kind")
    parser.add_argument("--list", action="store_true", help="name each clip that is not told as it is")
    args = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    ends: list[int] = []
    for clip in clips(args.seed, args.clips):
        found = find_transitions([seen(frame) for frame in clip.frames])
        right = right_one(clip, found)
        others = [one for one in found if one is not right]
        counts[clip.kind, "right"] += right is not None
        counts[clip.kind, "missed"] += right is None and clip.where is not None
        for one in others:
            counts[one.kind, "wrong"] += 1
            counts[clip.kind, "stray"] += 1
        if right and clip.where:
            ends += [abs(right.first - clip.where[0]), abs(right.last - clip.where[1])]
        if args.list and (others or (right is None and clip.where)):
            print(clip.kind, clip.where, *clip.scenes, [(t.kind, t.first, t.last) for t in found], sep=" | ")
    print(f"seed {args.seed}, {args.clips} clips of each kind and as many without")
    print("| kind | found | wrong | missed | F1 | strays in its clips |\n|---|---|---|---|---|---|")
    for kind in (*KINDS, "none"):
        right_, wrong, missed, stray = (counts[kind, what] for what in ("right", "wrong", "missed", "stray"))
        f1 = 2 * right_ / max(1, 2 * right_ + wrong + missed)
        told = f"{f1:.3f}" if kind not in (*COUNTS_AS, "none") else ""
        print(f"| {kind} | {right_} | {wrong} | {missed} | {told} | {stray} |")
    print(f"ends within {SLACK} frames: {np.mean(np.array(ends) <= SLACK):.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
