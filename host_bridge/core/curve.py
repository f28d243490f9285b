"""Keys over frames, and what lies between them.

Before the first and after the last key a curve holds its value, as hosts do. Between keys `hold` steps, `linear` goes
straight and `smooth` is the cubic through the keys with tangents along their neighbours (Catmull-Rom on uneven keys,
flat at the ends), which is what Nuke calls smooth.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

INTERPOLATIONS = ("hold", "linear", "smooth")


@dataclass(frozen=True)
class Curve:
    """Keys of one quantity over frames.

    Attributes:
        frames: key frames, rising.
        values: one per key.
        interpolation: hold, linear or smooth.
    """

    frames: tuple[float, ...]
    values: tuple[float, ...]
    interpolation: str

    def at(self, frame: float) -> float:
        """The value at a frame."""
        index = bisect_right(self.frames, frame) - 1
        if index < 0:
            return self.values[0]
        if index >= len(self.frames) - 1:
            return self.values[-1]
        if self.interpolation == "hold":
            return self.values[index]
        span = self.frames[index + 1] - self.frames[index]
        x = (frame - self.frames[index]) / span
        start, end = self.values[index], self.values[index + 1]
        if self.interpolation == "linear":
            return start + x * (end - start)
        slope_start, slope_end = self._slope(index) * span, self._slope(index + 1) * span
        return (
            (2 * x**3 - 3 * x**2 + 1) * start
            + (x**3 - 2 * x**2 + x) * slope_start
            + (3 * x**2 - 2 * x**3) * end
            + (x**3 - x**2) * slope_end
        )

    def _slope(self, index: int) -> float:
        if index in (0, len(self.frames) - 1):
            return 0.0
        rise = self.values[index + 1] - self.values[index - 1]
        return rise / (self.frames[index + 1] - self.frames[index - 1])
