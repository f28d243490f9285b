"""The pipeline: plates are read ahead and results written behind while the server computes.

Memory is bounded by the frames under way, of which `Pace` says how many are at each stage. Each stage has its own
threads; the client stays in the caller's.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from host_bridge.batch.ask import FrameRequest, answer, ask
from host_bridge.batch.events import Event, Reporter
from host_bridge.batch.identity import identities
from host_bridge.batch.job import Job
from host_bridge.batch.ledger import RenderRecord, job_note, note_event, write_record
from host_bridge.batch.meanwhile import Meanwhile
from host_bridge.batch.other_depth import other_depth
from host_bridge.batch.pace import FULL, Pace
from host_bridge.batch.prefetch import NearbyPlates
from host_bridge.client import Client
from host_bridge.core.errors import (
    EXIT_OK,
    EXIT_SOME_FRAMES,
    Art3DError,
    NoWorkerError,
    OutOfMemoryError,
    PlateError,
    ServerUnreachableError,
    StyleError,
)
from host_bridge.core.frame import Frame
from host_bridge.io.outputs import Result, anaglyph, disparity_image, write_picture, write_stereo
from host_bridge.io.outputs.done import is_done
from host_bridge.io.plates import Plate
from host_bridge.wire.settings import AnalysisSettings

REVIEWS = {"anaglyph": anaglyph, "disparity": disparity_image}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What became of a batch.

    Attributes:
        counts: kind of event → frames.
        failures: frame number → why.
        seconds: wall time.
    """

    counts: Mapping[str, int]
    failures: Mapping[int, Art3DError]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when nothing failed; the fault's own code when everything did; else the code for some frames."""
        if not self.failures:
            return EXIT_OK
        if self.counts.get("rendered", 0) or self.counts.get("kept", 0):
            return EXIT_SOME_FRAMES
        return next(iter(self.failures.values())).exit_code


@dataclass
class _Frame:
    """One frame on its way."""

    number: int
    source: int
    recipe: str = ""
    plate: Plate | None = None
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)
    neighbours: tuple[Frame, ...] = ()
    kept: bool = False
    held: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def run_job(
    job: Job, client: Client, reporter: Reporter, *, record: RenderRecord | None = None, pace: Pace = FULL
) -> Summary:
    """Runs a batch to its end.

    Args:
        job: what is asked.
        client: the server.
        reporter: who is told.
        record: what is noted beside the output before the first frame, for `art3d status`.
        pace: how many frames are under way.

    Raises:
        ServerUnreachableError, NoWorkerError, OutOfMemoryError, StyleError: faults that no frame would escape.
        KeyboardInterrupt: stopped; what was being written is finished, nothing is half-written.
    """
    job.check()
    run = _Run(job, client, reporter, record, pace)
    reporter.start(len(job.plate.frames), _described(job))
    started = time.monotonic()
    try:
        run.all()
    finally:
        reporter.done(run.counts, time.monotonic() - started)
    return Summary(dict(run.counts), run.failures, time.monotonic() - started)


def _described(job: Job) -> dict[str, Any]:
    return {
        "plate": job.plate.pattern.text,
        "out": job.out.text,
        "style": job.settings.style,
        "depth": job.settings.depth,
        "view": job.plate.view,
        "hero": job.controls.hero,
        "notes": list(job.notes),
    }


class _Run:
    def __init__(self, job: Job, client: Client, reporter: Reporter, record: RenderRecord | None, pace: Pace) -> None:
        self.job, self.client, self.reporter = job, client, reporter
        self._note, self._pace = record, pace
        self.server = identities(client, job.settings)
        self._styles = tuple(client.welcome.styles)
        self._plates = NearbyPlates(job, pace.spare_plates)
        self._meanwhile = Meanwhile(job)
        self.counts: Counter[str] = Counter()
        self.failures: dict[int, Art3DError] = {}
        self._writers = ThreadPoolExecutor(pace.write_behind, "art3d-write")
        self._readers = ThreadPoolExecutor(pace.read_ahead, "art3d-read")
        self._writing: deque[tuple[int, Future[Event]]] = deque()
        self._pending: deque[tuple[_Frame, FrameRequest]] = deque()
        self._unnoted: list[Event] = []

    def all(self) -> None:
        self._record(make_folder=False)
        try:
            for frame in self._loaded():
                if frame is not None:
                    self._submit(frame)
            while self._pending:
                self._receive()
        except BaseException:
            self.client.cancel()
            raise
        finally:
            self._readers.shutdown(cancel_futures=True)
            with contextlib.suppress(Art3DError):
                while self._writing:
                    self._finish()
            self._writers.shutdown()
            # On a disk that was full while others wrote there may be room now.
            for event in self._unnoted:
                note_event(self.job, event)

    def _record(self, *, make_folder: bool) -> None:
        """Notes once what was asked; a render that never comes to a picture leaves no new folder behind."""
        if self._note is None or not (make_folder or job_note(self.job.out).parent.is_dir()):
            return
        note, self._note = self._note, None
        # Where it cannot be written no frame can, and each says so.
        with contextlib.suppress(Art3DError):
            write_record(self.job.out, note)

    def _loaded(self) -> Iterator[_Frame | None]:
        """Plates in frame order; None for one that came to its end before it could be asked."""
        ahead: deque[tuple[int, Future[_Frame]]] = deque()
        for number in self.job.plate.frames:
            ahead.append((number, self._readers.submit(self._load, number)))
            if len(ahead) > self._pace.read_ahead:
                yield self._taken(*ahead.popleft())
        while ahead:
            yield self._taken(*ahead.popleft())

    def _taken(self, number: int, future: Future[_Frame]) -> _Frame | None:
        try:
            frame = future.result()
        except PlateError as error:
            skipped = self.job.missing == "skip"
            self._tell(Event(number, "skipped" if skipped else "failed", error=error))
            return None
        except Art3DError as error:
            self._tell(Event(number, "failed", error=error))
            return None
        if frame.kept:
            self._tell(Event(number, "kept", self.job.files(number), seconds=frame.seconds, held=frame.held))
            return None
        return frame

    def _load(self, number: int) -> _Frame:
        frame, unread = _Frame(number, number), [number]
        while True:
            try:
                if frame.source in self.job.plate.missing:
                    raise self.job.plate.absent(number)
                return self._read(frame)
            except PlateError:
                held = self.job.plate.held(number, without=unread) if self.job.missing == "hold" else None
                if held is None:
                    raise
                unread.append(held)
                frame = _Frame(number, held, held=held)

    def _read(self, frame: _Frame) -> _Frame:
        started, waited = time.perf_counter(), self._plates.waited_s
        frame.recipe = self.job.recipe(frame.number, frame.source, self.server)
        reviews = self.job.review_files(frame.number).values()
        if not self.job.overwrite and all(path.is_file() for path in reviews):
            frame.kept = is_done(self.job.files(frame.number), frame.recipe)
        if not frame.kept:
            frame.plate = replace(self._plates.plate(frame.source), number=frame.number)
            frame.settings, frame.neighbours = self._plates.staged(frame.source)
            # The key costs a pass over the pixels; here it is paid beside the server's work.
            _ = frame.plate.frame.key
        frame.seconds["read"] = time.perf_counter() - started - (self._plates.waited_s - waited)
        return frame

    def _submit(self, frame: _Frame) -> None:
        assert frame.plate is not None
        started = time.perf_counter()
        try:
            controls = self.job.knobs(frame.number, frame.source)
            request = ask(
                self.client,
                frame.plate,
                frame.settings,
                controls,
                layers=self.job.writing.layers,
                neighbours=frame.neighbours,
            )
        except Art3DError as error:
            self._failed(frame.number, error)
            return
        frame.seconds["transfer"] = time.perf_counter() - started
        self._pending.append((frame, request))
        if len(self._pending) > self._pace.asked_ahead:
            self._receive()

    def _receive(self) -> None:
        frame, request = self._pending.popleft()
        try:
            result = answer(self.client, request, frame.recipe)
        except Art3DError as error:
            self._failed(frame.number, error)
            return
        self._record(make_folder=True)
        if self.job.shot is not None:
            result = replace(result, stats={**result.stats, **self.job.shot.depth.settled(result.stats)})
        # A worker's own time, without the wait in its queue; "job" is the whole of it.
        ms = result.stats.get("ms", {})
        frame.seconds["analysis"] = ms.get("analysis", 0.0) / 1000
        frame.seconds["new_view"] = ms.get("job", 0.0) / 1000 - frame.seconds["analysis"]
        if len(self._writing) >= self._pace.write_behind:
            self._finish()
        # Nothing here holds the result: once it is written, its room at the server is free for the next.
        self._writing.append((frame.number, self._writers.submit(self._write, frame, result)))

    def _write(self, frame: _Frame, result: Result) -> Event:
        started = time.perf_counter()
        reviews = self.job.review_files(frame.number)
        self._meanwhile.validate(frame.number, frame.recipe)
        # The stereo file comes last: where it is, the frame is done.
        for name, path in reviews.items():
            write_picture(path, REVIEWS[name](result))
        files = write_stereo(self.job.out, result, self.job.writing)
        frame.seconds["write"] = time.perf_counter() - started
        note = other_depth(self._styles, self.job.settings.style, result.stats)
        stats = {**result.stats, "style_note": note} if note else result.stats
        return Event(frame.number, "rendered", (*files, *reviews.values()), stats, frame.seconds, frame.held)

    def _finish(self) -> None:
        number, future = self._writing.popleft()
        try:
            self._tell(future.result())
        except Art3DError as error:
            self._failed(number, error)

    def _failed(self, number: int, error: Art3DError) -> None:
        """One frame's fault is its own, unless every other frame would meet it too."""
        if isinstance(error, ServerUnreachableError | NoWorkerError | OutOfMemoryError | StyleError):
            raise error
        self._tell(Event(number, "failed", error=error))

    def _tell(self, event: Event) -> None:
        self.counts[event.kind] += 1
        if event.kind == "failed" and event.error is not None:
            self.failures[event.number] = event.error
        self._record(make_folder=False)
        if not note_event(self.job, event):
            self._unnoted.append(event)
        self.reporter.frame(event)
