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
        """Raw inverse depth at the network's working size, no larger than the look, or at that of a whole's layout."""
        shown_px = min(frame.look.shape[:2]) // _STRIDE * _STRIDE
        fine_px = min(WORKING_SHORT_SIDE, max(LAYOUT_SHORT_SIDE, shown_px))
        side_px = LAYOUT_SHORT_SIDE if frame.layout_only else fine_px
        size = working_size(frame.aspect, short_side_px=side_px, multiple=_STRIDE)
        rgb = resized_look(frame.look.to(self._device), size)
        return Estimate(self._model(rgb)[0, 0].float(), self.model_id)
