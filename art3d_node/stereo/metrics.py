"""How close a new view is to the true one: PSNR by region, SSIM, SIoU.

Pictures are (H, W, C) float tensors with display-referred values in 0 .. 1.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Bytes = npt.NDArray[np.uint8]


def psnr(picture: Tensor, truth: Tensor, *, where: Tensor | None = None, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio, dB; NaN over an empty region, infinity for equal pictures.

    Args:
        picture: (H, W, C).
        truth: (H, W, C).
        where: (H, W) bool, the pixels that count.
        peak: the value that counts as full signal.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(picture, truth)
    error = (picture - truth).double().square().mean(dim=-1)
    if where is not None:
        error = error[where]
    if error.numel() == 0:
        return math.nan
    mean = float(error.mean())
    return math.inf if mean == 0 else 10.0 * math.log10(peak * peak / mean)


def psnr_by_region(
    picture: Tensor, truth: Tensor, occlusion: Tensor, *, outline: Tensor | None = None
) -> dict[str, float]:
    """PSNR in dB over "all" pixels, the "visible" ones, the "holes" and, when given, the "outline".

    Args:
        picture: (H, W, C).
        truth: (H, W, C).
        occlusion: (H, W) bool, true where the source view does not show the point.
        outline: (H, W) bool, visible pixels that two surfaces share; left out of "visible".
    """
    regions = {"all": None, "visible": ~occlusion, "holes": occlusion}
    if outline is not None:
        regions |= {"visible": ~occlusion & ~outline, "outline": outline & ~occlusion}
    return {name: psnr(picture, truth, where=where) for name, where in regions.items()}


def ssim(picture: Tensor, truth: Tensor, *, sigma_px: float = 1.5) -> float:
    """Mean structural similarity over all channels, values 0 .. 1.

    Formula: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", 2004, with its Gaussian
    window of 11 x 11 px, K1 = 0.01, K2 = 0.03.

    Raises:
        ValueError: the shapes differ, or the pictures are smaller than the window.
    """
    _same_shape(picture, truth)
    if min(picture.shape[:2]) < 11:
        raise ValueError(f"SSIM needs 11 x 11 pixels, not {tuple(picture.shape[:2])}")
    line = torch.exp(-0.5 * (torch.arange(-5.0, 6.0, dtype=torch.float64) / sigma_px) ** 2)
    line /= line.sum()
    a, b = picture.double().permute(2, 0, 1)[:, None], truth.double().permute(2, 0, 1)[:, None]

    def blur(x: Tensor) -> Tensor:
        rows = torch.nn.functional.conv2d(x, line.view(1, 1, 11, 1))
        return torch.nn.functional.conv2d(rows, line.view(1, 1, 1, 11))

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    value /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(value.mean())


def siou(picture: Tensor, truth: Tensor, source: Tensor) -> float:
    """Stereo intersection over union, 0 .. 1: do picture and truth differ from the source alike?

    ``0.75 IoU(edges(picture), edges(truth)) + 0.25 IoU(moved(picture), moved(truth))``, all on 8-bit
    pictures: ``edges`` is Canny with thresholds 100 and 200 on grey, ``moved`` are the pixels whose
    absolute difference from the source, turned to grey, exceeds 5.

    Formula: Yu et al., "Mono2Stereo", 2025, with the thresholds of its published evaluation. That
    script subtracts unsigned bytes, which wraps; here the difference is absolute, as the paper has it.

    Args:
        picture: (H, W, 3) the synthesised view.
        truth: (H, W, 3) the real one.
        source: (H, W, 3) the view that ``picture`` was made from.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape(picture, truth)
    _same_shape(picture, source)
    a, b, origin = _bytes(picture), _bytes(truth), _bytes(source)
    edges = _overlap(_edges(a), _edges(b))
    moved = _overlap(_moved(a, origin), _moved(b, origin))
    return 0.75 * edges + 0.25 * moved


def _same_shape(one: Tensor, other: Tensor) -> None:
    if one.shape != other.shape or one.ndim != 3:
        raise ValueError(f"pictures must share one (H, W, C), not {tuple(one.shape)} and {tuple(other.shape)}")


def _bytes(picture: Tensor) -> Bytes:
    levels: Bytes = (picture.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return levels


def _edges(picture: Bytes) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 100, 200)) > 0


def _moved(picture: Bytes, source: Bytes) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.cvtColor(cv2.absdiff(picture, source), cv2.COLOR_RGB2GRAY)) > 5


def _overlap(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    union = int((one | other).sum())
    return 1.0 if union == 0 else int((one & other).sum()) / union
