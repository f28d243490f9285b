"""The planes that a tile can be asked for."""

from __future__ import annotations

from collections.abc import Mapping

_HALF = ":half"
OUTPUTS: Mapping[str, str] = {
    "left": "left view, channels of the plate",
    "right": "right view, channels of the plate",
    "left_extra": "the plate's extra layers in the left view",
    "right_extra": "the plate's extra layers in the right view",
    "disparity_left": "x_L − x_R on the left grid, px",
    "disparity_right": "x_L − x_R on the right grid, px",
    "occlusion_left": "1 where the left view had to be invented",
    "occlusion_right": "1 where the right view had to be invented",
    "window_left": "1 where the floating window leaves the left view, 0 where it masks it",
    "window_right": "1 where the floating window leaves the right view, 0 where it masks it",
    "inverse_depth": "normalised inverse depth on the hero grid, larger = nearer",
    "scale": "the style's vs on the hero grid, fraction of picture width",
    "shift": "the style's vt on the hero grid, fraction of picture width",
    "disparity_local": "what the style sculpts, d_L − (s·iz + t), on the hero grid, px",
}


def as_half(output: str) -> str:
    """How an output is asked for in half floats; its plane has the same name."""
    return output + _HALF


def bare(name: str) -> str:
    """The output that a name asks for."""
    return name.removesuffix(_HALF)


def pixel_type(name: str) -> str:
    """Type of a plane of that name, numpy spelling."""
    return "<f2" if name.endswith(_HALF) else "<f4"
