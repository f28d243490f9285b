"""Ways to black or white and out of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

BLANK_LEVEL, BLANK_RANK = 0.08, 99  # from black or white, square-root level, within which so many percent lie
FADE_FRAMES, FADE_STEP = 60, 0.015
PALE, PALE_ALIKE = 0.5, 0.5  # of the contrast that a picture had; how alike it is then
FADE_ALIKE, FADE_PAIRS = 0.8, 4  # in parts of how alike that many pairs of frames beyond are


def fades(frames: Floats, plain: Flags) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """First and last frame of each way to black and back, and its black frames, start <= index < stop.

    Args:
        frames: (n, values) square-root levels 0..1; their negative, for ways to white.
        plain: (n,) frames that show nothing: what is all above white may well be a picture.
    """
    for start, stop in _runs(plain & (np.percentile(frames, BLANK_RANK, axis=1) < BLANK_LEVEL)):
        yield _ramp(frames, start, -1), _ramp(frames, stop - 1, +1), (start, stop)


def _ramp(frames: Floats, edge: int, step: int) -> int:
    """The last frame, away from the blank one at `edge`, of the way between it and the picture."""
    level = frames.mean(axis=1)
    at = edge
    for _ in range(FADE_FRAMES):
        beyond = at + step
        further = beyond + step
        if not 0 <= further < len(frames):
            break
        rises = level[further] - level[beyond] > max(FADE_STEP * level[further], 1e-3)
        if not rises or alike(frames[beyond], frames[further]) < FADE_ALIKE * _steady(frames, further, step):
            break
        at = beyond
    return at


def _steady(frames: Floats, start: int, step: int) -> float:
    """How alike frames are from one to the next from `start` on: motion makes them less so."""
    last = start + FADE_PAIRS * step
    steps = [k for k in range(start, last, step) if 0 <= k + step < len(frames)]
    return float(np.median([alike(frames[k], frames[k + step]) for k in steps])) if steps else 1.0


def alike(a: Floats, b: Floats) -> float:
    """Correlation of two pictures, blind to their light."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 1e-6 else 1.0


def pales(frames: Floats) -> bool:
    """Whether a picture loses its contrast to the last of these frames: a fade that a film begins or ends within.

    Args:
        frames: (n, values) square-root levels 0..1, from the picture on.
    """
    contrast = frames.std(axis=1)
    steady = contrast[-1] < PALE * contrast[0] and (np.diff(contrast) < 0).mean() > 0.8
    return bool(steady and alike(frames[0], frames[-1]) > PALE_ALIKE)


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    change = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(a), int(b)) for a, b in change.reshape(-1, 2)]
