"""The floating window of each frame of a shot, from what its edges cut under the knobs.

The plug-in does the same arithmetic in `ofx_wrapper/src/floating.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from host_bridge.core.errors import ShotError
from host_bridge.core.floating_window import FROM_SHOT, Ends, FloatingWindow, by_hand
from host_bridge.core.frame import Array
from host_bridge.core.params import BY_NAME, Controls
from host_bridge.shot.budget import limited
from host_bridge.shot.edges import BANDS, Edges, Side
from host_bridge.shot.entry import ShotEntry

LEAST_PCT = 0.1
"""Parallax in front of the screen that counts."""
MARGIN_PCT = 0.05
"""How far in front of what it cut an edge comes to lie."""
EASE = 12
"""Frames over which a moving edge eases in and out."""
WORTH = 0.75
"""An edge slants where that masks less than this share of what a straight one would."""


def resolved(number: int, shot: Mapping[int, ShotEntry], at: Callable[[int], Controls]) -> Controls:
    """The knobs of a frame, a window that the shot decides described as if it were turned by hand.

    Args:
        number: the frame.
        shot: every frame that was analysed.
        at: the knobs of any frame.

    Raises:
        ShotError: the analysis does not hold the frame, or says nothing of its edges.
    """
    controls = at(number)
    if controls.floating_window not in FROM_SHOT:
        return controls
    again = "analyse the plate again with `art3d analyse`"
    if number not in shot:
        raise ShotError(f"frame {number} is not in the shot analysis", remedy=again)
    frames, index = _scene(number, shot)
    if controls.floating_window == "auto":
        first = max(0, index - 2 * EASE)
        frames, index = frames[first : index + 2 * EASE + 1], index - first
    turned = [at(n) for n in frames]
    sides = [(shot[n].edges or {}).get(knobs.hero) for n, knobs in zip(frames, turned, strict=True)]
    needs = np.array([_needed(edges, knobs) for edges, knobs in zip(sides, turned, strict=True) if edges is not None])
    if len(needs) < len(frames):
        raise ShotError(
            "the shot file is too old to know where a floating window is needed with this hero eye", remedy=again
        )
    return by_hand(controls, _window(eased(needs, index) if controls.floating_window == "auto" else needs.max(axis=0)))


def widest(frames: Iterable[Edges], controls: Controls) -> FloatingWindow:
    """The still window that every one of these frames needs under the same knobs."""
    needs = [_needed(edges, controls) for edges in frames]
    return _window(np.array(needs).max(axis=0)) if needs else FloatingWindow()


def eased(needs: Array, index: int) -> Array:
    """What a moving window gives one frame: the most of `EASE` frames around it, smoothed over as many again.

    The maximum reaches as far as the smoothing, so that no frame gets less than it needs.

    Args:
        needs: (frames, 4) of one scene, at least 2·`EASE` frames on each side of `index` or up to the scene's end.
        index: the frame asked.
    """
    last = len(needs) - 1
    total = np.zeros(needs.shape[1])
    for away in range(-EASE, EASE + 1):
        middle = min(max(index + away, 0), last)
        most = needs[max(0, middle - EASE) : middle + EASE + 1].max(axis=0)
        total += _weight(away) * most
    return np.asarray(total / sum(_weight(away) for away in range(-EASE, EASE + 1)))


def _weight(away: int) -> float:
    """A raised cosine that is 0 just outside."""
    return float(0.5 + 0.5 * np.cos(np.pi * away / (EASE + 1)))


def _scene(number: int, shot: Mapping[int, ShotEntry]) -> tuple[Sequence[int], int]:
    """The frames in one scene with `number`, in order, and its place among them."""
    scene = shot[number].scene
    numbers = [n for n in sorted(shot) if shot[n].scene == scene]
    return numbers, numbers.index(number)


def _window(ends: Array) -> FloatingWindow:
    return FloatingWindow((float(ends[0]), float(ends[1])), (float(ends[2]), float(ends[3])))


def _needed(edges: Edges, controls: Controls) -> Array:
    return np.array([*_line(edges.left, controls), *_line(edges.right, controls)])


def _line(side: Side, controls: Controls) -> Ends:
    """The straight or slanted edge that lies in front of all that it would cut, and masks least."""
    parallax, depth, sculpt = np.array([(b.parallax_pct, b.depth_pct, b.sculpt_pct) for b in side]).T
    turned = -parallax + (controls.depth_gain - 1.0) * depth + (controls.sculpt - 1.0) * sculpt - controls.zero_plane
    d = limited(turned, controls)
    needs = np.where(d > LEAST_PCT, d + MARGIN_PCT, 0.0)
    most = BY_NAME["floating_left"].maximum
    straight = min(float(needs.max()), most)
    if straight == 0.0:
        return 0.0, 0.0
    cut = np.flatnonzero(needs)
    # A slanted edge is pinned to the screen at one end: it has to clear each band where it is nearest to that end.
    top = float((needs[cut] / np.maximum(1.0 - (cut + 1) / BANDS, 1e-9)).max())
    bottom = float((needs[cut] / np.maximum(cut / BANDS, 1e-9)).max())
    if min(top, bottom) / 2.0 >= WORTH * straight or min(top, bottom) > most:
        return straight, straight
    return (top, 0.0) if top < bottom else (0.0, bottom)
