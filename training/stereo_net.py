"""StereoNet: signed disparities of a rectified pair, both ways, behind one protocol.

Convention:
    Disparity is x_L − x_R in px of the given pictures; NaN where the matcher is sure of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from art3d_node import native
from art3d_node.stereo import matching
from host_bridge.core.errors import BadInputError
from training.sea_raft import SeaRaft

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
NETS = ("sgm", "sea-raft")


@dataclass(frozen=True)
class Disparities:
    """Disparity (H, W) on the left grid and on the right grid, px; NaN: unknown.

    Attributes:
        sure: both eyes' (H, W) masks of what the matcher itself trusts; None where it does not say.
    """

    left: Map
    right: Map
    sure: tuple[Mask, Mask] | None = None


class StereoNet(Protocol):
    """Matches rectified pairs of (H, W, 3) uint8 pictures."""

    @property
    def name(self) -> str: ...

    def match(self, left: Picture, right: Picture) -> Disparities: ...


@dataclass(frozen=True)
class Sgm:
    """Semi-global matching of our own (`art3d_node.stereo.matching`): no weights, the same on every machine.

    Attributes:
        reach_px: largest disparity in front of or behind the screen, px.
    """

    reach_px: int = 64
    name: str = "sgm"

    def match(self, left: Picture, right: Picture) -> Disparities:
        """On one thread: pairs are matched side by side.

        Raises:
            ValueError: the pictures differ in size.
        """
        before = native.threads()
        native.set_threads(1)
        try:
            found = matching.match(left, right, reach_px=self.reach_px)
        finally:
            native.set_threads(before)
        return Disparities(*found.disparity, sure=found.valid)


@dataclass(frozen=True)
class BothWays:
    """Optical flow as a matcher: the flow towards the other eye, from either.

    Attributes:
        network: finds it.
    """

    network: SeaRaft
    name: str = "sea-raft"

    def match(self, left: Picture, right: Picture) -> Disparities:
        """Left and right disparity are minus and plus the horizontal flow towards the other eye."""
        return Disparities(-self.network.flow(left, right), self.network.flow(right, left))


def stereo_net(name: str, *, weights: Path | None = None, device: str = "cpu", reach_px: int = 64) -> StereoNet:
    """The matcher of that name.

    Raises:
        BadInputError: no such matcher, or its weights are missing.
    """
    if name == "sgm":
        return Sgm(reach_px=reach_px)
    if name == "sea-raft":
        return BothWays(SeaRaft(weights or Path("sea_raft.ckpt"), device=device))
    raise BadInputError(f"no stereo matcher {name!r}", remedy=f"there are {', '.join(NETS)}")


def consistent(found: Disparities, *, tolerance_px: float) -> tuple[Mask, Mask]:
    """M_valid of both eyes: where a point's disparity from either eye agrees within the tolerance."""
    return matching.consistent((found.left, found.right), tolerance_px)
