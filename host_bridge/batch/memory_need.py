"""Whether machine and control group have the memory that a frame takes: with less, a job thrashes or is killed."""

from __future__ import annotations

from host_bridge.core import machine
from host_bridge.core.errors import ServerError
from host_bridge.core.frame import Frame

# Command, server and worker before the first frame; and plates read ahead, at the server and being written, with the
# work on one. 1080p of 33 MB was killed within 1300 MiB and went through within 1800.
BASE_BYTES = 600 << 20
FRAMES = 24


def validate_memory(frame: Frame) -> None:
    """Refuses a frame before a server of this machine is started for it.

    Raises:
        ServerError: there is less memory than command, server and worker take together.
    """
    needed, available = BASE_BYTES + FRAMES * frame.nbytes, machine.memory_bytes()
    if available < needed:
        raise ServerError(
            f"frames of this size take {needed >> 20} MiB of memory, and {available >> 20} MiB are allowed here",
            remedy="raise the limit, or render on another machine or a server (--server)",
        )
