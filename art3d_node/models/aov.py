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

import numpy as np
import numpy.typing as npt
from torch import Tensor

from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.stereo.depth_edges import fill_invalid, nearness, snap_mixed, take_from_opaque

_SAMPLES = 1 << 16


def z_meaning(z: Tensor) -> str:
    """Whether Z grows with "distance" or is "inverse"; the rule is in the module's docstring.

    Args:
        z: (H, W).
    """
    values = _sampled(z)
    finite = values[np.isfinite(values)]
    speaks_for_distance = (
        finite.size == 0 or bool(np.isinf(values).any()) or float(finite.max()) > 1.0 or float(finite.min()) < 0.0
    )
    if speaks_for_distance:
        return "distance"
    if bool((finite == 0).any()) and float(finite.max()) > 0.0:
        return "inverse"
    half = max(1, z.shape[0] // 2)
    upper, lower = (_median(_sampled(part)) for part in (z[:half], z[-half:]))
    return "inverse" if lower > upper else "distance"


def _sampled(z: Tensor) -> npt.NDArray[np.float32]:
    step = max(1, round((z.numel() / _SAMPLES) ** 0.5))
    return np.ascontiguousarray(z.numpy()[::step, ::step])


def _median(values: npt.NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else 0.0


def _spread(near: Tensor) -> float:
    """The robust range of a raw inverse depth."""
    low, high = np.percentile(_sampled(near), (2, 98))
    return float(high - low)


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
        near, valid = nearness(frame.z, inverse=meaning == "inverse")
        if not valid.numpy().all():
            if not valid.numpy().any():
                raise ValueError("the depth channel holds no usable value")
            near = fill_invalid(near, valid)
        if frame.alpha is not None:
            near = take_from_opaque(near, frame.alpha)
        return Estimate(snap_mixed(near, spread=_spread(near)), f"aov:{meaning}")
