"""Files that others may have put there."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path

import pytest

from host_bridge.core.regular import open_regular, parse_json, read_json, read_regular, validate_plain


def test_smoke(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"a": [1, 2.5, "x", null, true]}')
    assert read_json(path) == {"a": [1, 2.5, "x", None, True]}
    (tmp_path / "link").symlink_to(path)
    assert read_regular(tmp_path / "link", limit_bytes=100) == path.read_bytes()


@pytest.mark.parametrize("kind", ["fifo", "device", "link to a device", "folder", "socket", "missing", "large"])
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"{short}/s")
            with pytest.raises(OSError, match="regular"):
                open_regular(Path(short, "s"))
        return
    elif kind == "large":
        path.write_bytes(bytes(101))
    with pytest.raises(OSError) as caught:
        read_regular(path, limit_bytes=100)
    assert caught.value.strerror


def test_links_are_refused_where_they_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="regular"):
        open_regular(tmp_path / "link", follow=False)


BAD = (
    '"\\ud800"',
    '{"\\udfff": 1}',
    "NaN",
    "[Infinity]",
    "[1e999]",
    str(10**30),
    str(1 << 63),
    "9" * 5000,
    "[" * 100_000,
    "[" * 70 + "]" * 70,
    "{",
    "",
)


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_json_that_nothing_could_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError):
        parse_json(b'"\xff"')
    with pytest.raises(ValueError, match="is not JSON"):
        validate_plain({"a": b"bytes"})


def test_the_largest_numbers_pass() -> None:
    numbers = [(1 << 63) - 1, -(1 << 63), 1.7e308, 5e-324]
    assert parse_json(json.dumps(numbers)) == numbers
