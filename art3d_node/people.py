"""The people of a plate as a matte on its own grid."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor

from art3d_node.estimate import look_of
from art3d_node.models.people import PeopleNetwork
from art3d_node.plate import PlateTensors

_LOOK_PX = 1024


@lru_cache(maxsize=1)
def _network() -> PeopleNetwork:
    return PeopleNetwork()


def find(plate: PlateTensors) -> Tensor:
    """Everyone in the frame, (H, W) float32, 0..1, on the plate's device; all 0 where nobody is found.

    Raises:
        DepthSourceError: the frame carries no picture to look at.
    """
    look = look_of(plate).numpy()
    scale = _LOOK_PX / max(look.shape[:2])
    if scale < 1:
        look = np.asarray(cv2.resize(look, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    data = plate.frame.data
    mask = cv2.resize(_network().mask(look), (data.width, data.height), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(np.ascontiguousarray(mask, np.float32)).to(plate.device)
