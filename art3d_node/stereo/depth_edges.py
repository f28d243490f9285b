"""Nearness from rendered depth, and its repair: pixels without a value, and pixels whose value lies on no surface.

A renderer that filters its Z like a colour writes, on every outline, depths between foreground and background. Such
a pixel would fly alone between the two in the other eye. It is snapped to the nearer in value of its two surfaces.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from art3d_node import native

_STEP = 0.02

FAR_SENTINEL = 1e9
"""Depths from here on are a renderer's way to write "nothing there"; native/ has the same."""


def nearness(z: Tensor, meaning: str) -> tuple[Tensor, Tensor]:
    """Raw inverse depth of a Z, and where it is valid.

    Args:
        z: (H, W) float32.
        meaning: "distance": its size counts, 0, infinity and far sentinels are infinitely far, NaN is no value.
            "inverse": Z is nearness by its size. "near-is-white" and "far-is-white": Z or −Z is, sign and all. In the
            last three, NaN and values without bound are no value.

    Returns:
        (H, W) float32, 0 where it is not valid; (H, W) bool.

    Raises:
        ValueError: an unknown meaning.
    """
    source = np.ascontiguousarray(z.numpy())
    out, valid = np.empty_like(source), np.empty(source.shape, np.bool_)
    if meaning in ("distance", "inverse"):
        native.nearness(source, meaning == "inverse", out, valid)
    elif meaning in ("near-is-white", "far-is-white"):
        np.less(np.abs(source), FAR_SENTINEL, out=valid)
        out[:] = np.where(valid, source if meaning == "near-is-white" else -source, np.float32(0.0))
    else:
        raise ValueError(f"Z cannot mean {meaning!r}")
    return torch.from_numpy(out), torch.from_numpy(valid)


def snap_mixed(depth: Tensor, *, spread: float) -> Tensor:
    """Move filtered outline pixels onto one of their two surfaces.

    A pixel counts as mixed when surfaces on both sides, one or two pixels away, are each smooth, lie more than
    2 % of `spread` apart, and its own value lies clearly between them.

    Args:
        depth: (H, W) float32 without NaN.
        spread: the robust range of `depth`, same unit.
    """
    source = np.ascontiguousarray(depth.numpy())
    out = np.empty_like(source)
    native.snap_mixed(source, _STEP * spread, out)
    return torch.from_numpy(out)


def take_from_opaque(depth: Tensor, alpha: Tensor) -> Tensor:
    """Give every partly covered pixel the depth of the nearest opaque one within 3 px; its own where there is none.

    Its colour is the foreground's, premultiplied: it has to travel with the foreground.

    Args:
        depth: (H, W) float32, contiguous; changed in place and returned.
        alpha: (H, W) float32.
    """
    native.take_from_opaque(depth.numpy(), np.ascontiguousarray(alpha.numpy()))
    return depth


def fill_invalid(depth: Tensor, valid: Tensor) -> Tensor:
    """Give pixels without a value that of the nearest valid pixel of their row; rows without one, the nearest row's.

    Args:
        depth: (H, W) float32.
        valid: (H, W) bool.

    Raises:
        ValueError: nothing is valid.
    """
    rows = valid.any(dim=1).numpy()
    if not rows.any():
        raise ValueError("depth has no valid pixel")
    source = np.ascontiguousarray(depth.numpy())
    out = np.empty_like(source)
    native.fill_unknown(source, np.ascontiguousarray(valid.numpy()), out)
    filled, every = np.flatnonzero(rows), np.arange(len(rows))
    at = np.searchsorted(filled, every).clip(0, len(filled) - 1)
    above, below = filled[(at - 1).clip(0)], filled[at]
    return torch.from_numpy(out[np.where(np.abs(above - every) <= np.abs(below - every), above, below)])
