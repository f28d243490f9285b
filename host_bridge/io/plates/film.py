"""Movies as plates: frames by number, their colour, their orientation, and what a person should know of them."""

from __future__ import annotations

import functools
import logging
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame

from host_bridge.core.errors import LimitError, PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.colour import interop
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import film_pixels, film_timecode, guard, metadata, upright
from host_bridge.io.plates.exr_header import Attribute
from host_bridge.io.plates.film_decoder import FilmDecoder, open_film
from host_bridge.io.plates.film_index import FilmIndex, build_index
from host_bridge.io.plates.film_stereo import EyesInPicture, eyes_in, is_layered
from host_bridge.io.plates.images import Image
from host_bridge.io.plates.tags import BY_HAND, Tag, default

MOVIES = (".mov", ".mp4", ".m4v", ".mkv", ".mxf", ".avi", ".webm", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".qt")
FIRST = 1
_VIDEO = "g24_rec709_display"
_PRIMARIES_OF_MATRIX = {5: 5, 6: 6, 7: 7, 9: 9, 10: 9}
_HALF_BITS = 10
# Their alpha is straight by definition. Of others no container says which it is: premultiplied, as all plates.
_STRAIGHT_CODECS = ("png", "apng", "webp")
_log = logging.getLogger(__name__)


def is_movie(path: Path) -> bool:
    """Whether a name is a movie's."""
    return path.suffix.lower() in MOVIES


@dataclass(frozen=True)
class Film:
    """One movie.

    Attributes:
        path: the file.
        index: its frames.
        first: number of its first frame.
        rate: frames a second.
        tag: what it says of its colour, and the space that was taken.
        depth: pixel format, such as yuv420p10le.
        notes: what a person should know, a line each.
        header: metadata under OpenEXR's names.
        aspect: pixel width over height, as stored.
        window: the upright first frame's pixels.
        drop: whether its timecode leaves out numbers; None without a timecode.
        layered: whether it holds a second eye in a layer that is not decoded (MV-HEVC).
        straight_alpha: whether its colour is stored without the alpha beside it.
    """

    path: Path
    index: FilmIndex
    first: int
    rate: Fraction
    tag: Tag
    depth: str
    notes: tuple[str, ...]
    header: Mapping[str, Any]
    aspect: float
    window: Box
    drop: bool | None
    layered: bool
    straight_alpha: bool
    _decoder: FilmDecoder = field(repr=False)
    _contents: dict[int, str] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def frames(self, start: int | None = None) -> tuple[int, ...]:
        """All frame numbers that the file speaks of, those that it lost too."""
        first = self.first if start is None else start
        return tuple(range(first, first + self.index.promised))

    def held(self, start: int | None = None) -> tuple[int, ...]:
        """The frame numbers that the file holds."""
        return self.frames(start)[: self.index.count]

    @property
    def eyes(self) -> EyesInPicture | None:
        """How it says that both eyes share its pictures; None where it does not.

        Raises:
            PlateError: its first frame cannot be decoded.
        """
        return eyes_in(self._decoder.frame(0), self.aspect)

    def read(self, position: int, *, space: str | None = None, linear: bool = True) -> Image:
        """The picture at a position, counted from 0.

        Raises:
            PlateError: it cannot be decoded, or is interlaced.
        """
        frame = self._decoder.frame(position)
        refuse_interlace(frame, self.path)
        codes = film_pixels.codes_of(frame)
        tag = Tag(colour.validate_space(space), BY_HAND) if space else self.tag
        count = len(codes.channels) - (codes.channels[-1] == "A")
        pixels = codes.pixels
        if linear:
            light = colour.decode_video(pixels[..., :count], tag.space)
            if count < pixels.shape[-1]:
                alpha = pixels[..., count:]
                pixels = np.concatenate([light * alpha if self.straight_alpha else light, alpha], -1)
            else:
                pixels = light
            if codes.bits <= _HALF_BITS and colour.steps_fit_half(tag.space):
                pixels = pixels.astype("<f2")
        turn = _orientation(frame)
        shown = upright.turned(np.ascontiguousarray(pixels), turn)
        box = Box.of_size(shown.shape[1], shown.shape[0])
        aspect = 1 / self.aspect if upright.swaps(turn) else self.aspect
        shown_in = colour.LINEAR_REC709 if linear else tag.space
        return Image(shown, codes.channels, box, box, aspect, tag, shown_in, self._header_at(position), turn=turn)

    def _header_at(self, position: int) -> dict[str, Any]:
        """The movie's metadata with the frame's own timecode."""
        time = None if self.drop is None else film_timecode.attribute(self.first + position, self.rate, self.drop)
        return {**self.header, **({"timeCode": time} if time else {})}

    def content(self, position: int) -> str:
        """The identity of a frame's samples: the same however they are packed, and whatever else the file holds.

        Raises:
            PlateError: it cannot be decoded.
        """
        with self._lock:
            digest = self._contents.get(position)
        if digest is None:
            frame = self._decoder.frame(position)
            digest = f"{film_pixels.content(frame)} {_orientation(frame)}"
            with self._lock:
                self._contents[position] = digest
        return digest


def open_movie(path: Path) -> Film:
    """Opens a movie; kept open for as long as the file keeps its time and size.

    Raises:
        PlateError: no movie, without a picture, or interlaced.
        LimitError: larger than a plate may be.
    """
    guard.first_bytes(path)
    found = path.stat()
    return _opened(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=4)
def _opened(path: Path, mtime_ns: int, size: int) -> Film:
    container, stream = open_film(path)
    with container:
        index = build_index(container, stream, path)
        rate = stream.average_rate or stream.guessed_rate or Fraction(24)
        tags = {**container.metadata, **stream.metadata}
        codes = [tags[key] for key in tags if key.lower() == "timecode"]
        codes += [s.metadata["timecode"] for s in container.streams if "timecode" in s.metadata]
        aspect = float(stream.sample_aspect_ratio or 1.0)
        extradata = stream.codec_context.extradata if stream.codec_context.name == "hevc" else None
        _validate_size(path, stream.width, stream.height)
    decoder = FilmDecoder(path, index)
    if not index.count:
        raise PlateError("the movie holds no frame", where=str(path), remedy=guard.AGAIN)
    frame = _first_frame(decoder, path)
    layered = is_layered(extradata) and film_pixels.codes_of(frame).channels[-1] != "A"
    codes = [code for code in codes if film_timecode.frame_number(code, rate) is not None]
    numbers = [film_timecode.frame_number(code, rate) or 0 for code in codes]
    film = Film(
        path=path,
        index=index,
        first=numbers[0] if numbers else FIRST,
        rate=rate,
        tag=_tag(frame),
        depth=frame.format.name,
        notes=tuple(_notes(index, numbers[0] if numbers else FIRST, layered=layered)),
        header=_header(tags, rate),
        aspect=aspect if 0.05 <= aspect <= 20 else 1.0,
        window=_window(frame),
        drop=film_timecode.drops(codes[0], rate) if numbers else None,
        layered=layered,
        straight_alpha=stream.codec_context.name in _STRAIGHT_CODECS,
        _decoder=decoder,
    )
    for note in film.notes:
        _log.warning("%s: %s", path, note)
    return film


def _first_frame(decoder: FilmDecoder, path: Path) -> VideoFrame:
    frame = decoder.frame(0)
    refuse_interlace(frame, path)
    return frame


def refuse_interlace(frame: VideoFrame, path: Path) -> None:
    """Refuses two fields in one frame: their rows are not of one moment, and no depth network knows that.

    Raises:
        PlateError: the frame is marked as interlaced.
    """
    if frame.interlaced_frame:
        raise PlateError("the film is interlaced", where=str(path), remedy="deinterlace it first (FFmpeg: bwdif)")


def _validate_size(path: Path, width: int, height: int) -> None:
    if max(width, height) > guard.MAX_SIDE_PX or 16 * width * height > guard.MAX_PLATE_BYTES:
        raise LimitError(
            f"the film claims {width}×{height} px",
            where=str(path),
            remedy=f"plates may have {guard.MAX_SIDE_PX} px a side",
        )


def _notes(index: FilmIndex, first: int, *, layered: bool) -> list[str]:
    notes = []
    if layered:
        notes.append("it holds a second eye in a layer of its own (MV-HEVC), which is left out")
    if index.promised > index.count:
        gone = first + index.count
        rest = f"{gone}-{first + index.promised - 1}" if index.promised > index.count + 1 else f"{gone}"
        notes.append(f"the file is cut short: it holds {index.count} of {index.promised} frames, not {rest}")
    if not index.even:
        notes.append("the frame rate varies: frames are numbered in the order they are shown")
    if not index.times:
        notes.append("the file has no times: every frame is found by decoding from the start")
    return notes


def _tag(frame: VideoFrame) -> Tag:
    """The space of a movie's values: video's code points, else BT.709 video, or sRGB of R, G and B."""
    name = frame.format.name
    if name.startswith("xyz12"):
        return Tag("g26_xyzd65_display", "digital cinema XYZ")
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    matrix = film_pixels.matrix_of(frame)
    statement = f"colour {primaries}/{transfer}/{int(frame.colorspace)}"
    if primaries == film_pixels.UNSPECIFIED:
        primaries = _PRIMARIES_OF_MATRIX.get(matrix, 1)
    usual = colour.SRGB if matrix == film_pixels.RGB_MATRIX else interop.from_cicp(primaries, 1) or _VIDEO
    if interop.is_unspecified(transfer):
        return Tag(usual)
    space = interop.from_cicp(primaries, transfer)
    return Tag(colour.canonical(space), statement) if space else default(statement, usual)


def _window(frame: VideoFrame) -> Box:
    swap = upright.swaps(_orientation(frame))
    return Box.of_size(frame.height, frame.width) if swap else Box.of_size(frame.width, frame.height)


def _orientation(frame: VideoFrame) -> int:
    """How the display matrix turns the stored picture, as one of Exif's eight."""
    matrix = frame.side_data.get("DISPLAYMATRIX") if frame.side_data else None
    return orientation_of_matrix(bytes(matrix)) if isinstance(matrix, SideData) else upright.UPRIGHT


def orientation_of_matrix(raw: bytes) -> int:
    """The orientation of a display matrix: nine int32, whose first, second, fourth and fifth turn the picture."""
    a, b, _, c, d, *_ = struct.unpack("<9i", raw[:36])
    signs = tuple((v > 0) - (v < 0) for v in (a, b, c, d))
    return _ORIENTATIONS.get(signs, upright.UPRIGHT)


# Where right and down of the stored picture go: (right, down) of its x, then of its y.
_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


def _header(tags: Mapping[str, str], rate: Fraction) -> dict[str, Any]:
    kept = metadata.fit({f"film/{key}": value for key, value in tags.items()})
    return {**kept, "framesPerSecond": Attribute("rational", struct.pack("<iI", rate.numerator, rate.denominator))}
