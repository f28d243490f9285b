"""A frame as the page holds it: three small pictures, inside a script file of its own.

A browser that opens a page from disk treats every picture file as another site's and lets no script look at its
pixels; pictures inside scripts it treats as the page's own. So each frame is `A3D.put(shot, number, {l, r, d})`, with
data addresses of WebP pictures: both views, and the measurements as numbers in colours.

Convention:
    Measurements: 16 bits in red (high) and green (low) hold parallax, 0 for unknown, else
    `1 + round((parallax + 10) / 0.01)` with parallax in % of width, clamped to ±10; blue is 128 where the right
    view was filled, plus 64 where the right eye does not see what the left one does.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass

import numpy as np
from PIL import Image

from host_bridge.core.frame import Array
from host_bridge.review.figures import resized
from host_bridge.review.pair import Pair, hidden

PARALLAX_LIMIT_PCT = 10.0
PARALLAX_STEP_PCT = 0.01
QUALITIES = (82, 68, 52, 36)
MEASURED_SIDE_PX = 480
FILLED, UNSEEN = 128, 64


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
    measured = "" if pair.parallax is None else _address(_webp(encode_measured(pair), lossless=True))
    left, right = (Image.fromarray(view) for view in (pair.left, pair.right))
    for quality in QUALITIES:
        shown = [_address(_encoded(view, quality)) for view in (left, right)]
        if sum(map(len, (*shown, measured))) <= proxy.budget_bytes:
            break
    return f"A3D.put({shot},{pair.number},{json.dumps({'l': shown[0], 'r': shown[1], 'd': measured})});\n"


def encode_measured(pair: Pair) -> Array:
    """Parallax and flags as colours, (rows, columns, 3) uint8; see the convention above."""
    assert pair.parallax is not None
    rows, columns = pair.parallax.shape
    step = max(1.0, max(rows, columns) / MEASURED_SIDE_PX)
    rows, columns = max(1, round(rows / step)), max(1, round(columns / step))
    parallax = resized(pair.parallax, rows, columns)
    known = np.isfinite(parallax)
    clamped = np.nan_to_num(parallax).clip(-PARALLAX_LIMIT_PCT, PARALLAX_LIMIT_PCT)
    code = np.where(known, 1 + np.rint((clamped + PARALLAX_LIMIT_PCT) / PARALLAX_STEP_PCT), 0).astype(np.uint16)
    flags = UNSEEN * hidden(parallax).astype(np.uint8)
    if pair.filled is not None:
        flags = flags + FILLED * resized(pair.filled, rows, columns).astype(np.uint8)
    return np.stack([code >> 8, code & 255, flags], -1).astype(np.uint8)


def decode_measured(coded: Array) -> tuple[Array, Array, Array]:
    """Parallax in %, NaN where unknown; filled; unseen: the inverse of `encode_measured`."""
    code = coded[..., 0].astype(np.int32) * 256 + coded[..., 1]
    parallax = np.where(code > 0, (code - 1) * PARALLAX_STEP_PCT - PARALLAX_LIMIT_PCT, np.nan)
    return parallax.astype(np.float32), (coded[..., 2] & FILLED) > 0, (coded[..., 2] & UNSEEN) > 0


def _webp(pixels: Array, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=lossless, quality=0, method=0, exact=True)
    return buffer.getvalue()


def _encoded(view: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    view.save(buffer, "WEBP", quality=quality, method=0)
    return buffer.getvalue()


def _address(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()
