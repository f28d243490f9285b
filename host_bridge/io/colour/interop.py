"""Colour spaces by the ids of the Color Interop Forum, as formulas.

Convention:
    An id is `TRANSFER_PRIMARIES_STATE`, such as `g24_rec709_display`: a curve of `curves.py`, or `g` and a
    gamma (`g22` is 2.2, `g1.961` is 1.961); a set of `primaries.py`; `scene` or `display`. A namespace
    (`ocio:`) before it says who defined it. Display-referred light is scene light that nobody tone-mapped, white to
    white, as with the un-tone-mapped view of the ACES configs.
    Source: ASWF Color Interop Forum, Color Space Encodings for Texture Assets and CG Rendering; An ID for Color
    Interop. The numbers of video: ITU-T H.273, tables 2 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.io.colour import primaries
from host_bridge.io.colour.curves import CURVES, gamma_to_linear

_ID = re.compile(r"(?P<curve>[a-z]+[0-9.]*)_(?P<primaries>[a-z0-9]+|xy\([-0-9.,e]+\))_(?P<state>scene|display)")
_GAMMA = re.compile(r"g(\d+\.?\d*)")
# A screen of digital cinema reaches 48 of the 52.37 nits that a code of 1 means: SMPTE ST 428-1.
_CINEMA_WHITE = 52.37 / 48
# Adobe RGB (1998), 4.3.4.2: what is called 2.2 is 2 and 51/256.
_ADOBE_GAMMA = 2.19921875
# Code points of H.273. Of cameras' curves the inverse is not what a screen shows: theirs is BT.1886, a gamma of 2.4.
_CICP_CURVES = {1: "g24", 4: "g22", 5: "g28", 6: "g24", 7: "g24", 8: "lin", 11: "g24", 12: "g24", 13: "srgb",
                14: "g24", 15: "g24", 16: "pq", 17: "g26", 18: "hlg"}  # fmt: skip
_CICP_PRIMARIES = {1: "rec709", 4: "ntsc1953", 5: "ebu", 6: "smptec", 7: "smptec", 8: "film", 9: "rec2020",
                   10: "xyzd65", 11: "p3dci", 12: "p3d65", 22: "ebu3213"}  # fmt: skip
_UNSPECIFIED = (0, 2, 3)
# BT.709 itself, and the pure power that FFmpeg and ColorSync write in its place.
_CAMERA_CURVES = ("itu709", "g1.961")
_TEXTURES = ("lin", "srgb", "g22")


@dataclass(frozen=True)
class Formula:
    """What an id says.

    Attributes:
        curve: name of its transfer curve.
        primaries: name of its primaries.
    """

    curve: str
    primaries: str

    @property
    def mixes(self) -> bool:
        """Whether a channel's light depends on the others'."""
        return self.curve == "hlg" or self.primaries != "rec709"

    @property
    def absolute(self) -> bool:
        """Whether codes mean nits."""
        return self.curve in ("pq", "hlg")

    def light(self, values: Array) -> Array:
        """Light of code values, in the id's own primaries; float64."""
        decode = _curve(self.curve)
        assert decode is not None
        values = np.asarray(values, np.float64)
        if (self.curve, self.primaries) == ("g22", "adobergb"):
            return gamma_to_linear(values, _ADOBE_GAMMA)
        cinema = (self.curve, self.primaries) == ("g26", primaries.XYZ)
        return decode(values) * (_CINEMA_WHITE if cinema else 1.0)

    def to_rec709(self, light: Array) -> Array:
        """Rec.709 light of light in the id's own primaries; grey stays grey."""
        if self.primaries == "rec709" or light.shape[-1] != 3:
            return light
        return np.asarray(light @ primaries.to_rec709(self.primaries).T.astype(light.dtype))


def formula(space: str) -> Formula | None:
    """The formula of an id, whatever its namespace; None for what is none."""
    found = _ID.fullmatch(space.rpartition(":")[2].lower())
    if not found or _curve(found["curve"]) is None or primaries.chromaticities_of(found["primaries"]) is None:
        return None
    return Formula(found["curve"], primaries.ALIASES.get(found["primaries"], found["primaries"]))


def _curve(name: str) -> Callable[[Array], Array] | None:
    if name in CURVES:
        return CURVES[name]
    found = _GAMMA.fullmatch(name)
    if not found:
        return None
    gamma = float(found[1]) if "." in found[1] else float(found[1]) / 10
    return (lambda values: gamma_to_linear(values, gamma)) if 0.1 <= gamma <= 10 else None


def gamma_curve(gamma: float) -> str:
    """The name of a pure power, to the third decimal; a tenth of a percent beside a usual one is that."""
    near = round(gamma * 10) / 10
    gamma = near if abs(gamma - near) < 0.0025 else gamma
    if gamma == 1.0:
        return "lin"
    return f"g{round(gamma * 10)}" if gamma == near else f"g{gamma:.3f}"


def from_cicp(colour_primaries: int, transfer: int) -> str | None:
    """The id of video's code points; unspecified primaries are Rec.709's.

    Returns:
        None when the transfer is unspecified, or either is none that is known here.
    """
    curve = _CICP_CURVES.get(transfer)
    name = "rec709" if colour_primaries in _UNSPECIFIED else _CICP_PRIMARIES.get(colour_primaries)
    if curve is None or name is None:
        return None
    return f"{curve}_{name}_{'scene' if curve in _TEXTURES else 'display'}"


def is_unspecified(transfer: int) -> bool:
    """Whether a transfer code point is one of those that mean "not specified"."""
    return transfer in _UNSPECIFIED


def named(curve: str, of_primaries: str) -> str:
    """The id of a curve and primaries; what stands for a camera's video curve is shown at BT.1886's gamma of 2.4."""
    return f"g24_{of_primaries}_display" if curve in _CAMERA_CURVES else f"{curve}_{of_primaries}_scene"


def from_chromaticities(chromaticities: tuple[float, ...], curve: str = "lin") -> str | None:
    """The id of primaries and a curve's name; None when they are no primaries."""
    return named(curve, primaries.named(chromaticities)) if primaries.usable(chromaticities) else None
