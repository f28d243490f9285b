"""Several Mach-O binaries in one file, as macOS's loader reads them (`fat_header`, <mach-o/fat.h>)."""

from __future__ import annotations

import struct

_FAT_MAGIC = 0xCAFEBABE
_THIN_MAGIC = 0xFEEDFACF  # 64 bits, little-endian
_ALIGN_BITS = 14  # pages of 16 KiB, which arm64 wants


def fat_binary(thin: list[bytes]) -> bytes:
    """A universal binary of 64-bit Mach-O files for different processors.

    Raises:
        ValueError: one of them is no such file, or two are for one processor.
    """
    kinds = []
    for data in thin:
        magic, kind, subkind = struct.unpack_from("<3I", data)
        if magic != _THIN_MAGIC:
            raise ValueError("not a 64-bit Mach-O file")
        kinds.append((kind, subkind))
    if len(set(kinds)) != len(kinds):
        raise ValueError("two binaries for one processor")
    out = struct.pack(">2I", _FAT_MAGIC, len(thin))
    size = 8 + 20 * len(thin)
    placed = []
    for (kind, subkind), data in zip(kinds, thin, strict=True):
        offset = -(-size // (1 << _ALIGN_BITS)) << _ALIGN_BITS
        out += struct.pack(">5I", kind, subkind, offset, len(data), _ALIGN_BITS)
        placed.append((offset, data))
        size = offset + len(data)
    whole = bytearray(size)
    whole[: len(out)] = out
    for offset, data in placed:
        whole[offset : offset + len(data)] = data
    return bytes(whole)
