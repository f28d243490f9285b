"""StereoNet: signed disparities of a rectified pair, both ways, behind one protocol.

Convention:
    Disparity is x_L − x_R in px of the given pictures; NaN where the matcher is sure of nothing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
NETS = ("sgbm", "sea-raft")
_SUBPIXEL = 16.0
_UNIQUENESS = 8  # %: by so much the best disparity must beat the next
_SPECKLE_PX = 60  # smaller patches of one disparity are noise
_AT_LIMIT_PX = 0.5
_SMALL = 4
_LEAST_AGREED = 0.5  # of the small picture, else its disparities are not trusted
_OUTSIDE = 0.005  # share of them that may lie outside the range on either side: less than the least pop-out


@dataclass(frozen=True)
class Disparities:
    """Disparity (H, W) on the left grid and on the right grid, px; NaN: unknown."""

    left: Map
    right: Map


class StereoNet(Protocol):
    """Matches rectified pairs of (H, W, 3) uint8 pictures."""

    @property
    def name(self) -> str: ...

    def match(self, left: Picture, right: Picture) -> Disparities: ...


@dataclass(frozen=True)
class Sgbm:
    """Semi-global matching (OpenCV): no weights, deterministic.

    Its time grows with the range of disparities that it searches. A first look at a quarter of the size, over the whole
    reach, tells where the pair's disparities lie; only that range is searched at full size.

    Attributes:
        reach_px: largest disparity in front of or behind the screen, px.
        block_px: side of the matching block, odd.
        margin_px: how far the search goes beyond what the first look found, px.
    """

    reach_px: int = 64
    block_px: int = 5
    margin_px: int = 8
    name: str = "sgbm"

    def match(self, left: Picture, right: Picture) -> Disparities:
        """Raises ValueError when the pictures differ in size."""
        if left.shape != right.shape:
            raise ValueError(f"expected two pictures of one size, got {left.shape} and {right.shape}")
        left, right = (np.asarray(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)) for x in (left, right))
        return self._both_ways(left, right, *self._range(left, right), speckle_px=_SPECKLE_PX)

    def _range(self, left: Picture, right: Picture) -> tuple[int, int]:
        """Lowest disparity to search, px, and how many: a multiple of 16, as OpenCV wants it."""
        reach = -(-self.reach_px // 16) * 16
        a, b = (cv2.resize(x, None, fx=1 / _SMALL, fy=1 / _SMALL, interpolation=cv2.INTER_AREA) for x in (left, right))
        small_reach = -(-reach // _SMALL // 16) * 16
        found = self._both_ways(a, b, -small_reach, 2 * small_reach, speckle_px=_SPECKLE_PX // _SMALL)
        valid = consistent(found, tolerance_px=1.0)
        if min(mask.mean() for mask in valid) < _LEAST_AGREED:
            return -reach, 2 * reach
        agreed = np.concatenate([found.left[valid[0]], found.right[valid[1]]])
        low, high = _SMALL * np.percentile(agreed, (100 * _OUTSIDE, 100 - 100 * _OUTSIDE))
        first = max(-reach, int(np.floor(low)) - self.margin_px)
        last = min(reach, int(np.ceil(high)) + self.margin_px)
        if last <= first:  # all of it lies beyond the reach
            return -reach, 2 * reach
        return first, -(-(last - first) // 16) * 16

    def _both_ways(self, left: Picture, right: Picture, first: int, count: int, *, speckle_px: int) -> Disparities:
        """The right eye's disparities are those of the mirrored pair, its eyes swapped."""
        forth = self._search(left, right, first, count, speckle_px)
        mirrored = [np.ascontiguousarray(x[:, ::-1]) for x in (right, left)]
        back = self._search(mirrored[0], mirrored[1], first, count, speckle_px)
        return Disparities(forth, np.ascontiguousarray(back[:, ::-1]))

    def _search(self, reference: Picture, other: Picture, first: int, count: int, speckle_px: int) -> Map:
        # OpenCV leaves out the first `count` columns and counts from `first`: both pictures are moved by so much.
        columns = np.arange(reference.shape[1] + count) - count
        last = reference.shape[1] - 1
        a = np.take(reference, columns.clip(0, last), axis=1)
        b = np.take(other, (columns - first).clip(0, last), axis=1)
        area = self.block_px**2
        matcher = cv2.StereoSGBM.create(
            minDisparity=0,
            numDisparities=count,
            blockSize=self.block_px,
            P1=8 * area,
            P2=32 * area,
            uniquenessRatio=_UNIQUENESS,
            speckleWindowSize=speckle_px,
            speckleRange=2,
            mode=cv2.STEREO_SGBM_MODE_SGBM,
        )
        found = np.asarray(matcher.compute(a, b))[:, count:]
        disparity = found.astype(np.float32) / np.float32(_SUBPIXEL) + np.float32(first)
        # At an end of the search the best match may lie beyond it.
        ends = (disparity <= first + _AT_LIMIT_PX) | (disparity >= first + count - 1 - _AT_LIMIT_PX)
        disparity[(found < 0) | ends] = np.nan
        return disparity


class SeaRaft:
    """SEA-RAFT through ptlflow (the paper's choice): horizontal flow, sign kept.

    Args:
        checkpoint: a file trained for ptlflow's `sea_raft_s`, `_m` or `_l`.
        device: torch device name.
        size: "s", "m" or "l".
    """

    name = "sea-raft"

    def __init__(self, checkpoint: Path, *, device: str = "cpu", size: str = "m") -> None:
        if not checkpoint.is_file():
            raise BadInputError(
                "there is no SEA-RAFT checkpoint here", remedy="give one with --stereo-weights", where=str(checkpoint)
            )
        import torch

        with warnings.catch_warnings():
            # Deprecations in what ptlflow imports are not for our user to mend.
            warnings.simplefilter("ignore")
            import ptlflow

        try:
            self._model = ptlflow.get_model(f"sea_raft_{size}", ckpt_path=str(checkpoint)).to(device).eval()
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise BadInputError(f"is not a SEA-RAFT checkpoint ({error})", where=str(checkpoint)) from error
        self._torch, self._device = torch, device

    def match(self, left: Picture, right: Picture) -> Disparities:
        """Left and right disparity are minus and plus the horizontal flow towards the other eye."""
        eyes = [self._tensor(x) for x in (left, right)]
        return Disparities(-self._flow(eyes[0], eyes[1]), self._flow(eyes[1], eyes[0]))

    def _tensor(self, picture: Picture) -> Any:
        return self._torch.from_numpy(picture.copy()).to(self._device).permute(2, 0, 1).float() / 255.0

    def _flow(self, a: Any, b: Any) -> Map:
        with self._torch.no_grad():
            found = self._model({"images": self._torch.stack([a, b])[None]})["flows"]
        return np.ascontiguousarray(found[0, 0, 0].float().cpu().numpy())


def stereo_net(name: str, *, weights: Path | None = None, device: str = "cpu", reach_px: int = 64) -> StereoNet:
    """The matcher of that name.

    Raises:
        BadInputError: no such matcher, or its weights are missing.
    """
    if name == "sgbm":
        return Sgbm(reach_px=reach_px)
    if name == "sea-raft":
        return SeaRaft(weights or Path("sea_raft.ckpt"), device=device)
    raise BadInputError(f"no stereo matcher {name!r}", remedy=f"there are {', '.join(NETS)}")


def consistent(found: Disparities, *, tolerance_px: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """M_valid of both eyes: where a point's disparity from either eye agrees within the tolerance."""
    left = _agrees(found.left, found.right, -1.0, tolerance_px)
    return left, _agrees(found.right, found.left, 1.0, tolerance_px)


def _agrees(here: Map, there: Map, sign: float, tolerance_px: float) -> npt.NDArray[np.bool_]:
    w = here.shape[1]
    x = np.arange(w, dtype=np.float32) + sign * np.nan_to_num(here)
    column = np.rint(x).astype(np.int64)
    inside = (column >= 0) & (column < w)
    partner = np.take_along_axis(there, column.clip(0, w - 1), axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(inside & (np.abs(partner - here) <= tolerance_px))
