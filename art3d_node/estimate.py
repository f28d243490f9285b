"""Plate → raw inverse depth: the first, slowest stage of the analysis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from art3d_node.models.depth_net import DepthSource, SourceInput
from art3d_node.models.neutral import Staging
from art3d_node.models.z_order import order_of
from art3d_node.motion import Grey, grey
from art3d_node.plate import GIVEN, PlateTensors
from art3d_node.transfer import CPU, as_float, own_or_float
from host_bridge.core.errors import DepthSourceError
from host_bridge.core.frame import Frame
from host_bridge.wire.depth_values import Evidence, decide, varies
from host_bridge.wire.settings import AnalysisSettings

JUDGE = "mini"
"""The network whose order of near and far decides what a Z means."""
NO_LOOK = torch.zeros(0, 0, 3, dtype=torch.uint8, device=CPU)

Check = Callable[[], None]


class ModelSource(Protocol):
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
class ReadZ:
    """How a plate's Z was read.

    Attributes:
        meaning: one of the knob Z Meaning, never "auto".
        evidence: what the picture said of it; None where the settings named the meaning.
    """

    meaning: str
    evidence: Evidence | None = None

    def stats(self) -> dict[str, Any]:
        """The fields of a tile's statistics."""
        if self.evidence is None:
            return {"z_meaning": self.meaning}
        agreement = decide([self.evidence]).agreement
        return {"z_meaning": self.meaning, "z_agreement": agreement, "z_evidence": self.evidence.to_wire()}


@dataclass(frozen=True)
class RawDepth:
    """What the depth source said about one frame.

    Attributes:
        inverse_depth: (h, w) float32, larger = nearer, any affine scale, the source's own resolution; on the
            plate's device.
        look: (h', w', 3) uint8, the picture that the source saw; (0, 0, 3) for a source that looks at none. Always
            on the host, where motion is found.
        source: name of the depth source that "auto" came to.
        model_id: what made it.
        z: what the plate's Z was taken to mean; None for other sources.
        clean: `inverse_depth` of the clean plate, in the same units; None without a depth of its own.
        licence_note: what the user has to know about it before commercial work, or "".
        ms: milliseconds it took.
    """

    inverse_depth: Tensor
    look: Tensor
    source: str
    model_id: str
    licence_note: str = ""
    ms: float = 0.0
    z: ReadZ | None = None
    clean: Tensor | None = None

    @cached_property
    def grey(self) -> Grey:
        """The small grey picture that motion is found in; made once, asked by every neighbour."""
        return grey(self.look.numpy())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        clean = () if self.clean is None else (self.clean,)
        return nbytes(self.inverse_depth, self.look, *clean) + (self.grey.nbytes if self.look.numel() else 0)


def estimate_depth(
    frame: Frame,
    settings: AnalysisSettings,
    library: ModelSource,
    *,
    plate: PlateTensors | None = None,
    check: Check | None = None,
) -> RawDepth:
    """Raw inverse depth of one frame; depends on `settings.depth`, `.z_meaning` and whether `.style` is "given".

    Args:
        frame: the plate frame.
        settings: what to use.
        library: where depth sources come from.
        plate: the frame's active picture where a caller keeps it; says the device.
        check: called between stages; raises to cancel.

    Raises:
        DepthSourceError: the source does not exist or cannot read this plate.
    """
    started = time.perf_counter()
    plate = plate or PlateTensors.of(frame, replace(settings, proxy=1))
    if settings.style == GIVEN:
        clean = _given(plate, "clean_depth") if "clean_depth" in plate.frame.layers else None
        raw = RawDepth(_given(plate, "disparity"), NO_LOOK, GIVEN, GIVEN, clean=clean)
    else:
        raw = _estimate(plate, settings, library, check or never)
    return replace(raw, ms=1000.0 * (time.perf_counter() - started))


def _estimate(plate: PlateTensors, settings: AnalysisSettings, library: ModelSource, check: Check) -> RawDepth:
    frame = plate.frame
    name = source_name(frame, settings, library)
    source = library.depth(name)
    check()
    look = plate.look if source.needs_look else NO_LOOK
    check()
    # What looks at the picture has no use for Z; what reads Z does so on the host.
    read = None
    source_input = SourceInput(look=look, aspect=aspect_of(frame))
    if not source.needs_look and "depth" in frame.layers:
        z = own_or_float(frame.layers["depth"][..., 0])
        read = _read_z(plate, z, settings, library)
        check()
        source_input = SourceInput(look, aspect_of(frame), z, _alpha(frame, "color"), read.meaning)
    try:
        found = source.estimate(source_input)
    except ValueError as error:
        remedy = "use another depth source, such as --depth auto"
        raise DepthSourceError(str(error), where=f"--depth {name}", remedy=remedy) from error
    check()
    clean = _clean(frame, source, read) if "clean_depth" in frame.layers else None
    check()
    inverse = found.inverse_depth.to(plate.device)
    behind = None if clean is None else clean.to(plate.device)
    return RawDepth(inverse, look, source.name, found.model_id, source.licence_note, z=read, clean=behind)


def _clean(frame: Frame, source: DepthSource, read: ReadZ | None) -> Tensor:
    """Raw inverse depth of the clean plate, whose Z means what the plate's does."""
    if read is None:
        raise DepthSourceError(
            f"the clean plate's depth is in the units of the plate's Z, and {source.name} is a network",
            where="--clean-depth",
            remedy="give the plate's own Z (--depth), or leave --clean-depth out",
        )
    z = as_float(frame.layers["clean_depth"][..., 0])
    try:
        source_input = SourceInput(NO_LOOK, aspect_of(frame), z, _alpha(frame, "clean_plate"), read.meaning)
        return source.estimate(source_input).inverse_depth
    except ValueError as error:
        raise DepthSourceError(
            f"of the clean plate's depth: {error}", where="--clean-depth", remedy="mend it, or leave it out"
        ) from error


def source_name(frame: Frame, settings: AnalysisSettings, library: ModelSource) -> str:
    """The depth source that the settings come to for a frame.

    A Z of one value is no depth. What "auto+people" finds in a plate's Z needs nobody held.

    Raises:
        DepthSourceError: such a Z was asked for. In a shot it is a frame that shows nothing.
    """
    z = frame.layers.get("depth")
    if settings.depth in ("auto", "auto+people"):
        has_z = z is not None and varies(z)
        name = library.automatic(has_z=has_z)
        return name if has_z else name + settings.depth.removeprefix("auto")
    if settings.depth == "aov" and z is not None and settings.shot is None and not varies(z):
        raise DepthSourceError(
            f"the plate's Z is {float(z[0, 0, 0]):g} everywhere: no depth",
            where="--depth aov",
            remedy="render it again with depth, or take a network's: --depth auto",
        )
    return settings.depth


def judge(frame: Frame, settings: AnalysisSettings, name: str) -> str:
    """The network whose order decides what this frame's Z means; "" where the settings or the source need none."""
    return JUDGE if name == "aov" and settings.z_meaning == "auto" and "depth" in frame.layers else ""


def _read_z(plate: PlateTensors, z: Tensor, settings: AnalysisSettings, library: ModelSource) -> ReadZ:
    network = judge(plate.frame, settings, "aov")
    if not network:
        return ReadZ(settings.z_meaning)
    source_input = SourceInput(look=plate.look, aspect=aspect_of(plate.frame), layout_only=True)
    order = order_of(z, library.depth(network).estimate(source_input).inverse_depth)
    evidence = Evidence(**asdict(order))
    return ReadZ(decide([evidence]).meaning, evidence)


def aspect_of(frame: Frame) -> float:
    """Width over height of the data window, in square pixels."""
    return frame.data.width * frame.pixel_aspect / frame.data.height


def never() -> None:
    """The check of somebody who cancels nothing."""


def nbytes(*tensors: Tensor) -> int:
    """Bytes that tensors hold."""
    return sum(t.numel() * t.element_size() for t in tensors)


def _alpha(frame: Frame, layer: str) -> Tensor | None:
    if "A" not in frame.channels or layer not in frame.layers:
        return None
    return as_float(frame.layers[layer][..., frame.channels.index("A")])


def _given(plate: PlateTensors, layer: str) -> Tensor:
    frame = plate.frame
    if layer not in frame.layers:
        raise DepthSourceError(
            f"the frame carries no {layer}", where="style given", remedy=f"send a {layer} layer, or name a style"
        )
    array = frame.layers[layer]
    if array.dtype.kind != "f":
        raise DepthSourceError(f"the {layer} is not a float layer", where="style given", remedy="send px as float")
    return as_float(array[..., 0], plate.device)
