"""What a client hands to its caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box


@dataclass(frozen=True)
class Tile:
    """What a client hands to its caller: the answer to a `TileRequest`.

    Attributes:
        planes: output name → (rows, columns, channels) float32, or half where that was asked and the server knows how,
            covering exactly the asked box. They may lie in shared memory: read-only, and valid as long as the array
            lives.
        stats: figures of the whole frame: `fit_scale` and `fit_shift` (fractions of picture width),
            `parallax_min_pct`, `parallax_max_pct`, `budget` (verdict), `beyond_border_px`, `depth_source`,
            `style_id`, `model_id`, and `ms` per stage; under a floating window also `floating_window` (left top, left
            bottom, right top, right bottom, %) and `window_hides_pct` (nearest and farthest parallax under its masks).
    """

    box: Box
    planes: Mapping[str, Array]
    stats: Mapping[str, Any] = field(default_factory=dict)
