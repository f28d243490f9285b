"""What the analysis of a frame depends on beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from host_bridge.core.geometry import Box
from host_bridge.wire.shot_frame import ShotFrame

PROXIES = (1, 64)


@dataclass(frozen=True)
class AnalysisSettings:
    """Everything beside the pixels that the analysis of a frame depends on.

    Attributes:
        depth: depth source name, "auto" allowed.
        style: style name; "given" stages the frame's own `disparity` layer.
        z_meaning: "auto", "distance" or "inverse", for the plate's Z.
        shot: what the shot fixes, or None for a frame on its own.
        proxy: every how many-th pixel of the plate is staged and rendered, 1 to 64; boxes, planes and px are then
            those of the proxy, as `Frame.proxy` makes it. The depth source sees the plate all the same.
        picture: the active picture, px of the whole plate; None has the server look for black bars itself, but not with
            style "given".
    """

    depth: str = "auto"
    style: str = "neutral"
    z_meaning: str = "auto"
    shot: ShotFrame | None = None
    proxy: int = 1
    picture: Box | None = None
