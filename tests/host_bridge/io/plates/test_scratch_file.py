"""Files in memory hold what was written last and nothing else, whoever used them before."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host_bridge.io.plates.scratch_file import reused

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


def held(content: bytes) -> bytes:
    with reused(len(content)) as (room, path):
        room[:] = content
        return Path(path).read_bytes()


def test_a_file_holds_nothing_of_what_it_held_before() -> None:
    for size in (90_000, 70_000, 100_001, 1, 66_000, 3_000_000, 90_000):
        content = os.urandom(size)
        assert held(content) == content


def test_threads_have_files_of_their_own() -> None:
    contents = [bytes([number]) * (80_000 + number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(held, contents)) == contents


def test_a_view_that_is_held_beyond_its_time_is_an_error() -> None:
    with reused(70_000) as (room, _):
        pass
    with pytest.raises(ValueError, match="released"):
        room[0] = 1


@needs_fork
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file is kept")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_writes_into_files_of_its_own() -> None:
    held(b"warm" * 20_000)
    with reused(80_000) as (room, path):
        # Kept again before the fork, so that both processes know of it.
        room[:] = b"p" * 80_000
    child = os.fork()
    if child == 0:
        held(b"c" * 80_000)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert Path(path).read_bytes() == b"p" * 80_000
