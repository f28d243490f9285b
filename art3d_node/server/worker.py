"""A worker process: takes jobs from a pipe, computes them, writes results into shared memory.

The main thread does one job after another; light ones it hands to threads of their own, a few at a time.

It has no socket. It stops when the pipe closes, so it never outlives the server.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from art3d_node.server import interrupt
from art3d_node.server.engine import Engine
from art3d_node.server.jobs import Abort, Done, Failed, Forget, Job, PlateRef, Ready, Said, pack, unpack
from host_bridge.errors import Art3DError, BadInputError, CancelledError, ServerError, to_wire
from host_bridge.frame import Frame
from host_bridge.wire.layout import views
from host_bridge.wire.memory import Mappings
from host_bridge.wire.messages import Segment

log = logging.getLogger(__name__)
MAPPINGS = 256
LOG_CHARACTERS = 4000
NEXT_AT_HAND = 1  # light jobs beyond those under way, so that no core waits for the server between two tiles
PER_TILE = ("prepare", "render", "write", "job")


class Outbox(logging.Handler):
    """The sending end of the pipe, for results and for the log, which the server writes for all its workers."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self._pipe, self._turn = pipe, threading.Lock()

    def say(self, message: Any) -> None:
        """Sends a record; without a server there is nothing left to do."""
        try:
            with self._turn:
                self._pipe.send_bytes(pack(message))
        except OSError:
            os._exit(0)

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a line of the log."""
        self.say(Said(record.levelno, record.name, self.format(record)[:LOG_CHARACTERS]))


class Worker:
    """Jobs in, results out.

    Args:
        pipe: to the server.
        engine: what computes.
        outbox: for the answers.
    """

    def __init__(self, pipe: Connection, engine: Engine, outbox: Outbox) -> None:
        self._pipe, self._engine, self._say = pipe, engine, outbox.say
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._read, self._write = Mappings(count=MAPPINGS), Mappings(count=MAPPINGS, write=True)
        self._frames: dict[str, Frame] = {}
        self._maps = threading.Lock()
        self._light = ThreadPoolExecutor(engine.tiles_at_once, thread_name_prefix="tile")

    def run(self) -> None:
        """Works until the server goes away."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        styles, sources = self._engine.describe()
        at_once = self._engine.tiles_at_once
        self._say(Ready(self._engine.device, styles, sources, at_once + NEXT_AT_HAND * (at_once > 1)))
        while True:
            message = self._inbox.get()
            if isinstance(message, Forget):
                self._frames.pop(message.key, None)
                self._engine.forget(message.key)
            elif isinstance(message, Job) and message.light:
                self._light.submit(self._beside, message)
            elif isinstance(message, Job):
                self._finish(message)

    def _listen(self) -> None:
        """Reads the pipe at all times, so that an abort reaches a job under way."""
        try:
            while True:
                message = unpack(self._pipe.recv_bytes())
                if isinstance(message, Abort):
                    self._stopped.add(message.id)
                    interrupt.poke()
                else:
                    self._inbox.put(message)
        except (EOFError, OSError):
            os._exit(0)

    def _beside(self, job: Job) -> None:
        try:
            self._finish(job)
        except BaseException:
            log.exception("the worker cannot go on")
            os._exit(1)

    def _finish(self, job: Job) -> None:
        self._say(self._answer(job))
        self._stopped.discard(job.id)

    def _answer(self, job: Job) -> Done | Failed:
        def check() -> None:
            if job.id in self._stopped:
                raise CancelledError("nobody waits for it any more")

        try:
            check()
            return self._do(job, check)
        except Art3DError as error:
            return Failed(job.id, to_wire(error))
        except ValueError as error:
            return Failed(job.id, to_wire(BadInputError(str(error))))
        except MemoryError:
            return Failed(job.id, to_wire(ServerError("the device ran out of memory", remedy="ask for smaller tiles")))
        except Exception as error:
            log.exception("job %d failed", job.id)
            fault = ServerError(f"{type(error).__name__}: {error}"[:500], remedy="look into the server's log")
            return Failed(job.id, to_wire(fault))

    def _do(self, job: Job, check: Any) -> Done:
        if job.kind == "list":
            styles, sources = self._engine.describe()
            return Done(job.id, {"styles": styles, "depth_sources": sources}, worker=self._engine.figures())
        if job.kind == "measure":
            start = time.perf_counter()
            plate = job.plates[0]
            figures = self._engine.measure(views(plate.put.layers, self._payload(plate.segment)), check=check)
            return Done(job.id, figures, {"measure": _ms_since(start)}, self._engine.figures())
        return self._tile(job, check)

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

    def _tile(self, job: Job, check: Any) -> Done:
        request = job.request
        assert request is not None
        start = time.perf_counter()
        frames = {plate.put.key: self._frame(plate) for plate in job.plates}
        outputs = tuple(plane.name for plane in job.planes)
        planes, stats = self._engine.tile(
            frames, request.key, request.settings, request.controls, request.box, outputs, check=check
        )
        check()
        written = time.perf_counter()
        if job.result is not None:
            targets = views(job.planes, self._payload(job.result, write=True))
            with interrupt.stoppable(check):  # the first touch of a large result's pages takes a tenth of a second
                for name, target in targets.items():
                    self._engine.write(planes[name], target)
        stats["ms"] = {**stats.get("ms", {}), "write": _ms_since(written), "job": _ms_since(start)}
        fresh = stats["ms"] if "analysis" in stats["ms"] else {n: stats["ms"][n] for n in PER_TILE if n in stats["ms"]}
        return Done(job.id, stats, fresh, self._engine.figures())


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def main(argv: list[str] | None = None) -> int:
    """Entry of the process; its arguments come from `workers.Workers`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--engine", required=True, help="module:function that makes the engine of a device")
    parser.add_argument("--analysis-bytes", type=int, required=True)
    parser.add_argument("--open-paths", action="store_true")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupt.install()
    pipe = Connection(args.pipe)
    outbox = Outbox(pipe)
    logging.basicConfig(level=logging.INFO, handlers=[outbox], format="%(message)s")
    try:
        module, _, name = args.engine.partition(":")
        make = getattr(importlib.import_module(module), name)
        engine = make(args.device, args.analysis_bytes, open_paths=args.open_paths)
        Worker(pipe, engine, outbox).run()
    except Exception:
        log.exception("the worker cannot go on")
    return 1


if __name__ == "__main__":
    sys.exit(main())
