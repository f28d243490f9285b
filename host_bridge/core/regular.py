"""Files that somebody else may have put there, read as what they should be: regular files of a sane size.

A pipe would be waited for without end, a device may be anything, and a file may grow while it is read. Standard library
only: both sides of the wire read their files through this.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

JSON_BYTES = 256 << 20
NESTING = 64
INTEGER = 1 << 63


def open_regular(path: Path, *, limit_bytes: int | None = None, follow: bool = True) -> io.BufferedReader:
    """A regular file, open for reading.

    Args:
        path: where it should be.
        limit_bytes: how large it may be.
        follow: whether it may be reached by a link.

    Raises:
        OSError: it cannot be opened, is no regular file or is larger; `strerror` says which.
    """
    # A device may do something when it is opened, so it is looked at first; what was opened is looked at again.
    _validate(path, os.stat(path, follow_symlinks=follow), limit_bytes)
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    try:
        _validate(path, os.fstat(handle), limit_bytes)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _validate(path: Path, found: os.stat_result, limit_bytes: int | None) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
        raise OSError(kind, "not a regular file", str(path))
    if limit_bytes is not None and found.st_size > limit_bytes:
        raise OSError(errno.EFBIG, f"larger than {limit_bytes} bytes", str(path))


def read_regular(path: Path, *, limit_bytes: int, follow: bool = True) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: as `open_regular`; also when it grows beyond the limit meanwhile.
    """
    with open_regular(path, limit_bytes=limit_bytes, follow=follow) as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise OSError(errno.EFBIG, f"larger than {limit_bytes} bytes", str(path))
    return data


def read_json(path: Path, *, limit_bytes: int = JSON_BYTES) -> Any:
    """What a JSON file says, as `parse_json` proves it.

    Raises:
        OSError: as `read_regular`.
        ValueError: as `parse_json`.
    """
    return parse_json(read_regular(path, limit_bytes=limit_bytes))


def parse_json(data: bytes | str) -> Any:
    """What JSON says: names that are there once, Unicode, numbers that are finite and fit 64 bits, nesting that ends.

    Raises:
        ValueError: it is not JSON, or says something that no message and no other file could carry.
    """
    try:
        found = json.loads(data, object_pairs_hook=_mapping)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    validate_plain(found)
    return found


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def validate_plain(value: Any, *, nesting: int = NESTING) -> None:
    """Proves that a value of texts, numbers, lists and maps can be told to anybody.

    Raises:
        ValueError: a lone surrogate, a number without an end or beyond 64 bits, too many levels, or another type.
    """
    level: list[Any] = [value]
    for _ in range(nesting):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += [*each, *each.values()]
            elif isinstance(each, (list, tuple)):
                deeper += each
            else:
                _validate_scalar(each)
        if not deeper:
            return
        level = deeper
    raise ValueError("it is nested too deeply")


def _validate_scalar(value: Any) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"a text is not Unicode: {value[:40]!a}") from None
    elif isinstance(value, int):
        if not -INTEGER <= value < INTEGER:
            raise ValueError("a number is beyond 64 bits")
    elif not isinstance(value, float):
        raise ValueError(f"a {type(value).__name__} is not JSON")
    elif not math.isfinite(value):
        raise ValueError("a number is not finite")
