"""What a movie's tags say of its colour: code points of ITU-T H.273, from the display that it was made for."""

from __future__ import annotations

from dataclasses import dataclass

import OpenImageIO as oiio

from host_bridge.core.errors import BadInputError
from host_bridge.io.colour.config import config_name


@dataclass(frozen=True)
class Signal:
    """Code points of ITU-T H.273.

    Attributes:
        primaries, transfer, matrix: ColourPrimaries, TransferCharacteristics, MatrixCoefficients.
    """

    primaries: int
    transfer: int
    matrix: int

    @property
    def is_hdr(self) -> bool:
        """Whether eight bits are too few for it."""
        return self.transfer in (16, 18)


BT709 = Signal(1, 1, 1)
_BY_WORDS = (
    (("2100", "pq"), Signal(9, 16, 9)),
    (("2020", "pq"), Signal(9, 16, 9)),
    (("2084", "2020"), Signal(9, 16, 9)),
    (("2100", "hlg"), Signal(9, 18, 9)),
    (("2020", "hlg"), Signal(9, 18, 9)),
    (("2020",), Signal(9, 14, 9)),
    (("st2084", "p3"), Signal(12, 16, 9)),
    (("pq", "p3"), Signal(12, 16, 9)),
    (("p3-d65",), Signal(12, 1, 1)),
    (("display p3",), Signal(12, 13, 1)),
)


def signal_of(display: str, view: str = "") -> Signal:
    """The signal that a display of the colour config takes; BT.709 where its name tells no other.

    Args:
        display: a display of the config; "" takes its default.
        view: a view of it; some configs say PQ there.

    Raises:
        BadInputError: the display cannot be written as a movie's colour.
    """
    name = display or oiio.ColorConfig(config_name()).getDefaultDisplayName()
    words = f"{name} {view}".lower()
    found = next((signal for key_words, signal in _BY_WORDS if all(word in words for word in key_words)), BT709)
    if "xyz" in words or "dci" in words:
        raise BadInputError(
            f"a movie cannot be tagged as {name}", where="--display", remedy="write pictures, or name another display"
        )
    return found
