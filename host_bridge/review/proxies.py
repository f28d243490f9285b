"""A frame as the page holds it: three small pictures, inside a script file of its own.

A browser that opens a page from disk treats every picture file as another site's and lets no script look at its
pixels; pictures inside scripts it treats as the page's own. So each frame is `A3D.put(shot, number, {l, r, d})`, with
data addresses of pictures: both views as JPEG, and the measurements as numbers in colours, as PNG.

Convention:
    Measurements: 16 bits in red (high) and green (low) hold parallax, 0 for unknown, else
    `1 + round((parallax + 10) / 0.01)` with parallax in % of width, clamped to ±10; blue is 128 where the right
    view was filled, plus 64 where the right eye does not see what the left one does, plus 32 where the left view was
    filled.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np
from isal import isal_zlib
from simplejpeg import encode_jpeg

from host_bridge.core.frame import Array
from host_bridge.review.figures import resized
from host_bridge.review.pair import Pair, hidden

PARALLAX_LIMIT_PCT = 10.0
PARALLAX_STEP_PCT = 0.01
QUALITIES = (85, 75, 62, 48, 34)
PARTS = 8
MEASURED_SIDE_PX = 480
FILLED, UNSEEN, FILLED_LEFT = 128, 64, 32
_UP, _RGB = 2, 2
_BLOCK_PX = 16
"""Of a JPEG whose colour has half the width and height."""
_SCAN = b"\xff\xda"
"""Begins what is not the same for every picture."""


@dataclass
class Usual:
    """Where the search for a quality begins: at the last one, since frames of a shot are alike. It changes no picture.

    Attributes:
        place: in `QUALITIES`.
    """

    place: int = 0


@dataclass(frozen=True)
class Proxy:
    """What a frame's script is written with.

    Attributes:
        side_px: long side of the views.
        budget_bytes: most bytes of a frame's script.
        usual: for the frames that are written with it.
    """

    side_px: int = 960
    budget_bytes: int = 250_000
    usual: Usual = field(default_factory=Usual, compare=False)


def frame_script(pair: Pair, proxy: Proxy, *, shot: int = 0) -> str:
    """The script of one frame of the page's shot of that index; coarser views where it would exceed its budget."""
    measured = "" if pair.parallax is None else _address("png", packed_measured(encode_measured(pair)))
    most_bytes = (proxy.budget_bytes - len(measured)) * 3 // 4
    left, right = (_address("jpeg", view) for view in _Views(pair, most_bytes).packed(proxy.usual))
    # Addresses hold no letter that a text of a script would have to escape.
    return f'A3D.put({shot},{pair.number},{{"l": "{left}", "r": "{right}", "d": "{measured}"}});\n'


class _Views:
    """Both views of a frame as JPEG.

    Which quality keeps them within so many bytes is told by a part of both, which takes a tenth of the time.
    """

    def __init__(self, pair: Pair, most_bytes: int) -> None:
        self._eyes = (pair.left, pair.right)
        self._most_bytes = most_bytes
        parts = [_columns(eye) for eye in self._eyes]
        self._part = np.concatenate(parts)
        self._times = self._eyes[0].shape[1] / self._part.shape[1]
        self._guesses: dict[int, float] = {}

    def packed(self, usual: Usual) -> tuple[bytes, bytes]:
        """Both at the finest quality that keeps them within so many bytes; at the last where none does."""
        place, last = usual.place, len(QUALITIES) - 1
        while place < last and self._guess(place) > self._most_bytes:
            place += 1
        while place > 0 and self._guess(place - 1) <= self._most_bytes:
            place -= 1
        usual.place = place
        found = self._both(place)
        # What the part was wrong by at this quality it is wrong by at the next.
        if place > 0 and self._guess(place - 1) * _bytes(found) <= self._most_bytes * self._guess(place):
            finer = self._both(place - 1)
            found = finer if _bytes(finer) <= self._most_bytes else found
        while place < last and _bytes(found) > self._most_bytes:
            place += 1
            found = self._both(place)
        return found

    def _both(self, place: int) -> tuple[bytes, bytes]:
        left, right = (_jpeg(eye, place) for eye in self._eyes)
        return left, right

    def _guess(self, place: int) -> float:
        """How many bytes both views take at a quality."""
        if place not in self._guesses:
            part = _jpeg(self._part, place)
            head = part.index(_SCAN)
            self._guesses[place] = 2 * head + self._times * (len(part) - head)
        return self._guesses[place]


def _bytes(views: tuple[bytes, bytes]) -> int:
    return len(views[0]) + len(views[1])


def _columns(view: Array) -> Array:
    """One in `PARTS` columns of a view's blocks, side by side."""
    rows, columns, _ = view.shape
    across = columns // _BLOCK_PX
    if across < PARTS:
        return view
    blocks = view[:, : across * _BLOCK_PX].reshape(rows, across, _BLOCK_PX, 3)
    return blocks[:, PARTS // 2 :: PARTS].reshape(rows, -1, 3)


def _jpeg(view: Array, place: int) -> bytes:
    return bytes(encode_jpeg(view, QUALITIES[place], "RGB", "420"))


def encode_measured(pair: Pair) -> Array:
    """Parallax and flags as colours, (rows, columns, 3) uint8; see the convention above."""
    assert pair.parallax is not None
    rows, columns = pair.parallax.shape
    step = max(1.0, max(rows, columns) / MEASURED_SIDE_PX)
    rows, columns = max(1, round(rows / step)), max(1, round(columns / step))
    parallax = resized(pair.parallax, rows, columns)
    finite = np.isfinite(parallax)
    clamped = np.where(finite, parallax, np.float32(0.0)).clip(-PARALLAX_LIMIT_PCT, PARALLAX_LIMIT_PCT)
    code = (1 + np.rint((clamped + PARALLAX_LIMIT_PCT) / PARALLAX_STEP_PCT)).astype(np.uint16)
    code *= finite
    coded = np.empty((rows, columns, 3), np.uint8)
    coded[..., 0], coded[..., 1] = code >> 8, code
    coded[..., 2] = UNSEEN * hidden(parallax).astype(np.uint8)
    for flag, mask in ((FILLED, pair.filled), (FILLED_LEFT, pair.filled_left)):
        if mask is not None:
            coded[..., 2] += flag * resized(mask, rows, columns).astype(np.uint8)
    return coded


def decode_measured(coded: Array) -> tuple[Array, Array, Array, Array]:
    """Parallax in %, NaN where unknown; filled; unseen; filled on the left: the inverse of `encode_measured`."""
    code = coded[..., 0].astype(np.int32) * 256 + coded[..., 1]
    parallax = np.where(code > 0, (code - 1) * PARALLAX_STEP_PCT - PARALLAX_LIMIT_PCT, np.nan)
    filled, unseen, filled_left = ((coded[..., 2] & flag) > 0 for flag in (FILLED, UNSEEN, FILLED_LEFT))
    return parallax.astype(np.float32), filled, unseen, filled_left


def packed_measured(coded: Array) -> bytes:
    """Measurements as a PNG whose rows say how they differ from the one above: W3C, PNG 3rd edition, 5 and 9.2."""
    rows, columns, _ = coded.shape
    flat = coded.reshape(rows, -1)
    lines = np.empty((rows, 1 + flat.shape[1]), np.uint8)
    lines[:, 0] = _UP
    lines[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
    head = struct.pack(">2I5B", columns, rows, 8, _RGB, 0, 0, 0)
    packed = isal_zlib.compress(lines.tobytes(), level=1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()
