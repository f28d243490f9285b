"""What the disparity does near one region: closer bounds than the whole frame's, so that less has to be rendered."""

from __future__ import annotations

from dataclasses import dataclass

from art3d_node import native


@dataclass(frozen=True)
class Nearby:
    """Bounds of the disparity of some rows and columns.

    Attributes:
        low, high: lowest and highest, px.
        step: no two samples that one row has side by side, nor the surfaces that a mixed pixel there may lie on, lie
            further apart than this, px. A hole opens between two neighbours of a row, so none is wider.
    """

    low: float
    high: float
    step: float


def look_around(
    plate: native.Plate, size: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> Nearby | None:
    """Survey a part of the plate; None where there is nothing, or a disparity that is not finite.

    Args:
        plate: the plate.
        size: its height and width.
        rows, columns: half-open; LOOK_PX more on every side are surveyed, where the plate has them.
    """
    (top, bottom), (left, right) = (
        (max(part[0] - native.LOOK_PX, 0), min(max(part[1] + native.LOOK_PX, 0), length))
        for part, length in zip((rows, columns), size, strict=True)
    )
    if top >= bottom or left >= right:
        return None
    found = native.look_around(plate, (top, bottom), (left, right))
    return None if found is None else Nearby(*found)
