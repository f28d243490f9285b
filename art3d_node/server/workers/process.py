"""A worker process: takes jobs from a pipe, computes them, writes results into shared memory.

The main thread does one job after another. Light ones it hands to the lanes, where there are several: a GPU belongs to
the thread that took it.

It has no socket. It stops when the pipe closes, so it never outlives the server.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
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
from pathlib import Path
from typing import Any

from art3d_node.server.workers import interrupt
from art3d_node.server.workers.engine import DUTIES, Engine, ready
from art3d_node.server.workers.lanes import Lanes
from art3d_node.server.workers.mapped import Mapped
from art3d_node.server.workers.pipe import READ_BYTES, Reader, framed
from art3d_node.server.workers.records import Abort, Alive, Done, Failed, Forget, LogLine, Ready, Unfit, WorkerJob
from host_bridge.core.errors import Art3DError, BadInputError, CancelledError, OutOfMemoryError, ServerError, to_wire

log = logging.getLogger(__name__)
LOG_CHARACTERS = 4000
BEAT_S = 0.25
OOM_SCORE = 500


class Outbox(logging.Handler):
    """The sending end of the pipe, for results and for the log, which the server writes for all its workers."""

    def __init__(self, pipe: socket.socket) -> None:
        super().__init__()
        self._pipe, self._turn = pipe, threading.Lock()
        self.ticks = 0
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def _beat(self) -> None:
        while True:
            self.send(Alive(self.ticks))
            time.sleep(BEAT_S)

    def send(self, *messages: Any) -> None:
        """Sends records; without a server there is nothing left to do."""
        try:
            with self._turn:
                self._pipe.sendall(framed(messages))
        except OSError:
            os._exit(0)

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a line of the log."""
        self.send(LogLine(record.levelno, record.name, self.format(record)[:LOG_CHARACTERS]))


class Worker:
    """Jobs in, results out.

    Args:
        pipe: to the server.
        engine: what computes.
        outbox: for the answers.
    """

    def __init__(self, pipe: socket.socket, engine: Engine, outbox: Outbox) -> None:
        self._pipe, self._engine, self._outbox = pipe, engine, outbox
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._mapped = Mapped()
        self._lanes = Lanes(engine.tiles_at_once, self._beside) if engine.tiles_at_once > 1 else None

    def run(self) -> None:
        """Works until the server goes away."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._send(ready(self._engine))
        while True:
            message = self._inbox.get()
            if isinstance(message, Forget):
                self._mapped.forget(message.key)
                self._engine.forget(message.key)
            elif isinstance(message, WorkerJob) and message.light and self._lanes is not None:
                self._lanes.put(message)
            elif isinstance(message, WorkerJob):
                self._finish([message])

    def _send(self, *messages: Any) -> None:
        for message in messages:
            for fault in message.faults if isinstance(message, Ready) else ():
                log.warning("a style cannot be used: %s", fault)
        self._outbox.send(*messages)

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

    def _beside(self, jobs: Sequence[WorkerJob]) -> None:
        try:
            self._finish(jobs)
        except BaseException:
            log.exception("the worker cannot go on")
            os._exit(1)

    def _finish(self, jobs: Sequence[WorkerJob]) -> None:
        """Does one job, or some whose tiles are made as one."""
        self._send(*self._answers(jobs))
        self._stopped.difference_update(job.id for job in jobs)

    def _answers(self, jobs: Sequence[WorkerJob]) -> list[Ready | Done | Failed]:
        def check() -> None:
            self._outbox.ticks += 1
            if self._stopped.issuperset(job.id for job in jobs):
                raise CancelledError("nobody waits for it any more")

        fault: Art3DError
        try:
            check()
            return [*DUTIES[type(jobs[0].message)](self._engine, self._mapped, jobs, check)]
        except Art3DError as error:
            fault = error
        except ValueError as error:
            fault = BadInputError(str(error))
        except MemoryError:
            fault = OutOfMemoryError("the device ran out of memory", remedy="raise its limit, or use another")
        except Exception as error:
            log.exception("job %d failed", jobs[0].id)
            fault = ServerError(f"{type(error).__name__}: {error}"[:500], remedy="see the server's log")
        if len(jobs) > 1:  # whose fault it is, each shows alone
            return [answer for job in jobs for answer in self._answers([job])]
        return [Failed(jobs[0].id, to_wire(fault))]


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
    with contextlib.suppress(OSError):  # where memory runs out, those who can say so live on
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
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
        gc.freeze()  # what was imported stays: looking for garbage among it took a twentieth of a knob's turn
        Worker(pipe, engine, outbox).run()
    except Exception as error:
        log.exception("the worker cannot go on")
        outbox.send(Unfit(str(error) if isinstance(error, Art3DError) else f"{type(error).__name__}: {error}"[:500]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
