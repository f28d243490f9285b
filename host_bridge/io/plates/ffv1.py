"""The checksums of FFV1's slices, which FFmpeg's decoder only complains about.

Source: RFC 9043, 4.9 (slice footer: 24 bits of size, 8 of error status, a CRC of 32 bits) and 4.9.3: the CRC, x^32 +
0x04C11DB7, most significant bit first and begun at 0, of a slice together with its footer is 0.
"""

from __future__ import annotations

import itertools
import zlib

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

_FOOTER_BYTES = 8
_TRIED = 8
_ALL = 0xFFFFFFFF
# zlib's CRC has the same polynomial, least significant bit first.
_MIRRORED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1).tobytes()


def passes_checksum(packet: bytes) -> bool:
    """Whether a packet is slices with right checksums from its first byte to its last; False where it has none."""
    end = len(packet)
    while end > 0:
        size = int.from_bytes(packet[end - _FOOTER_BYTES : end - _FOOTER_BYTES + 3], "big")
        start = end - _FOOTER_BYTES - size
        if start < 0 or zlib.crc32(packet[start:end].translate(_MIRRORED), _ALL) != _ALL:
            return False
        end = start
    return len(packet) > 0


def has_checksums(container: InputContainer, stream: VideoStream) -> bool:
    """Whether a movie is FFV1 with checksums, by its first packets; one of them may be damaged."""
    if stream.codec_context.name != "ffv1":
        return False
    return any(passes_checksum(bytes(packet)) for packet in itertools.islice(container.demux(stream), _TRIED))
