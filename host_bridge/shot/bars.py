"""The bars of a scene: what single frames say, with the doubtful ones told by their neighbours.

A frame that is dark at a border cannot tell a bar from a night; the frames around it can. What only one or two frames
see differently from those on both sides of them is no change of the bars but something dark that passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from host_bridge.core.bars import SLACK_PX, Bars, BarsFound

BRIEF_FRAMES = 2

Widths = list[int | None]


def settled(found: Sequence[BarsFound], scenes: Sequence[tuple[int, int]]) -> list[Bars]:
    """The bars of every frame.

    Args:
        found: what each frame says on its own, in order.
        scenes: first and one past the last index of every scene.
    """
    sides = []
    for side in range(4):
        widths: Widths = [f.bars[side] if f.sure[side] else None for f in found]
        room = [f.room[side] for f in found]
        filled: Widths = []
        for start, stop in scenes:
            filled += _scene(widths[start:stop], room[start:stop])
        # A scene that is dark throughout takes what the scenes around it say.
        sides.append([width or 0 for width in _filled(filled, room)])
    return [(top, bottom, left, right) for top, bottom, left, right in zip(*sides, strict=True)]


def _scene(widths: Widths, room: Sequence[int]) -> Widths:
    lasting = [width for width in _lasting(widths, room) if width is not None]
    usual = Counter(lasting).most_common(1)[0][0] if lasting else 0
    even = [usual if w is not None and abs(w - usual) <= SLACK_PX else w for w in _lasting(widths, room)]
    return _filled(even, room)


def _lasting(widths: Widths, room: Sequence[int]) -> Widths:
    """Without what `BRIEF_FRAMES` or fewer see between frames that agree, and that might be as those say."""
    runs: list[list[int]] = []
    for index, width in enumerate(widths):
        if width is None:
            continue
        last = widths[runs[-1][-1]] if runs else None
        if last is not None and abs(width - last) <= SLACK_PX:
            runs[-1].append(index)
        else:
            runs.append([index])
    lasting = list(widths)
    for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
        around = widths[before[-1]]
        beyond = widths[after[0]]
        if len(run) > BRIEF_FRAMES or around is None or beyond is None or abs(around - beyond) > SLACK_PX:
            continue
        for index in run:
            if around <= room[index] + SLACK_PX:
                lasting[index] = None
    return lasting


def _filled(widths: Widths, room: Sequence[int]) -> Widths:
    """Doubtful frames take the width of the nearest that is sure, the earlier first, if it hides nothing lit."""
    sure = [index for index, width in enumerate(widths) if width is not None]
    filled = list(widths)
    for index, width in enumerate(widths):
        if width is not None:
            continue
        before = [i for i in sure if i < index][-1:]
        after = [i for i in sure if i > index][:1]
        nearest = sorted(before + after, key=lambda i: abs(i - index))
        fitting = [w for i in nearest if (w := widths[i]) is not None and w <= room[index] + SLACK_PX]
        filled[index] = fitting[0] if fitting else None
    return filled
