"""What is measured about a style on curated pairs: the paper's figures, and those that a smaller spread cannot fake.

Convention:
    s and t are px at 512 wide. Maps here are disparities in % of picture width, x_L − x_R.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from art3d_node.models.camera_net import CameraNet
from art3d_node.stereo.ddc import Reading, ddc_iou, robust_fit
from training.config import REPORT_WIDTH_PX, FitConfig
from training.dataset import EyeTensors, Pairs
from training.masks import EyeView, Residual
from training.shards import Entry

Map = npt.NDArray[np.float32]
PX = REPORT_WIDTH_PX / 100.0
POPPED = 0.5
"""Share of the film's own offset that a region must reach to count as popped out."""

_LEAST_AREA = Residual.least_area


@dataclass(frozen=True)
class FrameFigures:
    """One pair under one style; s, t in px at 512.

    Attributes:
        film, shot, frame: which.
        film_fit, style_fit: (s, t) of the film's disparity and of the style's.
        ddc_left: DDC-IoU of the style's d_L on M_global, as all of them are.
        ddc_right_eye: of d̂_R (`right_eye`) in the right view, against the right eye's own inverse depth.
        ddc_right: of d_L carried there, where it lands.
        ddc_right_net: of the network's third channel alone.
        ddc_film: of the film's own disparity there.
        pop_outs, popped: the film's local regions, and how many of them the style pulls out.
        pulled, pulled_right: regions the style pulls out, and how many of them the film does.
        trained: whether the style has learned from this shot.
    """

    film: str
    shot: int
    frame: int
    film_fit: tuple[float, float]
    style_fit: tuple[float, float]
    ddc_left: float
    ddc_right_eye: float
    ddc_right: float
    ddc_right_net: float
    ddc_film: float
    pop_outs: int
    popped: int
    pulled: int
    pulled_right: int
    trained: bool = False


@torch.no_grad()
def measure(
    net: CameraNet,
    entries: Sequence[Entry],
    *,
    size_px: int,
    reading: Reading = "layers",
    trained: Container[Entry] = (),
) -> list[FrameFigures]:
    """Run a style over pairs.

    Args:
        net: the style's network.
        entries: samples.
        size_px: longer side that the network works at, px.
        reading: of DDC-IoU.
        trained: the pairs that it has learned from.
    """
    pairs = Pairs(entries, FitConfig(size_px=size_px), augment=False)
    return [
        replace(_one(net, pairs.eyes(i), entry, reading), trained=entry in trained) for i, entry in enumerate(entries)
    ]


def predict(net: CameraNet, eye: EyeTensors) -> tuple[Tensor, Tensor]:
    """d_L and the third channel of one picture, (1, h, w) each, %."""
    maps = net(eye.rgb[None].float() / 255.0, eye.maps[None, 1:2])
    left = maps.scale[:, 0] * eye.maps[None, 1] + maps.shift[:, 0]
    return 100.0 * left, 100.0 * maps.right[:, 0]


def _one(net: CameraNet, eyes: tuple[EyeTensors, EyeTensors], entry: Entry, reading: Reading) -> FrameFigures:
    left, right = eyes
    d_left, channel = predict(net, left)
    target, iz = left.maps[None, 0], left.maps[None, 1]
    valid, local = (mask[None].float() for mask in left.masks)
    on_left = valid * (1 - local)
    film, style = (robust_fit(d, iz, on_left) for d in (target, d_left))
    offsets = [
        (d - f.scale[:, None, None] * iz - f.shift[:, None, None])[0].numpy()
        for d, f in ((target, film), (d_left, style))
    ]
    pops = pop_outs(offsets[0], offsets[1], left.masks[0].numpy(), left.masks[1].numpy(), left.rgb)
    carried, visible = carry_right(d_left[0])
    iz_right = right.maps[None, 1]
    on_right = (right.masks[0] & ~right.masks[1])[None].float()
    d_right = right_eye(carried, visible, channel[0])[None]

    def ddc(disparity: Tensor, inverse_depth: Tensor, mask: Tensor) -> float:
        return float(ddc_iou(disparity, inverse_depth, mask, reading=reading)[0])

    return FrameFigures(
        entry.row["film"],
        entry.row["shot"],
        entry.row["frame"],
        (float(film.scale[0]) * PX, float(film.shift[0]) * PX),
        (float(style.scale[0]) * PX, float(style.shift[0]) * PX),
        ddc(d_left, iz, on_left),
        ddc(d_right, iz_right, on_right),
        ddc(carried[None], iz_right, on_right * visible),
        ddc(channel, iz_right, on_right),
        ddc(right.maps[None, 0], iz_right, on_right),
        *pops,
    )


def right_eye(carried: Tensor, visible: Tensor, channel: Tensor) -> Tensor:
    """d̂_R on the right grid: d_L carried there, and the network's third channel where only the right eye sees.

    Args:
        carried, visible: of `carry_right`, (h, w).
        channel: the network's third channel, (h, w), in the unit of `carried`.
    """
    return torch.where(visible, carried, channel)


def carry_right(disparity_left: Tensor) -> tuple[Tensor, Tensor]:
    """A left-grid disparity (h, w), %, on the right grid: nearest surface wins; and where anything landed."""
    h, w = disparity_left.shape
    x = torch.arange(w).expand(h, w) - disparity_left * w / 100.0
    column = x.round().long()
    inside = (column >= 0) & (column < w)
    rows = torch.arange(h)[:, None].expand(h, w)
    order = torch.argsort(disparity_left[inside], stable=True)
    carried = torch.full((h, w), float("nan"))
    at = (rows * w + column)[inside][order]
    nearest = torch.full((h * w,), -torch.inf).scatter_reduce(0, at, disparity_left[inside][order], "amax")
    carried = nearest.view(h, w)
    visible = torch.isfinite(carried)
    return torch.where(visible, carried, 0.0), visible


def pop_outs(
    film: Map, style: Map, valid: npt.NDArray[np.bool_], local: npt.NDArray[np.bool_], rgb: Tensor
) -> tuple[int, int, int, int]:
    """(the film's regions, those the style pulls too, the style's regions, those the film pulls too).

    Args:
        film, style: (h, w) offset from each one's own global layer, %.
        valid, local: the film's masks.
        rgb: (3, h, w) uint8.
    """
    found = _regions(local)
    depths = [float(film[region].mean()) for region in found]
    popped = sum(float(style[r].mean()) > POPPED * depth for r, depth in zip(found, depths, strict=True))
    least = POPPED * min(depths, default=1.0)
    width_px = style.shape[1]
    view = EyeView(rgb.permute(1, 2, 0).numpy(), np.where(valid, style * width_px / 100, np.nan), 0.0)
    pulled = _regions(Residual(least_px=max(least * PX, 1.5), close_px=3).find(view) & valid)
    near = cv2.dilate(local.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return len(found), popped, len(pulled), sum(float(near[region].mean()) > 0.5 for region in pulled)


def _regions(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    least = _LEAST_AREA * mask.size
    return [labels == i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least]


def summary(rows: Sequence[FrameFigures]) -> dict[str, float]:
    """The table of one style on one film; nan where a figure has nothing to stand on."""
    film, style = (np.array([getattr(row, name) for row in rows]) for name in ("film_fit", "style_fit"))
    out: dict[str, float] = {"pairs": float(len(rows)), "pairs_trained": float(sum(row.trained for row in rows))}
    for k, name in enumerate(("s", "t")):
        for source, fits in (("film", film), ("style", style)):
            out[f"{name}_{source}_mean_px"], out[f"{name}_{source}_std_px"] = (
                float(fits[:, k].mean()),
                float(fits[:, k].std()),
            )
        out[f"{name}_wasserstein_px"] = float(wasserstein_distance(film[:, k], style[:, k]))
    for name in ("ddc_left", "ddc_right_eye", "ddc_right", "ddc_right_net", "ddc_film"):
        out[name] = float(np.mean([getattr(row, name) for row in rows]))
    total = {name: sum(getattr(row, name) for row in rows) for name in ("pop_outs", "popped", "pulled", "pulled_right")}
    out["pop_outs"] = float(total["pop_outs"])
    out["pop_out_recall"] = total["popped"] / total["pop_outs"] if total["pop_outs"] else float("nan")
    out["pop_out_precision"] = total["pulled_right"] / total["pulled"] if total["pulled"] else float("nan")
    out["jitter_film_px"], out["jitter_style_px"] = (_jitter(rows, name) for name in ("film_fit", "style_fit"))
    return out


def _jitter(rows: Sequence[FrameFigures], name: str) -> float:
    """Mean change of the disparity at iz 0.5 between neighbouring samples of a shot, px at 512."""
    steps = []
    ordered = sorted(rows, key=lambda row: (row.film, row.shot, row.frame))
    for a, b in pairwise(ordered):
        if (a.film, a.shot) == (b.film, b.shot):
            (s0, t0), (s1, t1) = getattr(a, name), getattr(b, name)
            steps.append(abs(0.5 * (s1 - s0) + t1 - t0))
    return float(np.mean(steps)) if steps else float("nan")
