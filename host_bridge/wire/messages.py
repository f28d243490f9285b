"""What the two sides say to each other, as frozen dataclasses; `codec` turns them into bytes and back.

`docs/protocol.md` is the authority; this file is its Python spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from host_bridge.frame import Array
from host_bridge.geometry import Box
from host_bridge.params import Controls

PROTOCOL = (1, 0)
Priority = Literal["interactive", "batch"]

OUTPUTS: Mapping[str, str] = {
    "left": "left view, channels of the plate",
    "right": "right view, channels of the plate",
    "left_extra": "the plate's extra layers in the left view",
    "right_extra": "the plate's extra layers in the right view",
    "disparity_left": "x_L − x_R on the left grid, px",
    "disparity_right": "x_L − x_R on the right grid, px",
    "occlusion_left": "1 where the left view had to be invented",
    "occlusion_right": "1 where the right view had to be invented",
    "inverse_depth": "normalised inverse depth on the hero grid, larger = nearer",
    "scale": "the style's vs on the hero grid, fraction of picture width",
    "shift": "the style's vt on the hero grid, fraction of picture width",
    "disparity_local": "what the style sculpts, d_L − (s·iz + t), on the hero grid, px",
}


@dataclass(frozen=True)
class ShotFrame:
    """What a shot analysis fixes for one frame, so that the frame is the same in any chunk.

    Attributes:
        iz_low, iz_high: raw inverse depths that become 0 and 1 over the whole shot.
        depth_gain: the shot's own gain on global depth, times the artist's.
        zero_plane: the shot's own zero-plane offset in % parallax, added to the artist's.
        fit_scale, fit_shift: the shot's smoothed s and t, fractions of picture width; None leaves the frame's own.
        before, after: keys of neighbouring frames (at least their `look`) that steady this one's depth, nearest
            first.
    """

    iz_low: float
    iz_high: float
    depth_gain: float = 1.0
    zero_plane: float = 0.0
    fit_scale: float | None = None
    fit_shift: float | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnalysisSettings:
    """Everything beside the pixels that the analysis of a frame depends on.

    Attributes:
        depth: depth source name, "auto" allowed.
        style: style name; "given" stages the frame's own `disparity` layer.
        z_meaning: "auto", "distance" or "inverse", for the plate's Z.
        shot: what the shot fixes, or None for a frame on its own.
    """

    depth: str = "auto"
    style: str = "neutral"
    z_meaning: str = "auto"
    shot: ShotFrame | None = None


@dataclass(frozen=True)
class Hello:
    """First message of a client."""

    client: str
    protocol: tuple[int, int] = PROTOCOL
    machine: str = ""


@dataclass(frozen=True)
class Welcome:
    """The server's answer to `Hello`: who it is and what it can do."""

    server: str
    protocol: tuple[int, int]
    shared_memory: bool
    styles: tuple[Mapping[str, Any], ...]
    depth_sources: tuple[Mapping[str, Any], ...]
    limits: Mapping[str, int]
    devices: tuple[str, ...] = ()
    pid: int = 0
    control: str = ""


@dataclass(frozen=True)
class HaveFrame:
    """Asks whether the server still holds a frame."""

    key: str


@dataclass(frozen=True)
class TileRequest:
    """Asks for pixels of one frame.

    Attributes:
        key: the frame's content key.
        box: pixels asked, in the plate's own coordinates; may reach outside the data window. Empty asks for the
            statistics only.
        outputs: names of `OUTPUTS`.
        viewer: who asks; among interactive requests of one viewer the newest goes first.
    """

    key: str
    settings: AnalysisSettings
    controls: Controls
    box: Box
    outputs: tuple[str, ...]
    priority: Priority = "batch"
    viewer: str = ""


@dataclass(frozen=True)
class Tile:
    """The answer to a `TileRequest`.

    Attributes:
        planes: output name → (rows, columns, channels) float32, covering exactly the asked box.
        stats: figures of the whole frame: `fit_scale` and `fit_shift` (fractions of picture width),
            `parallax_min_pct`, `parallax_max_pct`, `budget` (verdict), `beyond_border_px`, `depth_source`,
            `style_id`, `model_id`, and `ms` per stage.
    """

    box: Box
    planes: Mapping[str, Array]
    stats: Mapping[str, Any] = field(default_factory=dict)
