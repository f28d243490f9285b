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
from dataclasses import dataclass

import numpy as np
from isal import isal_zlib
from simplejpeg import encode_jpeg

from host_bridge.core.frame import Array
from host_bridge.review.figures import resized
from host_bridge.review.pair import Pair, hidden

PARALLAX_LIMIT_PCT = 10.0
PARALLAX_STEP_PCT = 0.01
QUALITIES = (85, 75, 62, 48, 34)
LEAST_STEP = 0.55
"""From one quality to the next a picture keeps at least this part of its bytes; photographs keep 0.65 to 0.85."""
MOST_UNLIKE = 1.1
"""By how much twice one eye's bytes may exceed what both weigh."""
MEASURED_SIDE_PX = 480
FILLED, UNSEEN, FILLED_LEFT = 128, 64, 32
_UP, _RGB = 2, 2


@dataclass(frozen=True)
class Proxy:
    """What a frame's script is written with.

    Attributes:
        side_px: long side of the views.
        budget_bytes: most bytes of a frame's script.
    """

    side_px: int = 960
    budget_bytes: int = 250_000


def frame_script(pair: Pair, proxy: Proxy, *, shot: int = 0) -> str:
    """The script of one frame of the page's shot of that index; coarser views where it would exceed its budget."""
    measured = "" if pair.parallax is None else _address("png", packed_measured(encode_measured(pair)))
    most_bytes = (proxy.budget_bytes - len(measured)) * 3 // 4
    left, right = (_address("jpeg", view) for view in _packed_views(pair, most_bytes))
    # Addresses hold no letter that a text of a script would have to escape.
    return f'A3D.put({shot},{pair.number},{{"l": "{left}", "r": "{right}", "d": "{measured}"}});\n'


def _packed_views(pair: Pair, most_bytes: int) -> tuple[bytes, bytes]:
    """Both views as JPEG, at the finest quality that keeps them within so many bytes; at the last where none does."""
    expected = 0.0
    for quality in QUALITIES:
        last = quality == QUALITIES[-1]
        expected *= LEAST_STEP
        if expected > most_bytes and not last:
            continue
        left = encode_jpeg(pair.left, quality, "RGB", "420")
        expected = 2.0 * len(left)
        if expected > MOST_UNLIKE * most_bytes and not last:
            continue
        right = encode_jpeg(pair.right, quality, "RGB", "420")
        expected = float(len(left) + len(right))
        if expected <= most_bytes:
            break
    return left, right


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
