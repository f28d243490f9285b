"""Whether both eyes of a film show the same moment, and whole frames: found while the film is scanned."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import PlateError
from training.films import StereoFrame

Row = npt.NDArray[np.float32]
MOST_LATE = 5
"""Frames that one eye is looked for before and after the other."""

_GRID = (16, 9)  # coarser than any parallax, fine enough for what moves
_LEAST_FRAMES = 4 * MOST_LATE
_AGREE, _BETTER = 0.6, 0.15  # correlation at the best step, and above that of no step at all
_EVERY = 12  # frames between looks for combing
_COMBED, _COMBED_SHARE = 1.35, 0.25


class SyncCheck:
    """Looks at frames as they pass.

    Args:
        spec: the film, for errors.
        watching: called with the frames that passed.
    """

    def __init__(self, spec: str, watching: Callable[[int], None] | None = None) -> None:
        self._spec, self._watching = spec, watching
        self._moments: tuple[list[Row], list[Row]] = ([], [])
        self._combed: list[float] = []

    def over(self, frames: Iterator[StereoFrame]) -> Iterator[StereoFrame]:
        """The same frames."""
        for frame in frames:
            for eye, moments in zip((frame.left, frame.right), self._moments, strict=True):
                moments.append(_moment(eye))
            if frame.index % _EVERY == 0:
                self._combed.append(combing(frame.left))
            if self._watching:
                self._watching(frame.index + 1)
            yield frame

    def refuse_out_of_step(self) -> None:
        """Raises:
        PlateError: one eye shows another moment than the other, or the film is interlaced.
        """
        late = frames_late(*(np.array(moments) for moments in self._moments))
        if late:
            eye, count = ("right" if late > 0 else "left"), abs(late)
            raise PlateError(
                f"the {eye} eye is {count} frame{'s' * (count > 1)} late",
                remedy=f"say --right-late {late}, or deliver both eyes in step",
                where=self._spec,
            )
        combed = np.array(self._combed)
        if combed.size and float((combed > _COMBED).mean()) >= _COMBED_SHARE:
            raise PlateError(
                "is interlaced: what moves is combed",
                remedy="deinterlace it first, as `ffmpeg -i IN -vf bwdif OUT`",
                where=self._spec,
            )


def _moment(eye: npt.NDArray[np.uint8]) -> Row:
    small = cv2.resize(eye[::2, ::2], _GRID, interpolation=cv2.INTER_AREA)
    return np.asarray(small.astype(np.float32).mean(-1).ravel(), np.float32)


def frames_late(left: Row, right: Row) -> int:
    """How many frames the right eye shows a moment later than the left; below 0: the left eye is late; 0: in step.

    What changes from frame to frame is the same in both eyes on a grid coarser than parallax: cuts, motion, light.

    Args:
        left, right: (frames, cells) brightness.
    """
    count = min(len(left), len(right))
    if count < _LEAST_FRAMES:
        return 0
    # Cuts would outweigh all else; the sign and the rank of a change are what must agree.
    a, b = (np.arctan(np.diff(x[:count], axis=0) / 4.0) for x in (left, right))
    agreed = {step: _agreement(a, b, step) for step in range(-MOST_LATE, MOST_LATE + 1)}
    best = max(agreed, key=lambda step: agreed[step])
    return best if agreed[best] >= _AGREE and agreed[best] - agreed[0] >= _BETTER else 0


def _agreement(a: Row, b: Row, step: int) -> float:
    """Correlation of a at t with b at t + step."""
    x = a[max(0, -step) : len(a) - max(0, step)].ravel()
    y = b[max(0, step) : len(b) - max(0, -step)].ravel()
    power = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / power if power > 1e-6 else 0.0


def combing(eye: npt.NDArray[np.uint8]) -> float:
    """How much less alike a row and its neighbours are than rows of one field: about 0.5 in whole frames, over 1 in
    those woven from two moments. Only where it is combed at all is compared: the busiest hundredth of the picture."""
    grey = cv2.cvtColor(eye, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if grey.shape[0] < 32:
        return 0.0
    near = np.abs(2 * grey[2:-2] - grey[1:-3] - grey[3:-1])
    field = np.abs(2 * grey[2:-2] - grey[:-4] - grey[4:])
    # Over blocks, so that an edge that merely lies along a row has both.
    blocks = [cv2.resize(x, (max(1, x.shape[1] // 8), max(1, x.shape[0] // 8)), interpolation=cv2.INTER_AREA)
              for x in (near, field)]  # fmt: skip
    busy = blocks[0] >= max(6.0, float(np.quantile(blocks[0], 0.97)))
    return float(blocks[0][busy].sum() / max(float(blocks[1][busy].sum()), 1e-6)) if busy.any() else 0.0
