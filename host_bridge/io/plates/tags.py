"""What a file says of its colour: ids, video's code points, ICC profiles, primaries and gammas, as one space.

Convention:
    The most exact statement wins: an interop id, then cICP, then an ICC profile, then gamma and primaries, then what
    the format alone implies. A statement that nobody understands costs no frame: it is named in a warning together
    with the default that was taken, once a process.
"""

from __future__ import annotations

import functools
import logging
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import OpenImageIO as oiio

from host_bridge.io.colour import interop
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import icc

BY_HAND = "--input-space"
_FLOATS = ("half", "float", "double")
_NOTHING = ("", "unknown", "data", "bypass", "raw", "utility - raw")
# Under these renderers and OpenImageIO write the name of a config's space.
_NAMED_IN_EXR = ("colorSpace", "colourSpace", "oiio:ColorSpace")
_ACES_CONTAINER = "acesImageContainerFlag"
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 1000
# SMPTE ST 268-1, table 5A. OpenImageIO knows three of them, and takes video for sRGB.
_DPX = {
    "Printing density": colour.CINEON,
    "Logarithmic": colour.CINEON,
    "Linear": colour.LINEAR_REC709,
    "SMPTE 274M": "g24_rec709_display",
    "ITU-R 709-4": "g24_rec709_display",
    "ITU-R 601-5 system B or G": "g24_ebu_display",
    "ITU-R 601-5 system M": "g24_smptec_display",
    "NTSC composite video": "g24_smptec_display",
    "PAL composite video": "g24_ebu_display",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tag:
    """What a file says of its values.

    Attributes:
        space: the space to take.
        statement: what the file states, for people; "" when the file makes none.
        understood: whether `space` is what the file says, rather than a default.
        narrow: whether integer codes run as in video, from 16 to 235 of 256 parts of their range.
    """

    space: str
    statement: str = ""
    understood: bool = True
    narrow: bool = False


def of_exr(header: Mapping[str, Any]) -> Tag:
    """The space that an EXR header states: `colorInteropID`, else its chromaticities, else a name, else linear Rec.709.

    An ACES container is linear AP0 (SMPTE ST 2065-4, 5.2), whether it repeats the primaries or not.
    """
    stored = header.get("colorInteropID")
    tag = stored.strip() if isinstance(stored, str) else ""
    if tag.lower() not in _NOTHING and colour.known(tag):
        return Tag(colour.canonical(tag), f"colorInteropID {tag}")
    primaries = header.get("chromaticities")
    space, stated = colour.LINEAR_REC709, ""
    if primaries is not None:
        stated = f"chromaticities {' '.join(f'{v:g}' for v in primaries)}"
        found = interop.from_chromaticities(tuple(float(v) for v in primaries))
        if found is None:
            return default(stated, space)
        space = found
    if tag.lower() not in _NOTHING:
        return default(f"colorInteropID {tag}", space)
    if stated:
        return Tag(space, stated)
    if header.get(_ACES_CONTAINER) == 1:
        return Tag(colour.canonical("lin_ap0_scene"), "an ACES container")
    return _named_in_exr(header) or Tag(space)


def _named_in_exr(header: Mapping[str, Any]) -> Tag | None:
    for attribute in _NAMED_IN_EXR:
        name = header.get(attribute)
        if not isinstance(name, str) or name.strip().lower() in _NOTHING:
            continue
        statement = f"{attribute} {name.strip()}"
        if colour.decodable(name.strip()):
            return Tag(colour.canonical(name.strip()), statement)
        return default(statement, colour.LINEAR_REC709)
    return None


def of_image(path: Path, spec: oiio.ImageSpec) -> Tag:
    """The space that a picture of another format states, else sRGB for integers and linear Rec.709 for floats."""
    usual = colour.LINEAR_REC709 if str(spec.format) in _FLOATS else colour.SRGB
    unknown = ""
    for look in (_cicp, _icc, _dpx, _gamma, _exif, _named):
        # Beside a statement that it does not know, OpenImageIO's name is only a guess.
        found = None if unknown and look is _named else look(path, spec)
        if found is not None and found.understood:
            if unknown:
                _warn(unknown, found.space)
            return found
        unknown = unknown or (found.statement if found else "")
    return default(unknown, usual) if unknown else Tag(usual)


def named_by_hand(spec: oiio.ImageSpec, space: str) -> Tag:
    """The space that a person named; the range of the codes stays the file's."""
    points = spec.getattribute("CICP")
    return Tag(space, BY_HAND, narrow=points is not None and len(points) == 4 and points[3] == 0)


def default(statement: str, space: str) -> Tag:
    """What is taken in place of a statement that nobody understands, and told once a process."""
    _warn(statement, space)
    return Tag(space, statement, understood=False)


@functools.lru_cache(maxsize=256)
def _warn(statement: str, space: str) -> None:
    _log.warning(
        "the colour tag %s is not known here: taken as %s; name the space with --input-space", statement, space
    )


def _unknown(statement: str) -> Tag:
    return Tag("", statement, understood=False)


def _cicp(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    points = spec.getattribute("CICP")
    if points is None:
        # What a PNG may not say, such as a matrix other than RGB's, OpenImageIO leaves out without a word.
        refused = _png_chunks(path).get(b"cICP")
        return None if refused is None else _unknown(f"cICP {'/'.join(map(str, refused))}")
    if len(points) != 4 or interop.is_unspecified(int(points[1])):
        return None
    statement = f"cICP {'/'.join(str(int(p)) for p in points)}"
    space = interop.from_cicp(int(points[0]), int(points[1]))
    return Tag(space, statement, narrow=points[3] == 0) if space else _unknown(statement)


def _icc(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    profile = spec.getattribute("ICCProfile")
    if profile is None:
        return None
    found = icc.read(bytes(profile))
    statement = f"ICC profile {found.name!r}"
    return Tag(found.space, statement) if found.space else _unknown(statement)


def _dpx(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    transfer = spec.getattribute("dpx:Transfer")
    if transfer == "Linear" and str(spec.getattribute("Software") or "").startswith("Lavc"):
        return _unknown("DPX Linear, which FFmpeg writes whatever the film is,")
    return Tag(_DPX[transfer], f"DPX {transfer}") if transfer in _DPX else None


def _gamma(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    """A bare gamma, with a PNG's cHRM beside it; sRGB's own chunk says more than both."""
    chunks = _png_chunks(path) if spec.getattribute("oiio:ColorSpace") else {}
    gamma = float(spec.getattribute("oiio:Gamma") or 0.0)
    if b"gAMA" in chunks and len(chunks[b"gAMA"]) == 4:
        gamma = 100_000 / max(1, struct.unpack(">I", chunks[b"gAMA"])[0])
    coloured = len(chunks.get(b"cHRM", b"")) == 32
    if b"sRGB" in chunks or not (0.1 <= gamma <= 10 or coloured):
        # OpenImageIO takes a gAMA of 0 for linear light.
        stated = int.from_bytes(chunks.get(b"gAMA", b""), "big")
        return _unknown(f"gAMA {stated}") if b"gAMA" in chunks and b"sRGB" not in chunks else None
    # Primaries without a gamma leave the curve to what the format implies.
    curve, statement = (
        (interop.gamma_curve(gamma), f"gamma {gamma:.4g}") if 0.1 <= gamma <= 10 else ("srgb", "no gamma")
    )
    if not coloured:
        return Tag(colour.canonical(interop.named(curve, "rec709")), statement)
    white, *rgb = struct.iter_unpack(">2I", chunks[b"cHRM"])
    xy = tuple(v / 100_000 for pair in (*rgb, white) for v in pair)
    found = interop.from_chromaticities(xy, curve)
    statement = f"{statement}, primaries {' '.join(f'{v:g}' for v in xy)}"
    return Tag(colour.canonical(found), statement) if found else _unknown(statement)


def _exif(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    """A camera's Adobe RGB: Exif 2.32 knows it only as "not sRGB, and option file R03"."""
    adobe = spec.getattribute("Exif:ColorSpace") == 2 or spec.getattribute("Exif:InteroperabilityIndex") == "R03"
    return Tag("g22_adobergb_scene", "Exif Adobe RGB") if adobe else None


def _named(path: Path, spec: oiio.ImageSpec) -> Tag | None:
    """The name that OpenImageIO gives a format's colour."""
    if spec.getattribute("pnm:binary") is not None:
        # It has no room for a name: the one given is what the format's standard assumes, and hardly a writer follows.
        return None
    name = str(spec.getattribute("colorInteropID") or spec.getattribute("oiio:ColorSpace") or "").strip()
    if spec.getattribute("dpx:Transfer") is not None or name.lower() in _NOTHING:
        return None
    if "log" in name.lower() and not colour.decodable(name):
        return Tag(colour.CINEON, name)
    return Tag(colour.canonical(name), "format") if colour.decodable(name) else _unknown(name)


def _png_chunks(path: Path) -> Mapping[bytes, bytes]:
    """The small chunks before a PNG's pixels, of which OpenImageIO drops the primaries; empty for what is no PNG."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        if file.read(8) != _PNG:
            return found
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8 or head[4:] == b"IDAT":
                break
            size = struct.unpack(">I", head[:4])[0]
            if size <= 64:
                found[head[4:]] = file.read(size)
                file.seek(4, 1)
            else:
                file.seek(size + 4, 1)
    return found
