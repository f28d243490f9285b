"""The client's view of the server's memory: only the right segment opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from art3d_node.server.memory.pool import SegmentPool
from host_bridge.core.errors import ProtocolError
from host_bridge.wire.memory import Mappings, Segment, attach


@pytest.fixture
def pool() -> Iterator[SegmentPool]:
    made = SegmentPool(8 << 20)
    yield made
    made.close()


def test_smoke_both_ways(pool: SegmentPool) -> None:
    piece = pool.acquire(100)
    Mappings(write=True).payload(piece.ref(100))[:5] = b"hello"
    assert bytes(piece.payload(5)) == b"hello"
    assert bytes(Mappings().payload(piece.ref(100))[:5]) == b"hello"
    pool.give_back(piece)


def test_readers_cannot_write(pool: SegmentPool) -> None:
    piece = pool.acquire(100)
    view = Mappings().payload(piece.ref(100))
    with pytest.raises(TypeError):
        view[0] = 1
    del view
    pool.give_back(piece)


def test_a_segment_cannot_be_cut_short(pool: SegmentPool) -> None:
    piece = pool.acquire(100)
    with open(f"/proc/{os.getpid()}/fd/{piece.fd}", "r+b") as file, pytest.raises(PermissionError):
        file.truncate(0)
    pool.give_back(piece)


@pytest.mark.parametrize(
    "change", [{"token": "00" * 16}, {"nbytes": 1 << 40}, {"fd": 9999}, {"pid": 0}, {"nbytes": -1}]
)
def test_another_segment_is_refused(pool: SegmentPool, change: dict[str, Any]) -> None:
    piece = pool.acquire(100)
    with pytest.raises(ProtocolError):
        attach(replace(piece.ref(100), **change))
    pool.give_back(piece)


def test_an_ordinary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(bytes(1000))
    with path.open("rb") as file, pytest.raises(ProtocolError, match="not a segment"):
        attach(Segment(os.getpid(), file.fileno(), "00" * 16, 10))


def test_a_recycled_segment_needs_its_new_token(pool: SegmentPool) -> None:
    piece = pool.acquire(100)
    old, mappings = piece.ref(100), Mappings()
    mappings.payload(old)
    pool.give_back(piece)
    assert pool.acquire(100) is piece
    with pytest.raises(ProtocolError, match="token"):
        mappings.payload(old)
    assert len(mappings.payload(piece.ref(100))) == 100
    pool.give_back(piece)


def test_retired_memory_is_empty_for_those_who_still_map_it(pool: SegmentPool) -> None:
    piece = pool.acquire(100)
    piece.payload(5)[:] = b"hello"
    view = Mappings().payload(piece.ref(100))
    pool.give_back(piece)
    pool.close()
    assert bytes(view[:5]) == bytes(5)


def test_few_mappings_are_kept(pool: SegmentPool) -> None:
    mappings = Mappings(count=2)
    pieces = [pool.acquire(100) for _ in range(5)]
    for piece in pieces:
        mappings.payload(piece.ref(100))
    assert len(mappings._kept) == 2
    for piece in pieces:
        pool.give_back(piece)
