"""Plate → raw inverse depth: the first, slowest stage of the analysis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from art3d_node.look import make_look
from art3d_node.models.depth_net import DepthSource, SourceInput
from art3d_node.models.neutral import Staging
from host_bridge.errors import DepthSourceError
from host_bridge.frame import Array, Frame
from host_bridge.wire.messages import AnalysisSettings

GIVEN = "given"
NO_LOOK = torch.zeros(0, 0, 3, dtype=torch.uint8)

Check = Callable[[], None]


class Shelf(Protocol):
    """Where depth sources and styles come from; `art3d_node.library.Library` is one."""

    def depth(self, name: str) -> DepthSource:
        """The source of that name."""
        ...

    def style(self, name: str) -> Staging:
        """The style of that name."""
        ...

    def automatic(self, *, has_z: bool) -> str:
        """The source that "auto" stands for."""
        ...


@dataclass(frozen=True)
class RawDepth:
    """What the depth source said about one frame.

    Attributes:
        inverse_depth: (h, w) float32, larger = nearer, any affine scale, the source's own resolution.
        look: (h', w', 3) uint8, the picture that the source saw; (0, 0, 3) for a source that looks at none.
        source: name of the depth source that "auto" came to.
        model_id: what made it.
        licence_note: what the user has to know about it before commercial work, or "".
        ms: milliseconds it took.
    """

    inverse_depth: Tensor
    look: Tensor
    source: str
    model_id: str
    licence_note: str = ""
    ms: float = 0.0

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return nbytes(self.inverse_depth, self.look)


def estimate_depth(frame: Frame, settings: AnalysisSettings, library: Shelf, *, check: Check | None = None) -> RawDepth:
    """Raw inverse depth of one frame; depends on `settings.depth`, `.z_meaning` and whether `.style` is "given".

    Args:
        frame: the plate frame.
        settings: what to use.
        library: where depth sources come from.
        check: called between stages; raises to cancel.

    Raises:
        DepthSourceError: the source does not exist or cannot read this plate.
    """
    started = time.perf_counter()
    if settings.style == GIVEN:
        raw = RawDepth(_given(frame), NO_LOOK, GIVEN, GIVEN)
    else:
        raw = _estimate(frame, settings, library, check or never)
    return replace(raw, ms=1000.0 * (time.perf_counter() - started))


def _estimate(frame: Frame, settings: AnalysisSettings, library: Shelf, check: Check) -> RawDepth:
    z = frame.layers.get("depth")
    name = library.automatic(has_z=z is not None) if settings.depth == "auto" else settings.depth
    source = library.depth(name)
    check()
    look = look_of(frame) if source.needs_look else NO_LOOK
    check()
    seen = SourceInput(
        look=look,
        aspect=aspect_of(frame),
        z=None if z is None else as_float(z[..., 0]),
        alpha=None if z is None else _alpha(frame),
        z_meaning=settings.z_meaning,
    )
    try:
        found = source.estimate(seen)
    except ValueError as error:
        remedy = "use another depth source, such as --depth auto"
        raise DepthSourceError(str(error), where=f"--depth {name}", remedy=remedy) from error
    check()
    return RawDepth(found.inverse_depth, look, source.name, found.model_id, source.licence_note)


def look_of(frame: Frame) -> Tensor:
    """The frame's own `look`, or one made from its colour; (h, w, 3) uint8.

    Raises:
        DepthSourceError: the frame has neither.
    """
    if "look" in frame.layers:
        look = frame.layers["look"]
        if look.dtype != np.uint8 or look.shape[2] != 3 or look.size == 0:
            raise DepthSourceError("the frame's look is not (h, w, 3) of 8 bits", remedy="send it so, or leave it out")
        return torch.from_numpy(np.array(look))
    if "color" not in frame.layers:
        raise DepthSourceError("the frame carries no picture to look at", remedy="send its color or look layer")
    return make_look(as_float(frame.layers["color"]), frame.channels)


def as_float(array: Array) -> Tensor:
    """A layer as float32: half and float by value, integers as a share of their largest value."""
    if array.dtype.kind == "u":
        return torch.from_numpy(array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max))
    return torch.from_numpy(np.array(array, np.float32, order="C"))


def aspect_of(frame: Frame) -> float:
    """Width over height of the data window, in square pixels."""
    return frame.data.width * frame.pixel_aspect / frame.data.height


def never() -> None:
    """The check of somebody who cancels nothing."""


def nbytes(*tensors: Tensor) -> int:
    """Bytes that tensors hold."""
    return sum(t.numel() * t.element_size() for t in tensors)


def _alpha(frame: Frame) -> Tensor | None:
    if "A" not in frame.channels or "color" not in frame.layers:
        return None
    return as_float(frame.layers["color"][..., frame.channels.index("A")])


def _given(frame: Frame) -> Tensor:
    if "disparity" not in frame.layers:
        raise DepthSourceError(
            "the frame carries no disparity", where="style given", remedy="send a disparity layer, or name a style"
        )
    array = frame.layers["disparity"]
    if array.dtype.kind != "f":
        raise DepthSourceError("the disparity is no float layer", where="style given", remedy="send px as float")
    return as_float(array[..., 0])
