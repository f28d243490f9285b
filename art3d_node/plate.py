"""A frame's full-size layers as tensors on the device that computes: converted once per frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from art3d_node.transfer import CPU, as_float
from host_bridge.errors import BadInputError
from host_bridge.frame import Frame


@dataclass(frozen=True)
class Plate:
    """The pixels of one frame, shared by its analysis and by all settings of the knobs.

    Attributes:
        frame: the frame itself.
        device: where the tensors are.
    """

    frame: Frame
    device: torch.device = CPU

    @cached_property
    def color(self) -> Tensor:
        """(H, W, C) float32."""
        if "color" not in self.frame.layers:
            raise BadInputError("the frame carries no colour", remedy="send its color layer")
        return as_float(self.frame.layers["color"], self.device)

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
        """(H, W) float32, 0..1: everyone whom the people networks find in the frame."""
        # Imported here: most servers never look for people.
        from art3d_node.people import find

        return find(self)

    def sculpted(self, where: str) -> Tensor | None:
        """Where Local Sculpt acts, (H, W) 0..1: "people", or "input", the frame's matte; None is everywhere."""
        return self.people if where == "people" else self.matte

    @property
    def nbytes(self) -> int:
        """Bytes that the float32 copies hold at most."""
        return sum(4 * int(array.size) for name, array in self.frame.layers.items() if name != "look")

    def _layer(self, name: str) -> Tensor | None:
        return as_float(self.frame.layers[name], self.device) if name in self.frame.layers else None
