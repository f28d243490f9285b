"""The figures of a stereo pair, as `art3d measure` reports them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node.stereo import comfort, metrics
from host_bridge.core.bars import display_codes, find_bars
from host_bridge.core.errors import BadInputError
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls

AT_REST = Controls()


def measure(layers: Mapping[str, npt.NDArray[Any]], *, check: Callable[[], None]) -> dict[str, Any]:
    """PSNR, SSIM and SIoU of right against reference; parallax and its verdict from the disparity; inside the bars.

    Args:
        layers: `left`, `right`, and perhaps `reference` and `disparity` (x_L − x_R on the left grid, px), each
            (rows, columns, channels).
        check: called between figures; raises to stop.

    Raises:
        BadInputError: left or right is missing.
    """
    if "left" not in layers or "right" not in layers:
        raise BadInputError("a pair needs a left and a right view", remedy="name both")
    layers = _inside(layers)
    left, right = _picture(layers["left"]), _picture(layers["right"])
    figures: dict[str, Any] = {"width": left.shape[1], "height": left.shape[0]}  # of the active picture
    if "reference" in layers:
        reference = _picture(layers["reference"])
        figures["psnr_db"] = _finite(metrics.psnr(right, reference))
        check()
        figures["ssim"] = _finite(metrics.ssim(right, reference))
        check()
        figures["siou"] = _finite(metrics.siou(right, reference, left))
        check()
    if "disparity" in layers:
        figures.update(_parallax(torch.from_numpy(layers["disparity"][..., 0].astype(np.float32))))
    return figures


def _inside(layers: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The layers without the black bars of the left view, whose values count as display codes."""
    left = layers["left"]
    data = Box.of_size(left.shape[1], left.shape[0])
    rows, columns = find_bars(display_codes(left)).inside(data).slices(data)
    same = {name for name, layer in layers.items() if layer.shape[:2] == left.shape[:2]}
    return {name: layer[rows, columns] if name in same else layer for name, layer in layers.items()}


def _parallax(disparity: Tensor) -> dict[str, Any]:
    span = comfort.parallax_range(disparity, width=float(disparity.shape[1]))
    verdict = comfort.verdict(span, budget_front_pct=AT_REST.budget_front, budget_behind_pct=AT_REST.budget_behind)
    if span is None:
        return {"budget": verdict}
    return {
        "parallax_min_pct": span.nearest,
        "parallax_p1_pct": span.p1,
        "parallax_p50_pct": span.p50,
        "parallax_p99_pct": span.p99,
        "parallax_max_pct": span.farthest,
        "budget": verdict,
        "budget_front_pct": AT_REST.budget_front,
        "budget_behind_pct": AT_REST.budget_behind,
    }


def _picture(layer: npt.NDArray[Any]) -> Tensor:
    """(rows, columns, 3) float32: the colours, or one grey channel three times."""
    scale = np.float32(np.iinfo(layer.dtype).max) if layer.dtype.kind == "u" else np.float32(1.0)
    colours = layer[..., :3] if layer.shape[2] >= 3 else np.repeat(layer[..., :1], 3, 2)
    return torch.from_numpy(np.ascontiguousarray(colours.astype(np.float32) / scale))


def _finite(value: float) -> float | None:
    """Identical pictures have no finite PSNR; the wire and JSON say null."""
    return value if math.isfinite(value) else None
