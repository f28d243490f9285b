"""The artistic blueprint: d_L = vs·iz + vt, its split into global and local depth, and the artist's knobs.

Formulas: "Beyond Geometry: Artistic Disparity Synthesis for Immersive 2D-to-3D" (arXiv 2603.05906), equations
for d_L and L_path; the knobs and the depth budget are ours.

Convention:
    Disparity is x_L − x_R, > 0 in front of the screen. Knobs and budget speak parallax = −disparity in % of
    picture width, > 0 behind. `width` converts: pass the picture width in px for disparities in px, 1.0 for
    fractions of picture width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

INNER = 0.8
"""Share of the depth budget inside which disparity passes untouched; beyond it the soft knee begins."""

_FLAT = 1e-12


@dataclass(frozen=True)
class Fit:
    """The global layer s·iz + t of one frame.

    Attributes:
        scale: s, in the unit of the disparity it was fitted to, per unit of iz.
        shift: t, in the same unit.
    """

    scale: float
    shift: float

    def times(self, width: float) -> Fit:
        """The same layer in another unit, such as fractions × picture width = px."""
        return Fit(self.scale * width, self.shift * width)


@dataclass(frozen=True)
class Knobs:
    """What the artist, and the shot before him, ask for.

    Attributes:
        budget_front_pct, budget_behind_pct: how far anything may come out or recede, % of picture width; above 0,
            infinite for no budget.
        depth_gain: gain on the global layer s·iz.
        zero_plane_pct: parallax added to everything, % of picture width; > 0 pushes behind the screen.
        sculpt: gain on the local layer.
    """

    budget_front_pct: float
    budget_behind_pct: float
    depth_gain: float = 1.0
    zero_plane_pct: float = 0.0
    sculpt: float = 1.0

    def __post_init__(self) -> None:
        """Proves the budget.

        Raises:
            ValueError: a budget side is not above zero.
        """
        if not (self.budget_front_pct > 0.0 and self.budget_behind_pct > 0.0):
            raise ValueError(f"a depth budget of {self.budget_front_pct}/{self.budget_behind_pct} % leaves no room")

    def under(self, *, depth_gain: float, zero_plane_pct: float) -> Knobs:
        """These knobs on top of the shot's: gains multiply, offsets add."""
        return replace(
            self,
            depth_gain=self.depth_gain * depth_gain,
            zero_plane_pct=self.zero_plane_pct + zero_plane_pct,
        )


def blueprint(inverse_depth: Tensor, scale: Tensor, shift: Tensor, *, out: Tensor | None = None) -> Tensor:
    """d_L = vs·iz + vt.

    Args:
        inverse_depth: (..., H, W) iz, larger = nearer.
        scale, shift: vs and vt, any shape that broadcasts against it, fractions of picture width (or px).
        out: memory for a result of the shape of `inverse_depth`.

    Returns:
        (..., H, W) disparity in the unit of `scale` and `shift`.

    Raises:
        ValueError: a tensor is not dense numbers, or the shapes do not fit.
    """
    _validate_maps({"inverse_depth": inverse_depth, "scale": scale, "shift": shift}, out)
    return scale * inverse_depth + shift if out is None else torch.mul(scale, inverse_depth, out=out).add_(shift)


def _validate_maps(maps: Mapping[str, Tensor], out: Tensor | None) -> None:
    """Proves that vs and vt broadcast over the pixels of iz, and that the memory for the result takes it."""
    for name, value in {**maps, **({} if out is None else {"out": out})}.items():
        _validate_dense(name, value)
    iz = maps["inverse_depth"]
    try:
        shape = torch.broadcast_shapes(*(value.shape for value in maps.values()))
    except RuntimeError:
        shape = torch.Size()
    if shape[-2:] != iz.shape[-2:]:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in maps.items())
        raise ValueError(f"{shapes}: scale and shift must broadcast against inverse_depth")
    if any(value.ndim and value.device != iz.device for value in maps.values()):
        raise ValueError(f"{', '.join(f'{n} on {v.device}' for n, v in maps.items())}: move them to one device")
    if out is None:
        return
    kind = torch.result_type(maps["scale"], iz)
    if out.shape != shape or out.device != iz.device or not torch.can_cast(kind, out.dtype):
        raise ValueError(
            f"out is {out.dtype} {tuple(out.shape)} on {out.device}: give {kind} {tuple(shape)} on {iz.device}"
        )


def _validate_dense(name: str, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"{name} is a {type(value).__name__}: give a torch.Tensor")
    if value.layout is not torch.strided or value.is_quantized or value.is_nested:
        raise ValueError(f"{name} is no dense tensor ({value.layout}, {value.dtype}): give {name}.to_dense()")
    if value.is_complex() or value.dtype == torch.bool:
        raise ValueError(f"{name} is {value.dtype}: give real numbers")


def fit(disparity: Tensor, inverse_depth: Tensor, valid: Tensor | None = None) -> Fit:
    """Least-squares s, t of d ≈ s·iz + t over the valid pixels, in double precision.

    Where inverse depth does not vary, s is 0 and t the mean disparity.

    Args:
        disparity, inverse_depth: two tensors of one shape.
        valid: bool of that shape; pixels that are not finite never count.

    Raises:
        ValueError: the shapes differ, or a tensor is of another kind.
    """
    _validate_dense("disparity", disparity)
    _validate_dense("inverse_depth", inverse_depth)
    if disparity.shape != inverse_depth.shape or (valid is not None and valid.shape != disparity.shape):
        raise ValueError(f"disparity {tuple(disparity.shape)} and iz {tuple(inverse_depth.shape)} must have one shape")
    if valid is not None and valid.dtype != torch.bool:
        raise ValueError(f"valid is {valid.dtype} and must be bool")
    d, iz = disparity.double(), inverse_depth.double()
    used = torch.isfinite(d) & torch.isfinite(iz)
    if valid is not None:
        used &= valid
    d, iz = d[used], iz[used]
    if d.numel() == 0:
        return Fit(0.0, 0.0)
    mean_d, mean_iz = d.mean(), iz.mean()
    away = iz - mean_iz
    variance = float((away * away).mean())
    slope = float((away * (d - mean_d)).mean()) / variance if variance > _FLAT else 0.0
    return Fit(slope, float(mean_d) - slope * float(mean_iz))


def local_layer(disparity: Tensor, inverse_depth: Tensor, layer: Fit) -> Tensor:
    """d_local = d_L − (s·iz + t), in the unit of `disparity`."""
    return disparity - (layer.scale * inverse_depth + layer.shift)


def replace_fit(disparity: Tensor, inverse_depth: Tensor, from_fit: Fit, to_fit: Fit) -> Tensor:
    """The same local layer on another global layer; the disparity itself where both are equal."""
    if from_fit == to_fit:
        return disparity
    return disparity + ((to_fit.scale - from_fit.scale) * inverse_depth + (to_fit.shift - from_fit.shift))


def turn_knobs(
    disparity: Tensor, inverse_depth: Tensor, layer: Fit, knobs: Knobs, *, width: float, matte: Tensor | None = None
) -> Tensor:
    """The disparity after the three knobs, before the depth budget; bit-exact with the knobs at rest.

    d = d_L + (gain − 1)·s·iz + (sculpt − 1)·matte·d_local − zero_plane/100·width

    Args:
        disparity: (H, W) d_L, px or fractions.
        inverse_depth: (H, W).
        layer: the frame's fit, in the unit of `disparity`.
        knobs: gain, sculpt and zero plane.
        width: picture width in that unit.
        matte: (H, W) 0..1, where the sculpt knob acts; everywhere when None.
    """
    d = disparity
    if knobs.depth_gain != 1.0:
        d = d + ((knobs.depth_gain - 1.0) * layer.scale) * inverse_depth
    if knobs.sculpt != 1.0:
        local = local_layer(disparity, inverse_depth, layer) * (knobs.sculpt - 1.0)
        d = d + (local if matte is None else local * matte)
    if knobs.zero_plane_pct != 0.0:
        d = d - knobs.zero_plane_pct / 100.0 * width
    return d


def soft_limit(
    disparity: Tensor, knobs: Knobs, *, width: float, span: tuple[float, float] = (-math.inf, math.inf)
) -> Tensor:
    """Keep disparity inside the depth budget by a soft knee.

    Identity, bit for bit, in the inner 80 % of the budget; beyond the knee k the excess x is compressed to
    r·x/(r + x) with r = budget − k: monotone, continuous with its slope, never beyond the budget. Nearer stays
    nearer.

    Args:
        disparity: any shape, px or fractions; NaN stays NaN.
        knobs: the budget.
        width: picture width in the unit of `disparity`.
        span: bounds of `disparity`, where the caller knows them: a side that nothing reaches costs nothing.
    """
    front, behind = knobs.budget_front_pct / 100.0 * width, knobs.budget_behind_pct / 100.0 * width
    d = disparity
    if not span[1] <= INNER * front:
        d = torch.where(disparity > INNER * front, _compressed(disparity, front), d)
    if not span[0] >= -INNER * behind:
        d = torch.where(disparity < -INNER * behind, -_compressed(-disparity, behind), d)
    return d


def _compressed(disparity: Tensor, limit: float) -> Tensor:
    knee = INNER * limit
    room = limit - knee
    # limit − room/(1 + u) instead of knee + room·u/(1 + u): exact at the knee, and defined for infinite u.
    return limit - room / (1.0 + (disparity - knee) / room)
