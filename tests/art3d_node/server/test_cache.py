"""The byte-bounded cache and the segment pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.server.memory.cache import ByteCache
from art3d_node.server.memory.pool import SegmentPool, capacity_for
from host_bridge.core.errors import BusyError


def test_least_recently_used_goes_first() -> None:
    gone: list[Any] = []
    cache: ByteCache[Any, Any] = ByteCache(30, dropped=lambda key, _value: gone.append(key))
    for key in "abc":
        cache.put(key, key, 10)
    cache.get("a")
    cache.put("d", "d", 10)
    assert gone == ["b"] and cache.keys() == ["c", "a", "d"]


def test_pins_hold() -> None:
    cache: ByteCache[Any, Any] = ByteCache(20)
    cache.put("a", 1, 10)
    cache.put("b", 2, 10)
    cache.pin("a")
    cache.pin("a")
    cache.unpin("a")
    cache.put("c", 3, 10)
    assert "a" in cache and "b" not in cache
    cache.unpin("a")
    cache.put("d", 4, 20)
    assert cache.keys() == ["d"]


def test_what_cannot_fit_is_dropped_at_once() -> None:
    gone: list[Any] = []
    cache: ByteCache[Any, Any] = ByteCache(10, dropped=lambda key, _value: gone.append(key))
    cache.put("big", 1, 11)
    assert gone == ["big"] and cache.used_bytes == 0


def test_all_of_a_kind_are_forgotten_but_the_newest() -> None:
    cache: ByteCache[Any, Any] = ByteCache(100)
    for key in ("a1", "b1", "a2", "a3", "b2"):
        cache.put(key, key, 10)
    cache.get("a1")
    cache.drop_where(lambda key: key[0] == "a", keep=2)
    assert cache.keys() == ["b1", "a3", "b2", "a1"] and cache.used_bytes == 40
    cache.drop_where(lambda key: key[0] == "a", keep=5)
    assert len(cache) == 4
    cache.drop_where(lambda key: key[0] == "a")
    assert cache.keys() == ["b1", "b2"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("putgetpinfreedrop"), st.integers(0, 9), st.integers(1, 40)), max_size=60))
def test_property_never_over_budget(steps: list[tuple[str, int, int]]) -> None:
    cache: ByteCache[Any, Any] = ByteCache(100)
    for action, key, size in steps:
        if action == "p":
            cache.put(key, key, size)
        elif action == "g":
            assert cache.get(key) in (None, key)
        elif action == "i":
            cache.pin(key)
        elif action == "f":
            cache.unpin(key)
        elif action == "d":
            cache.drop(key)
        assert 0 <= cache.used_bytes <= 100


def test_pool_recycles_warm_segments() -> None:
    pool = SegmentPool(4 << 20)
    first = pool.acquire(1 << 20)
    token = first.token
    pool.give_back(first)
    second = pool.acquire((1 << 20) - 100)
    assert second is first and second.token != token
    pool.give_back(second)
    pool.close()


def test_a_payload_written_in_parts_is_whole_in_fresh_and_in_warm_pages() -> None:
    pool, data = SegmentPool(4 << 20), np.random.default_rng(3).integers(0, 256, 300_000, np.uint8)
    for turn in range(3):
        piece, sent = pool.acquire(data.size), memoryview(np.roll(data, turn).tobytes())
        for first in range(0, 200_000 if turn == 1 else data.size, 70_001):
            piece.write(first, sent[first : first + 70_001])
        end = 210_003 if turn == 1 else data.size
        assert piece.payload(end) == sent[:end] and piece.ref(1).token == bytes(piece._map[:16]).hex()
        pool.give_back(piece)
    pool.close()


def test_pool_names_its_limit() -> None:
    pool = SegmentPool(4 << 20)
    held = pool.acquire(3 << 20)
    with pytest.raises(BusyError, match="memory_bytes"):
        pool.acquire(3 << 20)
    pool.give_back(held)
    pool.close()


def test_pool_bounds_the_number_of_open_files() -> None:
    pool = SegmentPool(64 << 20, most=3)
    held = [pool.acquire(10) for _ in range(3)]
    with pytest.raises(BusyError, match="limit segments 3"):
        pool.acquire(10)
    pool.give_back(held.pop())
    held.append(pool.acquire(1 << 20))
    for piece in held:
        pool.give_back(piece)
    pool.close()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 3 << 20), max_size=30))
def test_property_pool_within_budget(sizes: list[int]) -> None:
    pool, held = SegmentPool(8 << 20), []
    for size in sizes:
        try:
            held.append(pool.acquire(size))
        except BusyError:
            pool.give_back(held.pop(0)) if held else None
        assert pool.used_bytes + pool.idle_bytes <= 8 << 20
    for piece in held:
        pool.give_back(piece)
    assert pool.used_bytes == 0
    pool.close()


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 1 << 34))
def test_property_size_classes_waste_little(nbytes: int) -> None:
    size = capacity_for(nbytes)
    assert size >= nbytes + 64 and size <= max(64 * 1024, (nbytes + 64) * 1.26 + 4096)
