"""The server's memory as a worker sees it: plates to read, results to write."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from art3d_node.server.workers.records import PlateRef, WorkerJob
from host_bridge.core.frame import Frame
from host_bridge.wire.layout import views
from host_bridge.wire.memory import Mappings

MAPPINGS = 256


class Mapped:
    """Segments that are mapped, and the frames in them; for several threads."""

    def __init__(self) -> None:
        self._read, self._write = Mappings(count=MAPPINGS), Mappings(count=MAPPINGS, write=True)
        self._frames: dict[str, Frame] = {}
        self._lock = threading.Lock()

    def layers(self, plate: PlateRef) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays of a plate."""
        with self._lock:
            payload = self._read.payload(plate.segment)
        return views(plate.put.layers, payload)

    def frame(self, plate: PlateRef) -> Frame:
        """A plate as a frame, the same one until it is forgotten."""
        put = plate.put
        cached = self._frames.get(put.key)
        if cached is None:
            cached = Frame(put.display, put.data, dict(self.layers(plate)), put.channels, put.pixel_aspect)
            cached.__dict__["key"] = put.key  # verified by the server already
            self._frames[put.key] = cached
        return cached

    def forget(self, key: str) -> None:
        """Lets go of a plate."""
        self._frames.pop(key, None)

    def planes(self, job: WorkerJob) -> Mapping[str, npt.NDArray[Any]]:
        """Where a job's planes are to be written; empty when only its figures are wanted."""
        if job.result is None:
            return {}
        with self._lock:
            payload = self._write.payload(job.result)
        return views(job.planes, payload)
