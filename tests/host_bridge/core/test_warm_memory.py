"""Memory that is kept: pages are touched for the first time once, however often a frame's pictures come and go."""

from __future__ import annotations

import subprocess
import sys

import pytest

from host_bridge.core import machine
from host_bridge.core.warm_memory import SHARE

FRAMES, PICTURES, PICTURE_BYTES, PAGE_BYTES = 8, 4, 24 << 20, 4096
WORK = f"""
import resource, sys
from host_bridge.core.warm_memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def frame():
    pictures = [b"x" * {PICTURE_BYTES} for _ in range({PICTURES})]
frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({FRAMES}):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Page faults of some frames after the first, in a process of their own."""
    done = subprocess.run([sys.executable, "-c", WORK, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is told")
@pytest.mark.skipif(machine.spare_bytes() // SHARE < PICTURES * PICTURE_BYTES, reason="a small machine keeps less")
def test_freed_memory_is_at_hand_for_the_next_frame() -> None:
    of_one_frame = PICTURES * PICTURE_BYTES // PAGE_BYTES
    assert faults("leave") > of_one_frame
    assert faults("keep") < of_one_frame / 4
