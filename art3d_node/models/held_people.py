"""Any depth source that looks at a picture, with people held together in what it says: `mini+people`.

A network that loses a head before a dark wall puts it on the wall. Where the people network sees one person, nothing of
them may fall far behind the rest of them: what does is lifted to within a relief of the person's own depth. Nothing is
pushed back, and what was in one piece stays as it was.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from art3d_node.models.depth_net import DepthSource, Estimate, SourceInput
from art3d_node.models.people import MODEL_ID, PeopleNetwork

SUFFIX = "+people"
# A person's own depth: this share of them lies behind it. Above a half, so that a body outvotes a lost head.
_OWN = 0.6
# How far a part may fall behind it, as a share of the frame's range: an arm stretched away, a lean.
_RELIEF = 0.08
# The look is shrunk to this before people are searched for; the crops the network takes are 256 px.
_LOOK_PX = 1024


class PeopleHeld:
    """A depth source that keeps people in one piece.

    Args:
        source: what estimates depth.
        network: what finds people.
    """

    needs_look = True

    def __init__(self, source: DepthSource, network: PeopleNetwork) -> None:
        self._source, self._network = source, network
        self.name, self.licence_note = source.name + SUFFIX, source.licence_note

    def estimate(self, frame: SourceInput) -> Estimate:
        """The source's inverse depth with every person held together."""
        found = self._source.estimate(frame)
        iz = found.inverse_depth
        look = frame.look.cpu().numpy()
        scale = _LOOK_PX / max(look.shape[:2])
        if scale < 1:
            look = cv2.resize(look, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        size = iz.shape[1], iz.shape[0]
        for person in self._network.people(look):
            mask = cv2.resize(person.mask, size, interpolation=cv2.INTER_AREA)
            iz = hold(iz, torch.from_numpy(np.ascontiguousarray(mask)).to(iz.device))
        return Estimate(iz, f"{found.model_id}{SUFFIX}:{MODEL_ID}")


def hold(iz: Tensor, mask: Tensor) -> Tensor:
    """Lift what of a person fell behind them.

    With ``own`` the person's depth and ``r`` the relief allowed, a value ``v`` below ``own`` becomes
    ``own − r · tanh((own − v) / r)``: close parts hardly move, lost ones end at ``own − r``.

    Args:
        iz: (h, w) inverse depth, any affine scale. mask: (h, w) 0..1, one person.

    Returns:
        (h, w) inverse depth.
    """
    on = mask > 0.6
    if int(on.sum()) < 16:
        return iz
    low, high = torch.quantile(iz.flatten().float(), torch.tensor([0.02, 0.98], device=iz.device))
    relief = float(_RELIEF * (high - low))
    if relief <= 0:
        return iz
    person_iz = torch.quantile(iz[on].float(), _OWN)
    held = person_iz - relief * torch.tanh((person_iz - iz) / relief)
    return torch.where(iz < person_iz, iz + mask * (held - iz), iz)
