"""What is checked before a plate's pixels are given memory."""

from __future__ import annotations

from pathlib import Path

from host_bridge.core.errors import LimitError, MissingFrameError, PlateError
from host_bridge.core.geometry import Box
from host_bridge.core.regular import open_regular

MAX_PLATE_BYTES = 4 << 30
MAX_SIDE_PX = 65_536
MIN_SIDE_PX = 8
# Deflate packs at most 1032 : 1, the other lossless EXR methods less; a header beyond that promises pixels it has not.
MAX_PACKING = 2_000
TRUSTED_BYTES = 64 << 20
AGAIN = "copy or render the file again"


def first_bytes(path: Path, count: int = 8) -> bytes:
    """The start of a file.

    Raises:
        MissingFrameError: there is no such file.
        PlateError: it cannot be opened, or is empty.
    """
    try:
        with open_regular(path) as file:
            start = file.read(count)
    except FileNotFoundError as error:
        raise MissingFrameError("no such file", where=str(path), remedy="check the path") from error
    except OSError as error:
        raise PlateError(
            f"cannot be opened ({error.strerror})", where=str(path), remedy="check the path and its permissions"
        ) from error
    if not start:
        raise PlateError("the file is empty", where=str(path), remedy=AGAIN)
    return start


def validate_size(path: Path, window: Box, channel_bytes: int) -> None:
    """Refuses a picture that is too large, or larger than its file can hold.

    Args:
        path: the file.
        window: the picture's pixels.
        channel_bytes: bytes of one pixel over all channels.

    Raises:
        LimitError: more than `MAX_SIDE_PX` or `MAX_PLATE_BYTES`.
        PlateError: a header that promises more pixels than the file can hold.
    """
    total = window.width * window.height * channel_bytes
    if max(window.width, window.height) > MAX_SIDE_PX or total > MAX_PLATE_BYTES:
        raise LimitError(
            f"the header claims {window.width}×{window.height} px, {total / 2**30:.1f} GiB",
            where=str(path),
            remedy=f"plates may have {MAX_SIDE_PX} px a side and {MAX_PLATE_BYTES >> 30} GiB; {AGAIN} if it lies",
        )
    if total > TRUSTED_BYTES and total > MAX_PACKING * path.stat().st_size:
        raise PlateError(
            f"the header claims {window.width}×{window.height} px, more than the file's "
            f"{path.stat().st_size} bytes can hold",
            where=str(path),
            remedy=AGAIN,
        )


def validate_picture(path: Path, display: Box) -> None:
    """Refuses a picture too small to be staged.

    Raises:
        PlateError: a side of the display window below `MIN_SIDE_PX`.
    """
    if min(display.width, display.height) < MIN_SIDE_PX:
        raise PlateError(
            f"the picture is {display.width}×{display.height} px",
            where=str(path),
            remedy=f"stereo needs at least {MIN_SIDE_PX}×{MIN_SIDE_PX} px",
        )
