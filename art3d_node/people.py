"""The people of a plate as a matte on its own grid."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor

from art3d_node.models.people import PeopleNetwork

_LOOK_PX = 1024


@lru_cache(maxsize=1)
def _network() -> PeopleNetwork:
    return PeopleNetwork()


def find(look: Tensor, *, height: int, width: int) -> Tensor:
    """Everyone in a picture, (height, width) float32, 0..1; all 0 where nobody is found.

    Args:
        look: the picture, (h, w, 3) uint8, display-referred.
        height, width: the grid of the answer, px.
    """
    picture = look.numpy()
    scale = _LOOK_PX / max(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    mask = cv2.resize(_network().mask(picture), (width, height), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(np.ascontiguousarray(mask, np.float32))
