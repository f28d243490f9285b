"""`aov`: inverse depth from the Z that a renderer wrote.

What plates hold, and how each is read:

- Distance (most renderers): nearness is 1/Z. Infinity and anything from 1e9 on is the far background, and so is 0,
  which renderers leave where they hit nothing. Negative distances (camera space looking down −Z) count by their size.
- Inverse (Nuke's own ScanlineRender): nearness is Z itself, 0 is infinitely far.
- "auto" says inverse only when nothing speaks for distance: no infinity or far sentinel, nothing negative, nothing
  above 1, and either zeros in the plate or a lower half with larger values than the upper half.
- NaN is no value: the nearest valid pixel of its row stands in.
- Outlines: a partly covered pixel takes the depth of the nearest opaque pixel; elsewhere a value between two
  surfaces is snapped to one of them. No pixel keeps a depth in between.
"""

from __future__ import annotations

import torch
from torch import Tensor

from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.stereo.depth_edges import fill_invalid, snap_mixed, take_from_opaque

FAR_SENTINEL = 1e9
_SAMPLES = 1 << 16


def z_meaning(z: Tensor) -> str:
    """Whether Z grows with "distance" or is "inverse"; the rule is in the module's docstring.

    Args:
        z: (H, W).
    """
    values = _sampled(z)
    finite = values[torch.isfinite(values)]
    speaks_for_distance = (
        finite.numel() == 0 or bool(torch.isinf(values).any()) or float(finite.max()) > 1.0 or float(finite.min()) < 0.0
    )
    if speaks_for_distance:
        return "distance"
    if bool((finite == 0).any()) and float(finite.max()) > 0.0:
        return "inverse"
    half = max(1, z.shape[0] // 2)
    upper, lower = (torch.nanmedian(_sampled(part)) for part in (z[:half], z[-half:]))
    return "inverse" if float(lower) > float(upper) else "distance"


def _sampled(z: Tensor) -> Tensor:
    step = max(1, round((z.numel() / _SAMPLES) ** 0.5))
    return z[::step, ::step]


def _nearness(z: Tensor, meaning: str) -> tuple[Tensor, Tensor]:
    """(H, W) raw inverse depth and where it is valid."""
    size = z.abs()
    if meaning == "inverse":
        valid = size < FAR_SENTINEL
        return torch.where(valid, size, 0.0), valid
    far = (size >= FAR_SENTINEL) | (size == 0.0)
    near = torch.where(far, 0.0, 1.0 / torch.where(far, 1.0, size).clamp_min(1e-6))
    return near, ~torch.isnan(z)


class AovDepth:
    """Depth that came with the plate."""

    name = "aov"
    needs_look = False
    licence_note = ""

    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at plate resolution.

        Raises:
            ValueError: the plate has no Z, or one without a single usable value.
        """
        if frame.z is None:
            raise ValueError("the plate has no depth channel")
        meaning = z_meaning(frame.z) if frame.z_meaning == "auto" else frame.z_meaning
        near, valid = _nearness(frame.z, meaning)
        if not bool(valid.all()):
            if not bool(valid.any()):
                raise ValueError("the depth channel holds no usable value")
            near = fill_invalid(torch.where(valid, near, 0.0), valid)
        if frame.alpha is not None and bool(((frame.alpha > 0.0) & (frame.alpha < 1.0)).any()):
            near = take_from_opaque(near, frame.alpha)
        sample = _sampled(near).flatten().sort().values
        spread = float(sample[int(0.98 * (len(sample) - 1))] - sample[int(0.02 * (len(sample) - 1))])
        return Estimate(snap_mixed(near, spread=spread), f"aov:{meaning}")
