"""What is delivered: where it goes, how both eyes lie in it, how it is coded."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from host_bridge.core.errors import BadInputError
from host_bridge.deliver.signal import BT709, Signal
from host_bridge.io.plates import Pattern
from host_bridge.review.packing import named_layout, named_order, validate_layout

_log = logging.getLogger(__name__)

PICTURES = (".png", ".tif", ".tiff", ".dpx", ".jpg", ".jpeg")
MOVIES = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".mxf": "mxf"}
_SAYING_STEREO = (".mp4", ".mkv")
USUAL = {".mp4": "h264", ".mov": "prores", ".mkv": "h264", ".mxf": "dnxhr"}


@dataclass(frozen=True)
class Codec:
    """A way to code a movie.

    Attributes:
        encoder: FFmpeg's encoder.
        pixels: pixel format.
        endings: containers that take it.
        options: the encoder's options.
        quality: the option that holds the quality, or "".
        least_px: the smallest width and height it takes.
        says_stereo: whether its own stream says how a picture holds both eyes.
    """

    encoder: str
    pixels: str
    endings: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    quality: str = ""
    least_px: tuple[int, int] = (16, 16)
    says_stereo: bool = False

    @property
    def is_deep(self) -> bool:
        """Whether it holds ten bits."""
        return "10" in self.pixels


CODECS = {
    "h264": Codec("libx264", "yuv420p", (".mp4", ".mov", ".mkv"), (("preset", "medium"),), "crf", says_stereo=True),
    "hevc": Codec("libx265", "yuv420p10le", (".mp4", ".mov", ".mkv"), (("preset", "medium"),), "crf"),
    "prores": Codec("prores_ks", "yuv422p10le", (".mov", ".mkv"), (("profile", "hq"), ("vendor", "apl0"))),
    "dnxhr": Codec("dnxhd", "yuv422p10le", (".mov", ".mxf"), (("profile", "dnxhr_hqx"),), least_px=(256, 120)),
}


_SPATIAL = (
    "spatial video (MV-HEVC) is not written: no library here writes a second layer or `vexu`",
    "deliver _Full_SBS.mov as prores, and convert it with Apple's Compressor",
)
_VR180 = (
    "VR180 is not written: no library here writes `sv3d` and `st3d`",
    "deliver _LR.mp4 of equirectangular eyes, and tag it with Google's Spatial Media Metadata Injector",
)
UNWRITTEN = {"mv-hevc": _SPATIAL, "mvhevc": _SPATIAL, "spatial": _SPATIAL, "vr180": _VR180}
"""Codecs and layouts that people ask for and that nothing here writes: what is missing, and what to do."""


@dataclass(frozen=True)
class Delivery:
    """One delivery.

    Attributes:
        out: output pattern; with `%V` one sequence or movie an eye.
        layout: how both eyes lie in one picture; "" where they are apart.
        codec: of a movie; None for pictures.
        fps: frames a second of a movie.
        quality: constant quality of h264 and hevc, lower is better.
        display, view: of the colour config; "" takes its defaults.
        audio: a movie or sound file whose sound is copied, or None.
        audio_from_s: where in it the first frame lies.
        signal: what a movie's tags say of its colour.
    """

    out: Pattern
    layout: str
    codec: Codec | None
    fps: float = 24.0
    quality: int = 16
    display: str = ""
    view: str = ""
    audio: Path | None = None
    audio_from_s: float = 0.0
    signal: Signal = BT709

    @property
    def views(self) -> tuple[str, ...]:
        """What each output shows: both eyes together, or one each."""
        return ("",) if self.layout else ("left", "right")


def plan(out: str, *, layout: str = "", codec: str = "", frames: int = 1) -> tuple[Pattern, str, Codec | None]:
    """Output pattern, layout and codec, each proved.

    Args:
        out: output; its ending chooses pictures or a movie, `%V` eyes apart, else its name may tell the layout.
        layout: one of `packing.LAYOUTS`; "" asks the name, and takes `sbs` where it tells none.
        codec: one of `CODECS`; "" takes the container's usual one.
        frames: how many frames there are.

    Raises:
        BadInputError: an ending, layout or codec that does not fit.
    """
    pattern = Pattern.parse(out)
    ending = Path(out).suffix.lower()
    for option, name in (("--codec", codec), ("--layout", layout)):
        if name.lower() in UNWRITTEN:
            message, remedy = UNWRITTEN[name.lower()]
            raise BadInputError(message, where=option, remedy=remedy)
    chosen = _codec(ending, codec)
    if chosen is None and frames > 1 and not pattern.numbered:
        raise BadInputError(f"{frames} frames would share one file", where=out, remedy="write the frame number as ####")
    if chosen is not None and pattern.numbered:
        raise BadInputError("a movie holds all frames", where=out, remedy="leave the #### out of its name")
    if pattern.has_view:
        if layout:
            raise BadInputError(
                "%V keeps the eyes apart, and --layout packs them", where=out, remedy="take one of them"
            )
        return pattern, "", chosen
    if named_order(Path(out).stem):
        raise BadInputError("its name says that the right eye comes first, and the left one does", where=out,
                            remedy="name it _LR or _TB")  # fmt: skip
    packed = validate_layout(layout or named_layout(Path(out).stem) or "sbs")
    if note := _misleading(out, packed, chosen):
        _log.warning("%s: %s", out, note)
    return pattern, packed, chosen


def _misleading(out: str, packed: str, codec: Codec | None) -> str:
    """What players and people will not know of an output by its name; "" where all is well."""
    named, ending = named_layout(Path(out).stem), Path(out).suffix.lower()
    name = {"sbs": "_Full_SBS", "sbs-half": "_HSBS", "tb": "_Full_TB", "tb-half": "_HTB"}[packed]
    if named and named != packed:
        return f"its name says {named}, and it is written as {packed}: players go by the name; {name} would be true"
    if codec is not None and not named and not codec.says_stereo and ending not in _SAYING_STEREO:
        return f"neither its name nor {ending} of this codec says that it is {packed}: call it {name}"
    return ""


def _codec(ending: str, name: str) -> Codec | None:
    if ending in PICTURES:
        if name:
            raise BadInputError("pictures have no codec", where="--codec", remedy="leave it out, or name a movie")
        return None
    if ending not in MOVIES:
        endings = ", ".join((*PICTURES, *MOVIES))
        raise BadInputError(f"no format ends in {ending!r}", where="--out", remedy=f"end the name in one of: {endings}")
    name = name or USUAL[ending]
    if name not in CODECS:
        raise BadInputError(f"no codec {name!r}", where="--codec", remedy=f"choose one of: {', '.join(CODECS)}")
    if ending not in CODECS[name].endings:
        fitting = ", ".join(CODECS[name].endings)
        raise BadInputError(f"{name} does not go into {ending}", where="--codec", remedy=f"end the name in {fitting}")
    return CODECS[name]
