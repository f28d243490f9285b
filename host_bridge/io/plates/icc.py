"""ICC profiles: which space a matrix profile, or one with a telling name, stands for."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_bridge.io.colour import interop, primaries
from host_bridge.io.colour.curves import CURVES, gamma_to_linear

Floats = npt.NDArray[np.float64]

# Names that mean more than their numbers: the curve in a video profile is a camera's, and a screen's is a gamma of 2.4.
_NAMES = (
    (r"\bpq\b|2084", (("p3", "pq_p3d65_display"), ("2020|2100", "pq_rec2020_display"))),
    (r"\bhlg\b", (("2020|2100", "hlg_rec2020_display"),)),
    (r"^(?!.*(linear|gamma)).*((rec|bt|itu)[^0-9]*709)", (("709", "g24_rec709_display"),)),
    (r"^(?!.*(linear|gamma)).*((rec|bt|itu)[^0-9]*2020)", (("2020", "g24_rec2020_display"),)),
)
_STEPS = np.linspace(0.02, 1.0, 99)
_CURVE_TOLERANCE = 0.004
_ID_OFFSET, _MOST_TAGS = 128, 200


@dataclass(frozen=True)
class Profile:
    """What a profile stands for.

    Attributes:
        name: its description, else "without a name".
        space: the interop id; "" when neither its numbers nor its name tell.
    """

    name: str
    space: str


def read(data: bytes) -> Profile:
    """Reads a profile; damaged ones have no space.

    Source: ICC.1:2022; matrix profiles F.3, curves 10.6 and 10.18, cicp 9.2.17.
    """
    try:
        tags = _tags(data)
        name = _text(tags.get(b"desc", b"")) or "without a name"
        return Profile(name, _from_cicp(tags) or _from_name(name) or _from_numbers(tags) or "")
    except (struct.error, ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError):
        return Profile("that is damaged", "")


def _tags(data: bytes) -> dict[bytes, bytes]:
    count = min(_MOST_TAGS, struct.unpack_from(">I", data, _ID_OFFSET)[0])
    entries = [struct.unpack_from(">4sII", data, _ID_OFFSET + 4 + 12 * i) for i in range(count)]
    return {name: data[offset : offset + size] for name, offset, size in entries}


def _text(tag: bytes) -> str:
    if tag[:4] == b"mluc":
        size, offset = struct.unpack_from(">II", tag, 20)
        return tag[offset : offset + size].decode("utf-16-be", "replace").strip("\0 ")
    if tag[:4] == b"desc":
        size = struct.unpack_from(">I", tag, 8)[0]
        return tag[12 : 12 + size].decode("latin-1").strip("\0 ")
    return tag[8:].decode("latin-1").strip("\0 ") if tag[:4] == b"text" else ""


def _from_cicp(tags: dict[bytes, bytes]) -> str | None:
    tag = tags.get(b"cicp", b"")
    return interop.from_cicp(tag[8], tag[9]) if tag[:4] == b"cicp" and len(tag) >= 12 else None


def _from_name(name: str) -> str | None:
    for pattern, choices in _NAMES:
        if re.search(pattern, name, re.I):
            return next((space for word, space in choices if re.search(word, name, re.I)), None)
    return None


def _from_numbers(tags: dict[bytes, bytes]) -> str | None:
    curve = tags.get(b"gTRC", tags.get(b"kTRC", b""))
    if not curve:
        return None
    transfer = _named_curve(_sampled(curve))
    if b"gTRC" not in tags or transfer is None:
        return interop.named(transfer, "rec709") if transfer else None
    columns = [_xyz(tags[c + b"XYZ"]) for c in (b"r", b"g", b"b")]
    xyz = np.stack([*columns, np.sum(columns, axis=0)], 1)
    if b"chad" in tags:
        xyz = np.linalg.solve(_fixed(tags[b"chad"], 9).reshape(3, 3), xyz)
    else:
        xyz = _from_d50(xyz, _xyz(tags[b"wtpt"]) if b"wtpt" in tags else None)
    xy = (xyz[:2] / xyz.sum(0)).T.reshape(-1)
    return interop.from_chromaticities(tuple(xy.tolist()), transfer)


def _from_d50(xyz: Floats, white: Floats | None) -> Floats:
    """Version 2 profiles: adapted to D50 by Bradford, and the white is its own, or D50 of profiles that lost it."""
    d50 = np.array([0.9642, 1.0, 0.8249])
    if white is None or np.abs(white / white[1] - d50).max() < 0.002:
        # The white is lost; a screen's is D65.
        white = np.array([0.95045, 1.0, 1.08905])
    cones = primaries.CONES
    gain = (cones @ (white / white[1])) / (cones @ d50)
    return np.asarray(np.linalg.solve(cones, gain[:, None] * (cones @ xyz)), np.float64)


def _fixed(tag: bytes, count: int) -> Floats:
    return np.array(struct.unpack_from(f">{count}i", tag, 8), np.float64) / 65536


def _xyz(tag: bytes) -> Floats:
    return _fixed(tag, 3)


def _sampled(tag: bytes) -> Floats:
    if tag[:4] == b"para":
        return _parametric(struct.unpack_from(">H", tag, 8)[0], tag)
    if tag[:4] != b"curv":
        raise ValueError("not a curve")
    count = struct.unpack_from(">I", tag, 8)[0]
    if count == 0:
        return _STEPS
    codes = np.frombuffer(tag, ">u2", count, 12)
    if count == 1:
        return np.asarray(_STEPS ** (codes[0] / 256), np.float64)
    return np.interp(_STEPS, np.linspace(0, 1, count), codes / 65535)


def _parametric(kind: int, tag: bytes) -> Floats:
    parameters = struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)
    g, a, b, c, d, e, f = (np.array([*parameters, 0, 0, 0, 0, 0, 0][:7]) / 65536).tolist()
    if kind == 0:
        return np.asarray(_STEPS**g, np.float64)
    power = np.maximum(a * _STEPS + b, 0.0) ** g
    if kind == 1:
        return np.asarray(np.where(-b / a <= _STEPS, power, 0.0), np.float64)
    if kind == 2:
        return np.asarray(np.where(-b / a <= _STEPS, power + c, c), np.float64)
    return np.asarray(np.where(d <= _STEPS, power + e, c * _STEPS + f), np.float64)


def _named_curve(values: Floats) -> str | None:
    """The name of the curve that these samples follow; None when no known one does."""
    for name in ("lin", "srgb", "itu709"):
        if np.abs(CURVES[name](_STEPS) - values).max() < _CURVE_TOLERANCE:
            return name
    upper = (_STEPS > 0.3) & (_STEPS < 0.95) & (values > 1e-6)
    if not upper.any():
        return None
    gamma = float(np.median(np.log(values[upper]) / np.log(_STEPS[upper])))
    if np.abs(gamma_to_linear(_STEPS, gamma) - values).max() > _CURVE_TOLERANCE or not 0.1 <= gamma <= 10:
        return None
    return interop.gamma_curve(gamma)
