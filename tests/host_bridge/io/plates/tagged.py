"""Pictures with colour tags, written by hand: chunks of PNG and profiles of ICC."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np


def png(path: Path, codes: np.ndarray, *chunks: tuple[bytes, bytes]) -> Path:
    """A PNG of (rows, columns, 1 or 3) uint8 or uint16 with these chunks before its pixels."""
    rows, columns, channels = codes.shape
    big = codes.astype(">u2" if codes.dtype.itemsize == 2 else "u1")
    body = b"".join(b"\0" + big[y].tobytes() for y in range(rows))
    kind = {1: 0, 3: 2}[channels]
    head = struct.pack(">IIBBBBB", columns, rows, codes.dtype.itemsize * 8, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts))
    return path


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def cicp(primaries: int, transfer: int, full: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes([primaries, transfer, 0, full])


def gama(gamma: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(100_000 / gamma))


def chrm(xy: tuple[float, ...]) -> tuple[bytes, bytes]:
    """Of primaries and white in OpenEXR's order."""
    return b"cHRM", struct.pack(">8I", *(round(v * 100_000) for v in (*xy[6:], *xy[:6])))


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"p\0\0" + zlib.compress(profile)


def profile(name: str, curve: bytes, xyz: np.ndarray, *, extra: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """A version 2 matrix profile: (3, 3) XYZ of R, G, B in columns, adapted to D50."""
    text = name.encode() + b"\0"
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(79)), *extra]
    tags += [(c + b"XYZ", _xyz(xyz[:, i])) for i, c in enumerate((b"r", b"g", b"b"))]
    tags += [(c + b"TRC", curve) for c in (b"r", b"g", b"b")] + [(b"wtpt", _xyz([0.9505, 1.0, 1.0891]))]
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags:
        data += bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, offset + len(body), len(data))
        body += data
    whole = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4s4s4s4s4s", 128 + len(whole), b"none", b"\x02\x10\0\0", b"mntr", b"RGB ", b"XYZ ")
    return head + bytes(36 - len(head)) + b"acsp" + bytes(88) + whole


def _xyz(values: Any) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def curve_gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def curve_table(values: Any) -> bytes:
    codes = np.rint(np.asarray(values) * 65535).astype(">u2")
    return bytes(b"curv\0\0\0\0" + struct.pack(">I", len(codes)) + codes.tobytes())


def curve_parametric(kind: int, *numbers: float) -> bytes:
    fixed = struct.pack(f">{len(numbers)}i", *(round(n * 65536) for n in numbers))
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed
