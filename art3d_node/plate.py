"""A frame's full-size layers as tensors on the device that computes: converted once per frame.

Convention:
    A plate is the active picture alone, in a data window of its own. Black bars are the frame around it: everything
    that measures looks past them, and a new view neither fills nor leaves its picture there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from art3d_node.look import make_look
from art3d_node.transfer import CPU, as_float, host_array
from host_bridge.core.bars import active_picture
from host_bridge.core.errors import BadInputError, DepthSourceError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire.settings import AnalysisSettings

GIVEN = "given"  # the style that stages a frame's own disparity


@dataclass(frozen=True)
class PlateTensors:
    """The pixels of one frame, shared by its analysis and by all settings of the knobs.

    Attributes:
        frame: the frame inside its bars.
        device: where the tensors are.
        barred: the same frame with its bars; None where it has none.
    """

    frame: Frame
    device: torch.device = CPU
    barred: Frame | None = None

    @staticmethod
    def of(frame: Frame, settings: AnalysisSettings, device: torch.device = CPU) -> PlateTensors:
        """The plate that settings ask for of a whole frame: its active picture, at their proxy.

        Raises:
            BadInputError: as `picture_of`.
        """
        return PlateTensors.within(frame, picture_of(frame, settings), settings.proxy, device)

    @staticmethod
    def within(frame: Frame, picture: Box, proxy: int = 1, device: torch.device = CPU) -> PlateTensors:
        """The plate of a whole frame whose active picture is known, px of the whole frame."""
        proxied, part = frame.proxy(proxy), picture.sampled(frame.data, proxy)
        if picture == frame.data or part.empty:
            return PlateTensors(proxied, device)
        return PlateTensors(proxied.inside(part), device, proxied)

    @cached_property
    def color(self) -> Tensor:
        """(H, W, C) float32."""
        if "color" not in self.frame.layers:
            raise BadInputError("the frame carries no colour", remedy="send its color layer")
        return as_float(self.frame.layers["color"], self.device)

    @property
    def look(self) -> Tensor:
        """The frame's own `look`, or one made from its colour; (h, w, 3) uint8, on the host.

        Raises:
            DepthSourceError: the frame has neither.
        """
        layers = self.frame.layers
        if "look" in layers:
            look = layers["look"]
            if look.dtype != np.uint8 or look.shape[2] != 3 or look.size == 0:
                raise DepthSourceError(
                    "the frame's look is not (h, w, 3) of 8 bits", remedy="send it so, or leave it out"
                )
            return torch.from_numpy(np.array(look))
        if "color" not in layers:
            raise DepthSourceError("the frame carries no picture to look at", remedy="send its color or look layer")
        return torch.from_numpy(host_array(make_look(self.color, self.frame.channels)))

    @cached_property
    def extra(self) -> Tensor | None:
        """(H, W, K) float32 layers that ride along."""
        return self._layer("extra")

    @cached_property
    def clean_plate(self) -> Tensor | None:
        """(H, W, C) float32."""
        return self._layer("clean_plate")

    @cached_property
    def matte(self) -> Tensor | None:
        """(H, W) float32, 0..1."""
        matte = self._layer("matte")
        return None if matte is None else torch.nan_to_num(matte[..., 0]).clamp(0.0, 1.0)

    @cached_property
    def people(self) -> Tensor:
        """(H, W) float32, 0..1: everyone whom the people networks find in the frame.

        Raises:
            DepthSourceError: as `look`.
        """
        # Imported here: most servers never look for people.
        from art3d_node.people import find

        return find(self.look, height=self.frame.data.height, width=self.frame.data.width).to(self.device)

    def sculpted(self, where: str) -> Tensor | None:
        """Where Local Sculpt acts, (H, W) 0..1: "people", or "input", the frame's matte; None is everywhere."""
        return self.people if where == "people" else self.matte

    @property
    def nbytes(self) -> int:
        """Bytes that the float32 copies hold at most."""
        return sum(4 * int(array.size) for name, array in self.frame.layers.items() if name != "look")

    def _layer(self, name: str) -> Tensor | None:
        return as_float(self.frame.layers[name], self.device) if name in self.frame.layers else None


def picture_of(frame: Frame, settings: AnalysisSettings) -> Box:
    """The active picture of a whole frame, px: what the settings say, else what is found.

    A disparity that is given is taken as it is, bars and all.

    Raises:
        BadInputError: the settings name a picture outside the frame.
    """
    if settings.picture is None:
        return frame.data if settings.style == GIVEN else active_picture(frame)
    if settings.picture.empty or not frame.data.contains(settings.picture):
        raise BadInputError(
            f"the active picture {settings.picture.as_tuple()} lies outside the data window {frame.data.as_tuple()}",
            remedy="analyse this plate with `art3d analyse`, or leave the picture out",
        )
    return settings.picture
