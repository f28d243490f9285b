"""`mini` as a depth source."""

from __future__ import annotations

import torch

from art3d_node.models.depth_net import CPU, Estimate, SourceInput, resized_look, working_size
from art3d_node.models.mini import LAYOUT_SHORT_SIDE, WORKING_SHORT_SIDE, MiniDepth

_STRIDE = 32


class MiniSource:
    """Inverse depth from one picture, by the network in the box.

    Args:
        model: the loaded network.
        model_id: what made it.
        device: where it computes.
    """

    name = "mini"
    needs_look = True
    licence_note = ""

    def __init__(self, model: MiniDepth, *, model_id: str, device: torch.device = CPU) -> None:
        self._model, self.model_id, self._device = model.eval().to(device), model_id, device

    @torch.no_grad()
    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at the network's working size, or at that of its first look at a picture as a whole."""
        side_px = LAYOUT_SHORT_SIDE if frame.layout_only else WORKING_SHORT_SIDE
        size = working_size(frame.aspect, short_side_px=side_px, multiple=_STRIDE)
        rgb = resized_look(frame.look.to(self._device), size)
        return Estimate(self._model(rgb)[0, 0].float(), self.model_id)
