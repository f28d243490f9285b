"""A worker process: takes jobs from a pipe, computes them, writes results into shared memory.

The main thread does one job after another. Light ones it hands to the lanes, where there are several: a GPU belongs to
the thread that took it.

It has no socket. It stops when the pipe closes, so it never outlives the server.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import reduce
from typing import Any

from art3d_node.server.workers import interrupt
from art3d_node.server.workers.engine import Engine
from art3d_node.server.workers.lanes import Lanes, room
from art3d_node.server.workers.pipe import READ_BYTES, Reader, framed
from art3d_node.server.workers.records import Abort, Alive, Done, Failed, Forget, Job, LogLine, PlateRef, Ready, Unfit
from host_bridge.core.errors import Art3DError, BadInputError, CancelledError, ServerError, to_wire
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire.layout import views
from host_bridge.wire.memory import Mappings
from host_bridge.wire.messages import Segment

log = logging.getLogger(__name__)
MAPPINGS = 256
LOG_CHARACTERS = 4000
BEAT_S = 1.0
PER_TILE = ("prepare", "render", "write", "job")


class Outbox(logging.Handler):
    """The sending end of the pipe, for results and for the log, which the server writes for all its workers."""

    def __init__(self, pipe: socket.socket) -> None:
        super().__init__()
        self._pipe, self._turn = pipe, threading.Lock()
        self.ticks = 0
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def _beat(self) -> None:
        while True:
            self.say(Alive(self.ticks))
            time.sleep(BEAT_S)

    def say(self, *messages: Any) -> None:
        """Sends records; without a server there is nothing left to do."""
        try:
            with self._turn:
                self._pipe.sendall(framed(messages))
        except OSError:
            os._exit(0)

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a line of the log."""
        self.say(LogLine(record.levelno, record.name, self.format(record)[:LOG_CHARACTERS]))


class Worker:
    """Jobs in, results out.

    Args:
        pipe: to the server.
        engine: what computes.
        outbox: for the answers.
    """

    def __init__(self, pipe: socket.socket, engine: Engine, outbox: Outbox) -> None:
        self._pipe, self._engine, self._outbox, self._say = pipe, engine, outbox, outbox.say
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._read, self._write = Mappings(count=MAPPINGS), Mappings(count=MAPPINGS, write=True)
        self._frames: dict[str, Frame] = {}
        self._maps = threading.Lock()
        self._lanes = Lanes(engine.tiles_at_once, self._beside) if engine.tiles_at_once > 1 else None

    def run(self) -> None:
        """Works until the server goes away."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._say(self._ready())
        while True:
            message = self._inbox.get()
            if isinstance(message, Forget):
                self._frames.pop(message.key, None)
                self._engine.forget(message.key)
            elif isinstance(message, Job) and message.light and self._lanes is not None:
                self._lanes.put(message)
            elif isinstance(message, Job):
                self._finish([message])

    def _ready(self) -> Ready:
        """What this worker can do now."""
        found, sources = self._engine.describe()
        styles = tuple(style for style in found if "fault" not in style)
        faults = tuple(str(style["fault"]) for style in found if "fault" in style)
        for fault in faults:
            log.warning("a style cannot be used: %s", fault)
        return Ready(self._engine.device, styles, sources, room(self._engine.tiles_at_once), faults)

    def _listen(self) -> None:
        """Reads the pipe at all times, so that an abort reaches a job under way."""
        reader = Reader()
        try:
            while data := self._pipe.recv(READ_BYTES):
                for message in reader.feed(data):
                    if isinstance(message, Abort):
                        self._stopped.add(message.id)
                        interrupt.poke()
                    else:
                        self._inbox.put(message)
        except OSError:
            pass
        finally:
            os._exit(0)

    def _beside(self, jobs: Sequence[Job]) -> None:
        try:
            self._finish(jobs)
        except BaseException:
            log.exception("the worker cannot go on")
            os._exit(1)

    def _finish(self, jobs: Sequence[Job]) -> None:
        """Does one job, or some whose tiles are made as one."""
        self._say(*self._answers(jobs))
        self._stopped.difference_update(job.id for job in jobs)

    def _answers(self, jobs: Sequence[Job]) -> list[Done | Failed]:
        def check() -> None:
            self._outbox.ticks += 1
            if self._stopped.issuperset(job.id for job in jobs):
                raise CancelledError("nobody waits for it any more")

        fault: Art3DError
        try:
            check()
            return [*self._do(jobs, check)]
        except Art3DError as error:
            fault = error
        except ValueError as error:
            fault = BadInputError(str(error))
        except MemoryError:
            fault = ServerError("the device ran out of memory", remedy="ask for smaller tiles")
        except Exception as error:
            log.exception("job %d failed", jobs[0].id)
            fault = ServerError(f"{type(error).__name__}: {error}"[:500], remedy="see the server's log")
        if len(jobs) > 1:  # whose fault it is, each shows alone
            return [answer for job in jobs for answer in self._answers([job])]
        return [Failed(jobs[0].id, to_wire(fault))]

    def _do(self, jobs: Sequence[Job], check: Any) -> Sequence[Done]:
        job = jobs[0]
        if job.kind == "list":
            self._say(self._ready())
            return [Done(job.id, {}, worker=self._engine.figures())]
        if job.kind == "measure":
            start = time.perf_counter()
            plate = job.plates[0]
            figures = self._engine.measure(views(plate.put.layers, self._payload(plate.segment)), check=check)
            return [Done(job.id, figures, {"measure": _ms_since(start)}, self._engine.figures())]
        return self._tiles(jobs, check)

    def _payload(self, segment: Segment, *, write: bool = False) -> memoryview:
        with self._maps:
            return (self._write if write else self._read).payload(segment)

    def _frame(self, plate: PlateRef) -> Frame:
        known = self._frames.get(plate.put.key)
        if known is None:
            put = plate.put
            layers = views(put.layers, self._payload(plate.segment))
            known = Frame(put.display, put.data, layers, put.channels, put.pixel_aspect)
            known.__dict__["key"] = put.key  # proved by the server already
            self._frames[put.key] = known
        return known

    def _tiles(self, jobs: Sequence[Job], check: Any) -> Sequence[Done]:
        """The tile of a job, or those of some that lie side by side, rendered as one and cut."""
        requests = [job.request for job in jobs if job.request is not None]
        request, start = requests[0], time.perf_counter()
        whole = reduce(Box.union, [each.box for each in requests])
        frames = {plate.put.key: self._frame(plate) for plate in jobs[0].plates}
        outputs = tuple(plane.name for plane in jobs[0].planes)
        planes, stats = self._engine.tile(
            frames, request.key, request.settings, request.controls, whole, outputs, check=check
        )
        check()
        written = time.perf_counter()
        results = [
            (each.box.x0 - whole.x0, views(job.planes, self._payload(job.result, write=True)))
            for job, each in zip(jobs, requests, strict=True)
            if job.result is not None
        ]
        with interrupt.stoppable(check):  # the first touch of a large result's pages takes a tenth of a second
            for left, targets in results:
                for name, target in targets.items():
                    self._engine.write(planes[name], target, left=left)
        ms = {**stats.get("ms", {}), "write": _ms_since(written), "job": _ms_since(start)}
        ms.update({name: ms[name] / len(jobs) for name in PER_TILE if name in ms})
        stats["ms"] = ms
        fresh = ms if "analysis" in ms else {name: ms[name] for name in PER_TILE if name in ms}
        return [Done(job.id, stats, fresh, self._engine.figures()) for job in jobs]


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def main(argv: list[str] | None = None) -> int:
    """Entry of the process; its arguments come from `workers.Workers`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--engine", required=True, help="[FOLDER/]module:function that makes an engine")
    parser.add_argument("--analysis-bytes", type=int, required=True)
    parser.add_argument("--open-paths", action="store_true")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupt.install()
    pipe = socket.socket(fileno=args.pipe)
    outbox = Outbox(pipe)
    logging.basicConfig(level=logging.INFO, handlers=[outbox], format="%(message)s")
    try:
        module, _, name = args.engine.partition(":")
        folder, _, module = module.rpartition("/")
        if folder:
            sys.path.append(folder)
        make = getattr(importlib.import_module(module), name)
        engine = make(args.device, args.analysis_bytes, open_paths=args.open_paths)
        Worker(pipe, engine, outbox).run()
    except Exception as error:
        log.exception("the worker cannot go on")
        outbox.say(Unfit(str(error) if isinstance(error, Art3DError) else f"{type(error).__name__}: {error}"[:500]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
