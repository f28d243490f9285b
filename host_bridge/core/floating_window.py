"""A floating window: how far the picture's side edges come in front of the screen.

Convention:
    An edge lies on the screen plane in both eyes. One at parallax −p is p % of the picture width further right in the
    left eye than in the right eye: the left edge is masked in the left eye, the right edge in the right eye.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from host_bridge.core.errors import BadInputError
from host_bridge.core.params import BY_NAME, Controls

FROM_SHOT = ("auto", "static")
"""Choices of the knob that the shot analysis answers."""
Ends = tuple[float, float]


@dataclass(frozen=True)
class FloatingWindow:
    """How far the edges come forward.

    Attributes:
        left_pct, right_pct: (top, bottom) of each edge, % of picture width; the two differ in a slanted window.
    """

    left_pct: Ends = (0.0, 0.0)
    right_pct: Ends = (0.0, 0.0)

    @property
    def needed(self) -> bool:
        """Whether any edge moves."""
        return any((*self.left_pct, *self.right_pct))

    @property
    def amounts(self) -> tuple[float, float, float, float]:
        """Left top, left bottom, right top, right bottom, %."""
        return (*self.left_pct, *self.right_pct)


def window_of(controls: Controls) -> FloatingWindow:
    """The window that knobs turned by hand describe.

    Raises:
        BadInputError: the knob leaves it to a shot analysis, whose answer nobody filled in.
    """
    if controls.floating_window == "off":
        return FloatingWindow()
    if controls.floating_window in FROM_SHOT:
        raise BadInputError(
            f"Floating Window is {controls.floating_window!r}, and no shot analysis says where the window lies",
            where="--floating-window",
            remedy="analyse the shot with `art3d analyse` and name its file, or turn the window by hand",
        )
    return FloatingWindow(
        _ends(controls.floating_left, controls.floating_left_slant),
        _ends(controls.floating_right, controls.floating_right_slant),
    )


def by_hand(controls: Controls, window: FloatingWindow) -> Controls:
    """The knobs that describe a window, as if they were turned by hand."""
    left, left_slant = _amount(window.left_pct)
    right, right_slant = _amount(window.right_pct)
    return replace(
        controls,
        floating_window="manual",
        floating_left=left,
        floating_right=right,
        floating_left_slant=left_slant,
        floating_right_slant=right_slant,
    )


def masks_picture(controls: Controls) -> bool:
    """Whether a floating window darkens the views themselves, the hero's too."""
    return controls.floating_window != "off" and controls.floating_mask == "picture"


def _ends(amount: float, slant: float) -> Ends:
    return amount * (1.0 - max(slant, 0.0)), amount * (1.0 + min(slant, 0.0))


def _amount(ends: Ends) -> tuple[float, float]:
    most = min(max(ends), BY_NAME["floating_left"].maximum)
    return (most, min(max((ends[1] - ends[0]) / max(ends), -1.0), 1.0)) if most > 0.0 else (0.0, 0.0)
