"""How much memory a batch takes, and the pace at which it fits into what this machine and its control group allow.

With less, a job thrashes or is killed. The figures were chosen by bisection: the smallest limits of a control group
within which no process of a whole render was killed (docs/farm.md; docs/decisions/240).
"""

from __future__ import annotations

from dataclasses import replace

from host_bridge.batch.job import Job
from host_bridge.batch.pace import FULL, LEAN, Pace
from host_bridge.core import machine
from host_bridge.core.errors import OutOfMemoryError
from host_bridge.core.frame import Frame
from host_bridge.io.plates import Plate
from host_bridge.io.plates.kept import KeptPlates

# Command, server and worker before the first frame.
BASE_BYTES = 800 << 20
NETWORK_BYTES = 100 << 20
# Planes of the analysis, of the new view and of results, for each pixel; a network's depth is small.
PIXEL_BYTES, NETWORK_PIXEL_BYTES = 200, 136
# Plates and their carried layers, in all processes together; a neighbour lies with the command and with the server.
PLATES = {FULL: 12, LEAN: 6}
PLATES_PER_NEIGHBOUR = 2
FROM_THE_PLATE = ("aov", "auto", "auto+people")
SLOWLY = "memory is short: one frame at a time"


def needed_bytes(frame: Frame, pace: Pace, *, network: bool, neighbours: int) -> int:
    """What command, server and worker take together.

    Args:
        frame: one of the plates.
        pace: how many frames are under way.
        network: whether a network gives the depth, rather than the plate.
        neighbours: how many frames steady each other's depth.
    """
    plates = PLATES[pace] + (PLATES_PER_NEIGHBOUR * neighbours if network else 0)
    pixel_bytes, base_bytes = (
        (NETWORK_PIXEL_BYTES, BASE_BYTES + NETWORK_BYTES) if network else (PIXEL_BYTES, BASE_BYTES)
    )
    return base_bytes + pixel_bytes * frame.data.width * frame.data.height + plates * frame.nbytes


def pace_for(frame: Frame, *, network: bool, neighbours: int) -> Pace:
    """The fastest pace that memory allows.

    Raises:
        OutOfMemoryError: there is less than the leanest takes. It is told before a server is started.
    """
    available_bytes = machine.memory_bytes()
    for pace in PLATES:
        needed = needed_bytes(frame, pace, network=network, neighbours=neighbours)
        if needed <= available_bytes:
            return pace
    raise OutOfMemoryError(
        f"frames of this size take {needed >> 20} MiB of memory, and {available_bytes >> 20} MiB are allowed here",
        remedy="raise the limit, or render on another machine or a server (--server)",
    )


def paced(job: Job, plate: Plate, *, neighbours: int) -> tuple[Job, Pace]:
    """The batch at the pace that memory allows; where that is the leanest, it says so and keeps no plates for later.

    Args:
        job: the batch.
        plate: one of its plates.
        neighbours: as `needed_bytes`.

    Raises:
        OutOfMemoryError: as `pace_for`.
    """
    network = not (plate.depth_varies and job.settings.depth in FROM_THE_PLATE) and job.settings.style != "given"
    pace = pace_for(plate.frame, network=network, neighbours=neighbours if len(job.plate.frames) > 1 else 0)
    if pace is FULL:
        return job, pace
    return replace(job, kept=KeptPlates(0), notes=(*job.notes, SLOWLY)), pace
