"""`aov`: inverse depth from the Z that a renderer wrote, or from a picture of depth.

What plates hold, and how each is read:

- Distance (most renderers): nearness is 1/Z. Infinity and anything from 1e9 on is the far background, and so is 0,
  which renderers leave where they hit nothing. Negative distances (camera space looking down −Z) count by their size.
- One negative number among positive ones (−1) marks that nothing was hit: far away, whatever the others mean.
- Inverse (Nuke's own ScanlineRender): nearness is Z itself, 0 is infinitely far.
- Near or far is white (depth as a picture, normalised): nearness is Z or −Z, at any scale and offset.
- NaN is no value: the nearest valid pixel of its row stands in; far away where alpha is 0.
- Outlines: a partly covered pixel takes the depth of the nearest opaque pixel; elsewhere a value between two
  surfaces, or a surface and nothing, is snapped to one of them. No pixel keeps a depth in between.

Which of them a Z is, is settled before: `host_bridge.wire.depth_values.decide`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.stereo.depth_edges import fill_invalid, nearness, snap_mixed, take_from_opaque
from art3d_node.stereo.nothing_hit import settled

_SAMPLES = 1 << 16


def _sampled(z: Tensor) -> npt.NDArray[np.float32]:
    step = max(1, round((z.numel() / _SAMPLES) ** 0.5))
    return np.ascontiguousarray(z.numpy()[::step, ::step])


def _spread(near: Tensor) -> float:
    """The robust range of a raw inverse depth."""
    low, high = np.percentile(_sampled(near), (2, 98))
    return float(high - low)


def _fill_uncovered(near: Tensor, valid: Tensor, alpha: Tensor) -> None:
    """Puts far away what has no value where the plate shows nothing: a Z that was divided by an alpha of 0."""
    known = near[valid]
    if known.numel() and bool((alpha > 0.0).any()):
        empty = ~valid & (alpha <= 0.0)
        near[empty] = torch.clamp(known.min(), max=0.0)
        valid |= empty


class AovDepth:
    """Depth that came with the plate."""

    name = "aov"
    needs_look = False
    licence_note = ""

    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at plate resolution.

        Raises:
            ValueError: the plate has no Z, one without a single usable value, or a meaning that nobody settled.
        """
        if frame.z is None:
            raise ValueError("the plate has no depth channel")
        z = torch.from_numpy(settled(np.ascontiguousarray(frame.z.numpy()), frame.z_meaning))
        near, valid = nearness(z, frame.z_meaning)
        if not valid.numpy().all():
            if frame.alpha is not None:
                _fill_uncovered(near, valid, frame.alpha)
            if not valid.numpy().any():
                raise ValueError("the depth channel holds no usable value")
            near = fill_invalid(near, valid)
        if frame.alpha is not None:
            near = take_from_opaque(near, frame.alpha)
        return Estimate(snap_mixed(near, spread=_spread(near)), f"aov:{frame.z_meaning}")
