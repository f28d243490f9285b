"""Clean up the path tracer's noise without touching what carries none.

Lamps, sky and haze come out of the renderer exact, and so do the textures. Only the light that falls on a surface is
noisy; it is smoothed by an edge-avoiding wavelet filter (Dammertz et al. 2010, "Edge-avoiding À-Trous wavelet
transform") that stops at changes of normal, of distance and of brightness.
"""

from __future__ import annotations

import numpy as np

KERNEL = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16


def smooth_light(
    light: np.ndarray, normal: np.ndarray, inverse_depth: np.ndarray, *, levels: int, contrast: float
) -> np.ndarray:
    """Filter noisy light (H, W, 3) guided by normals (H, W, 3) and 1/Z (H, W) in 1/metres.

    `contrast` is the relative change of brightness that counts as an edge at the finest level.
    """
    light = _without_fireflies(light)
    for level in range(levels):
        brightness = np.log(_blurred(light.mean(axis=2)) + 0.02)
        total, weights = np.zeros_like(light), np.zeros(light.shape[:2], np.float32)
        for dy, row_weight in zip(range(-2, 3), KERNEL, strict=True):
            for dx, column_weight in zip(range(-2, 3), KERNEL, strict=True):
                shift = (dy << level, dx << level)
                far = _shifted(inverse_depth, shift) - inverse_depth
                turned = 1 - (_shifted(normal, shift) * normal).sum(axis=2)
                jump = (_shifted(brightness, shift) - brightness) / contrast * 1.5**level
                weight = (
                    row_weight
                    * column_weight
                    * np.exp(
                        -np.abs(far) / (0.03 * inverse_depth + 1e-4) / (1 + level)
                        - np.maximum(turned, 0) * 12
                        - jump * jump
                    )
                )
                total += weight[..., None] * _shifted(light, shift)
                weights += weight
        light = total / weights[..., None]
    return light


def _blurred(image: np.ndarray) -> np.ndarray:
    # One bright speck is noise; only a change that its neighbours share is an edge.
    return np.asarray(np.mean([_shifted(image, (dy, dx)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0))


def _without_fireflies(light: np.ndarray) -> np.ndarray:
    around = [_shifted(light, (dy, dx)) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    ceiling = np.sort(np.stack(around), axis=0)[-2]
    return np.asarray(np.minimum(light, 1.2 * ceiling))


def _shifted(image: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    rows = np.clip(np.arange(image.shape[0]) + shift[0], 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) + shift[1], 0, image.shape[1] - 1)
    return image[rows][:, columns]
