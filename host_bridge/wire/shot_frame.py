"""What a shot analysis fixes for one of its frames."""

from __future__ import annotations

from dataclasses import dataclass


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
