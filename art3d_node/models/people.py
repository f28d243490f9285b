"""People found and cut out of a frame, hair included: MediaPipe's pose networks (Apache-2.0), as ONNX.

A detector looks at the whole frame and, where it is wide, at squares of it; each person found is turned upright in a
square of 256 pixels, where the second network says which pixels are theirs. A mask is a matte of a few pixels'
softness, not a key: it holds a person together, it does not cut hair from hair.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

WEIGHTS = Path(__file__).parent / "weights"
MODEL_ID = "mediapipe-pose-full"
_DETECTOR_PX, _CROP_PX = 224, 256
# The detector's grids: cells across, boxes a cell. All boxes have one size, so that only their centres matter.
_GRIDS = ((28, 2), (14, 2), (7, 6))
_FOUND, _PRESENT = 0.6, 0.5
_OVERLAP = 0.12
_MOST_PEOPLE = 6
# The square about a person: the detector's circle from hip to crown, widened as MediaPipe widens it.
_WIDENED = 1.25


@dataclass(frozen=True)
class Person:
    """One person of a frame.

    Attributes:
        mask: (h, w) float32, 0..1, on the frame's own grid.
        score: how sure the detector is, 0..1.
    """

    mask: np.ndarray
    score: float


@dataclass(frozen=True)
class _Found:
    """Where a person is, in frame pixels: the middle of the hips, the end of the circle about them, and a score."""

    hip: np.ndarray
    end: np.ndarray
    score: float

    @property
    def side_px(self) -> float:
        return 2 * _WIDENED * float(np.linalg.norm(self.end - self.hip))


class PeopleNetwork:
    """Finds and cuts out people; holds no state that one frame could leave for the next.

    Args:
        folder: where ``pose_detection.onnx`` and ``pose_landmark_full.onnx`` lie; the bundled ones by default.
        threads: processor threads a session may use.
    """

    def __init__(self, folder: Path = WEIGHTS, *, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._detector, self._cutter = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
            for name in ("pose_detection", "pose_landmark_full")
        )

    def people(self, look: np.ndarray) -> list[Person]:
        """Everyone who is found in ``look`` (h, w, 3) uint8, display-referred, the surest first."""
        found = [f for square in _squares(look.shape[0], look.shape[1]) for f in self._detect(look, square)]
        kept: list[Person] = []
        for f in _distinct(found)[:_MOST_PEOPLE]:
            person = self._cut(look, f)
            if person is not None and not _seen_before(person, kept):
                kept.append(person)
        return kept

    def mask(self, look: np.ndarray) -> np.ndarray:
        """All people of a frame as one matte (h, w) float32, 0..1."""
        masks = [p.mask for p in self.people(look)]
        return np.max(masks, axis=0) if masks else np.zeros(look.shape[:2], np.float32)

    def _detect(self, look: np.ndarray, square: tuple[int, int, int]) -> list[_Found]:
        x, y, side = square
        scale = _DETECTOR_PX / side
        affine = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]], np.float32)
        smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        part = look[max(y, 0) : y + side, max(x, 0) : x + side]
        if scale < 0.5:
            size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
            part = cv2.resize(part, size, interpolation=smaller)
            affine = np.array([[1, 0, max(-x, 0) * scale], [0, 1, max(-y, 0) * scale]], np.float32)
        else:
            affine[:, 2] = max(-x, 0) * scale, max(-y, 0) * scale
        crop = cv2.warpAffine(part, affine, (_DETECTOR_PX, _DETECTOR_PX))
        boxes, scores = self._detector.run(["boxes", "scores"], {"picture": _input(crop) * 2 - 1})
        sure = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -60, 60)))
        found = []
        for i in np.flatnonzero(sure > _FOUND):
            points = (boxes[0, i, 4:8].reshape(2, 2) / _DETECTOR_PX + _anchors()[i]) * side + [x, y]
            found.append(_Found(points[0], points[1], float(sure[i])))
        return found

    def _cut(self, look: np.ndarray, found: _Found) -> Person | None:
        h, w = look.shape[:2]
        up = (found.end - found.hip) / max(float(np.linalg.norm(found.end - found.hip)), 1e-6)
        right = np.array([-up[1], up[0]])
        scale = _CROP_PX / max(found.side_px, 1.0)
        to_crop = scale * np.stack([right, -up])
        affine = np.concatenate([to_crop, (_CROP_PX / 2 - to_crop @ found.hip)[:, None]], 1).astype(np.float32)
        if scale < 0.5:
            shrunk = cv2.resize(
                look, (max(1, round(w * 2 * scale)), max(1, round(h * 2 * scale))), interpolation=cv2.INTER_AREA
            )
            factor = np.array([w / shrunk.shape[1], h / shrunk.shape[0], 1.0], np.float32)
            crop = cv2.warpAffine(shrunk, affine * factor, (_CROP_PX, _CROP_PX))
        else:
            crop = cv2.warpAffine(look, affine, (_CROP_PX, _CROP_PX))
        mask, presence = self._cutter.run(["mask", "presence"], {"picture": _input(crop)})
        if float(presence.ravel()[0]) < _PRESENT:
            return None
        soft = 1 / (1 + np.exp(-np.clip(mask[0, 0], -60, 60)))
        back = cv2.warpAffine(soft, affine, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return Person(np.asarray(back, np.float32), found.score)


def _input(crop: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(crop.astype(np.float32).transpose(2, 0, 1)[None] / 255)


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """(2254, 2) centres of the detector's boxes, 0..1."""
    rows = []
    for cells, boxes in _GRIDS:
        y, x = np.mgrid[:cells, :cells]
        rows.append(np.repeat((np.stack([x.ravel(), y.ravel()], 1) + 0.5) / cells, boxes, axis=0))
    return np.concatenate(rows)


def _squares(h: int, w: int) -> list[tuple[int, int, int]]:
    """Squares (x, y, side) the detector looks at: about the whole frame and, if oblong, along its longer side."""
    side = max(h, w)
    squares = [((w - side) // 2, (h - side) // 2, side)]
    short = min(h, w)
    if side > 1.25 * short:
        count = max(2, round(1.5 * side / short))
        for i in range(count):
            at = round(i * (side - short) / (count - 1))
            squares.append((at, 0, short) if w > h else (0, at, short))
    return squares


def _distinct(found: list[_Found]) -> list[_Found]:
    """The surest of each person, the surest first: circles about the hips that hardly overlap."""
    kept: list[_Found] = []
    for f in sorted(found, key=lambda f: -f.score):
        if all(_apart(f, k) for k in kept):
            kept.append(f)
    return kept


def _seen_before(person: Person, surer: list[Person]) -> bool:
    """Whether half of a mask, or none to speak of, is another's: a second look at them, or at nothing."""
    inside = person.mask > 0.5
    shared = [float((inside & (k.mask > 0.5)).sum()) for k in surer]
    return not inside.any() or max(shared, default=0.0) > 0.5 * float(inside.sum())


def _apart(a: _Found, b: _Found) -> bool:
    reach = min(a.side_px, b.side_px)
    return bool(np.linalg.norm(a.hip - b.hip) > _OVERLAP * reach)
