"""The plates around the frames under way, each read once: in a shot, neighbours steady each other's depth."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import replace

from host_bridge.batch.job import Job
from host_bridge.core.frame import Frame
from host_bridge.core.style_track import style_at
from host_bridge.io.plates import Plate
from host_bridge.shot.signature import validate_same_plate
from host_bridge.wire.settings import AnalysisSettings


class NearbyPlates:
    """A few plates by frame number; asked from several threads.

    Args:
        job: what is rendered; its shot says how many neighbours a frame has.
        spare: how many are kept besides those of one frame.
    """

    def __init__(self, job: Job, spare: int) -> None:
        self._job = job
        self._capacity = 2 * (job.shot.steady if job.shot else 0) + 1 + spare
        self._plates: OrderedDict[int, Future[Plate]] = OrderedDict()
        self._lock = threading.Lock()
        self._waits = threading.local()

    @property
    def waited_s(self) -> float:
        """Seconds for which the calling thread has waited for what another one reads."""
        return float(getattr(self._waits, "seconds", 0.0))

    def plate(self, source: int) -> Plate:
        """The plate of one frame.

        Raises:
            Art3DError: it cannot be read; asked again, it is read again.
        """
        with self._lock:
            found = self._plates.get(source)
            is_first = found is None
            if found is None:
                found = self._plates[source] = Future()
                while len(self._plates) > self._capacity:
                    self._plates.popitem(last=False)
            else:
                self._plates.move_to_end(source)
        if is_first:
            self._read(source, found)
            return found.result()
        started = time.perf_counter()
        try:
            return found.result()
        finally:
            self._waits.seconds = self.waited_s + time.perf_counter() - started

    def _read(self, source: int, found: Future[Plate]) -> None:
        try:
            found.set_result(self._job.load(source, source))
        except BaseException as error:
            with self._lock:
                self._plates.pop(source, None)
            found.set_exception(error)

    def staged(self, source: int) -> tuple[AnalysisSettings, tuple[Frame, ...]]:
        """What the server must know of a frame's shot, and the neighbours it names.

        Raises:
            ShotError: the shot was made from another plate, or does not hold this frame.
        """
        shot, settings = self._job.shot, self._job.settings
        settings = replace(settings, style=style_at(settings.style, source))
        if shot is None:
            return settings, ()
        fixed = shot.frame(source)
        where = str(self._job.plate.path(source))
        validate_same_plate(self.plate(source).frame, shot.frames[source].signature, where=where)
        before, after = shot.neighbours(source)
        sides = [tuple(self.plate(number).frame for number in side) for side in (before, after)]
        keys = [tuple(frame.key for frame in side) for side in sides]
        fixed = replace(fixed, before=keys[0], after=keys[1])
        settled = replace(settings, depth=shot.depth_source, z_meaning=shot.depth.meaning or settings.z_meaning)
        picture = shot.frames[source].picture(self.plate(source).frame.data)
        return replace(settled, shot=fixed, picture=picture), (*sides[0], *sides[1])
