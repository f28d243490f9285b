"""What there is to write for one frame, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.plates import Plate
from host_bridge.io.windows import relaid

EYES = ("left", "right")


@dataclass(frozen=True)
class Result:
    """One frame in stereo.

    Attributes:
        plate: the plate it was made from.
        hero: the eye that shows the plate itself, or "none".
        box: the pixels that the planes cover.
        planes: wire output name → (rows, columns, channels) float32; half where the file holds no more.
        stats: figures of the frame, as the server gave them.
        recipe: the recipe hash.
    """

    plate: Plate
    hero: str
    box: Box
    planes: Mapping[str, Array]
    stats: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = ""

    @property
    def is_masked(self) -> bool:
        """Whether a floating window darkens the hero's picture."""
        return self.hero in self.planes

    def view(self, eye: str) -> tuple[Array, Box]:
        """Colour of one eye (rows, columns, channels) and its window; the hero's is the plate's own array.

        Under a floating window the hero's picture is the plate's own with its mask.
        """
        if eye == self.hero:
            shown = self.plate.shown
            if not self.is_masked:
                return shown.layers["color"], shown.data
            return self.planes[eye][shown.data.slices(self.box)], shown.data
        return self.planes[eye], self.box

    def on_display(self, eye: str) -> Array:
        """Colour of one eye over the whole display window, float32, 0 outside its pixels."""
        pixels, window = self.view(eye)
        return on_window(pixels, window, self.plate.frame.display)


@dataclass(frozen=True)
class Writing:
    """How a stereo EXR is written.

    Attributes:
        version: of Art3D.
        layers: analysis outputs to add as float layers.
        compression: one of `stereo_exr.COMPRESSIONS`.
    """

    version: str
    layers: tuple[str, ...] = ()
    compression: str = "auto"


def on_window(pixels: Array, window: Box, target: Box) -> Array:
    """Pixels of one window laid over another, float32, 0 where there are none."""
    return relaid(pixels, window, target).astype(np.float32, copy=False)
