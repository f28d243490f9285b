"""Inverse depth of training pictures, normalised as the node normalises a frame without a shot.

Convention:
    iz: 0 = the frame's first percentile (far), 1 = its ninety-ninth (near), larger = nearer, not clipped.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from art3d_node.analysis import HIGH_RANK, LOW_RANK
from art3d_node.library import Library
from art3d_node.models.depth_net import CPU, SourceInput
from host_bridge.core.errors import DepthSourceError

Map = npt.NDArray[np.float32]
SIDECAR = "sidecar"


class Depth:
    """A frozen DepthNet, or depth pictures that lie beside the film.

    Args:
        name: a depth source as `art3d render --depth` takes it, "auto", or "sidecar".
        device: where its network computes.

    Raises:
        DepthSourceError: there is no such source.
    """

    def __init__(self, name: str, *, device: torch.device = CPU) -> None:
        library = Library(device=device)
        self.name = library.automatic(has_z=False) if name == "auto" else name
        self._source = None if self.name == SIDECAR else library.depth(self.name)
        if self._source is not None and not self._source.needs_look:
            raise DepthSourceError(
                "reads the Z of a plate, and films carry none",
                where=f"--depth {self.name}",
                remedy=f"name a network, or {SIDECAR} for depth pictures beside the film",
            )
        self.model_id: str = getattr(self._source, "model_id", SIDECAR)

    def __call__(self, picture: npt.NDArray[np.uint8], aspect: float, beside: Map | None) -> Map:
        """iz (H, W) of one picture.

        Args:
            picture: (H, W, 3), display-referred.
            aspect: width over height of what it shows, in square pixels.
            beside: (H, W) inverse depth from beside the film; only "sidecar" reads it.

        Raises:
            DepthSourceError: the source cannot read this picture, or nothing lies beside the film.
        """
        if self._source is None:
            if beside is None:
                raise DepthSourceError("no depth lies beside this film", remedy="use another --depth")
            return normalised(beside)
        try:
            found = self._source.estimate(SourceInput(torch.from_numpy(picture.copy()), aspect)).inverse_depth.cpu()
        except ValueError as error:
            raise DepthSourceError(str(error), where=f"--depth {self.name}") from error
        size = picture.shape[:2]
        if tuple(found.shape) != size:
            found = torch.nn.functional.interpolate(found[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        return normalised(found.numpy())


def normalised(raw: Map) -> Map:
    """Raw inverse depth to iz; a picture without depth is 0.5 throughout."""
    low, high = np.quantile(raw[::2, ::2], (LOW_RANK, HIGH_RANK))
    if not high - low > 1e-9:
        return np.full(raw.shape, 0.5, np.float32)
    return np.asarray((raw - low) / (high - low), np.float32)
