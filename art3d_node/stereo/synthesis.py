"""The new view: what the other eye sees, from one plate and its disparity.

Convention: disparity is x_L - x_R in pixels of the plate's own grid, positive in front of the screen.
``toward="right"`` takes the plate for the left eye (x_target = x_source - d), ``toward="left"`` for
the right eye (x_target = x_source + d). The largest disparity is nearest and wins in both. Two eyes
from a centre plate are two calls at half the disparity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from operator import index
from typing import Literal

import torch
from torch import Tensor

from art3d_node.stereo import render_cpu
from art3d_node.stereo.request import Rendered, Request
from art3d_node.stereo.window import Region

_LONGEST_PX = 1 << 16
_FARTHEST_PX = 1 << 30


@dataclass(frozen=True)
class NewView:
    """One synthesised view, or one region of it.

    Attributes:
        image: (h, w, C) colours, in the dtype of the plate. Holes hold the fill, or 0 with fill="none".
        data: (h, w, K) extra layers, or None; interpolated without overshoot.
        disparity: (h, w) float32, px, x_L - x_R on the NEW grid. In holes, the background's; 0 with
            fill="none".
        occlusion: (h, w) bool, every pixel that no surface of the plate reaches.
        beyond_border: (h, w) bool, the part of ``occlusion`` that the plate's border hides.
    """

    image: Tensor
    data: Tensor | None
    disparity: Tensor
    occlusion: Tensor
    beyond_border: Tensor


def new_view(
    image: Tensor,
    disparity: Tensor,
    *,
    toward: Literal["right", "left"] = "right",
    region: Region | None = None,
    data: Tensor | None = None,
    alpha: int | None = None,
    edges: Literal["soft", "hard"] = "soft",
    fill: Literal["none", "background", "clean-plate"] = "background",
    clean_plate: Tensor | None = None,
    clean_disparity: Tensor | None = None,
    occlusion_to_alpha: bool = False,
    disparity_range: tuple[float, float] | None = None,
) -> NewView:
    """Render the other eye's view of a plate.

    Any region equals that crop of the whole view, bit for bit on one device type. With zero disparity
    the view is the plate, with a constant whole number it is the plate shifted, bit for bit.

    A NaN or infinite disparity marks a sample that is nowhere: it shows in no view, and what it leaves
    open is a hole like any other. A value of the plate that is not finite stays in its own pixel; no
    neighbour is mixed with it.

    Args:
        image: (H, W, C) scene-linear colours, premultiplied by their alpha, any float dtype.
        disparity: (H, W) x_L - x_R, px of this grid.
        toward: the eye to render.
        region: x0, y0, x1, y1, half-open, in the plate's pixel coordinates; it may reach outside the
            plate. The whole plate by default.
        data: (H, W, K) extra layers that ride along without overshoot (depth, mattes).
        alpha: index of the alpha channel in ``image``; it is interpolated without overshoot.
        edges: "soft" separates the mixed pixels of outlines into two layers, "hard" moves them whole.
        fill: what to put into holes: nothing, a continuation of the background, or ``clean_plate``.
        clean_plate: (H, W, C) the same picture without what stands in front, on the PLATE's grid. Holes show it where
            the background's disparity, which goes on behind the foreground as beside it, takes them from, and it
            stands behind soft outlines. Where it ends, the background is continued.
        clean_disparity: (H, W) x_L - x_R of the clean plate, px. Holes then show the clean plate carried by it, its
            nearest surface in front; only where that leaves a hole too does the background's disparity go on.
        occlusion_to_alpha: write 0 into the alpha channel wherever ``occlusion`` is true, filled or not, so that a
            compositor sees what the plate showed; without ``alpha`` one that is 1 elsewhere is appended.
        disparity_range: lowest and highest finite disparity, the clean plate's too, px, where the caller knows
            them; looser bounds give the same result, tighter ones do not.

    Returns:
        The view of ``region``.

    Raises:
        TypeError: an argument is not a float tensor, alpha is no whole number.
        ValueError: shapes, devices or options do not fit together, or region or range is none.
    """
    _check_tensors(image, disparity, data, alpha)
    _check_clean_plate(image, clean_plate, clean_disparity)
    _check_options(toward, edges, fill, clean_plate)
    _check_range(disparity_range)
    region = _check_region(region, image)
    request = Request(
        sign=1.0 if toward == "right" else -1.0,
        region=region,
        alpha=-1 if alpha is None else alpha % image.shape[2],
        soft=edges == "soft",
        fill=fill != "none",
        disparity_range=disparity_range,
        clean_plate=None if clean_plate is None else _floats(clean_plate),
        clean_disparity=None if clean_disparity is None else _floats(clean_disparity),
    )
    layers = None if data is None else _floats(data)
    view = _renderer(image)(_floats(image), layers, _floats(disparity), request)
    if fill == "none" and (region[1] < 0 or region[3] > image.shape[0]):
        _blank(view)
    if occlusion_to_alpha:
        view.image = _with_occlusion(view.image, view.occlusion, alpha)
    return NewView(
        image=view.image.to(image.dtype),
        data=None if data is None or view.data is None else view.data.to(data.dtype),
        disparity=view.disparity,
        occlusion=view.occlusion,
        beyond_border=view.beyond_border,
    )


def _renderer(image: Tensor) -> Callable[[Tensor, Tensor | None, Tensor, Request], Rendered]:
    """The renderer of the image's device; CUDA's is imported only where it is used."""
    if image.device.type == "cpu":
        return render_cpu.render
    if image.device.type == "cuda":
        from art3d_node.stereo import render_cuda

        return render_cuda.render
    raise ValueError(f"new_view renders on cpu and cuda, not on {image.device}")


def _floats(tensor: Tensor) -> Tensor:
    return tensor.detach().to(torch.float32).contiguous()


def _check_floats(device: torch.device | None, **named: Tensor | None) -> None:
    for name, value in named.items():
        if value is not None and not (isinstance(value, Tensor) and value.is_floating_point()):
            kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
            raise TypeError(f"{name} must be a float tensor, not {kind}")
        if value is not None and device is not None and value.device != device:
            raise ValueError(f"{name} is on {value.device}, image on {device}")


def _check_tensors(image: Tensor, disparity: Tensor, data: Tensor | None, alpha: int | None) -> None:
    for name, value in {"image": image, "disparity": disparity}.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} must be a float tensor, not {type(value).__name__}")
    _check_floats(None, image=image)
    _check_floats(image.device, disparity=disparity, data=data)
    if image.ndim != 3 or image.numel() == 0:
        raise ValueError(f"image must be (H, W, C) with at least one value, not {tuple(image.shape)}")
    if disparity.shape != image.shape[:2]:
        raise ValueError(f"disparity is {tuple(disparity.shape)}, the image {tuple(image.shape[:2])}")
    if data is not None and (data.ndim != 3 or data.shape[:2] != image.shape[:2]):
        raise ValueError(f"data must be {tuple(image.shape[:2])} + (K,), not {tuple(data.shape)}")
    if alpha is not None and not isinstance(alpha, int):
        raise TypeError(f"alpha must be the number of a channel, not {alpha!r}")
    if alpha is not None and not -image.shape[2] <= alpha < image.shape[2]:
        raise ValueError(f"alpha is channel {alpha} of an image with {image.shape[2]}")


def _check_clean_plate(image: Tensor, clean_plate: Tensor | None, clean_disparity: Tensor | None) -> None:
    _check_floats(image.device, clean_plate=clean_plate, clean_disparity=clean_disparity)
    if clean_plate is not None and clean_plate.shape != image.shape:
        raise ValueError(f"clean_plate is {tuple(clean_plate.shape)}, the image {tuple(image.shape)}")
    if clean_disparity is None:
        return
    if clean_plate is None:
        raise ValueError("clean_disparity is a clean plate's, and there is no clean_plate")
    if clean_disparity.shape != image.shape[:2]:
        raise ValueError(f"clean_disparity is {tuple(clean_disparity.shape)}, the image {tuple(image.shape[:2])}")


def _check_options(toward: str, edges: str, fill: str, clean_plate: Tensor | None) -> None:
    if toward not in ("right", "left"):
        raise ValueError(f"toward must be 'right' or 'left', not {toward!r}")
    if edges not in ("soft", "hard"):
        raise ValueError(f"edges must be 'soft' or 'hard', not {edges!r}")
    if fill not in ("none", "background", "clean-plate"):
        raise ValueError(f"fill must be 'none', 'background' or 'clean-plate', not {fill!r}")
    if (fill == "clean-plate") != (clean_plate is not None):
        raise ValueError("fill='clean-plate' and clean_plate go together")


def _check_range(disparity_range: tuple[float, float] | None) -> None:
    if disparity_range is None:
        return
    try:
        low, high = (float(value) for value in disparity_range)
    except (TypeError, ValueError) as error:
        raise ValueError(f"disparity_range must be two numbers, px, not {disparity_range!r}") from error
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise ValueError(f"disparity_range must be finite, the lowest first, not {disparity_range!r}")


def _check_region(region: Region | None, image: Tensor) -> Region:
    if region is None:
        return (0, 0, image.shape[1], image.shape[0])
    try:
        x0, y0, x1, y1 = (index(value) for value in region)
    except (TypeError, ValueError) as error:
        raise ValueError(f"region must be four whole numbers x0, y0, x1, y1, not {region!r}") from error
    if x1 < x0 or y1 < y0:
        raise ValueError(f"region {region} ends before it starts")
    if max(x1 - x0, y1 - y0) > _LONGEST_PX or max(abs(value) for value in (x0, y0, x1, y1)) > _FARTHEST_PX:
        raise ValueError(f"region {region} has more than {_LONGEST_PX} px a side, or lies farther away than any plate")
    return (x0, y0, x1, y1)


def _blank(view: Rendered) -> None:
    """Rows outside the plate repeat its nearest row; unfilled, they are holes like any other."""
    view.image[view.occlusion] = 0.0
    view.disparity[view.occlusion] = 0.0
    if view.data is not None:
        view.data[view.occlusion] = 0.0


def _with_occlusion(image: Tensor, occlusion: Tensor, alpha: int | None) -> Tensor:
    if alpha is None:
        return torch.cat([image, (~occlusion)[..., None].to(image.dtype)], dim=-1)
    image[..., alpha] = image[..., alpha].masked_fill(occlusion, 0.0)
    return image
