"""The session's half that turns requests into work and results into replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from art3d_node.server.actions import Send, Start, Stop
from art3d_node.server.jobs import Done, Failed, Job, PlateRef, Ready
from art3d_node.server.scheduler import Task
from host_bridge.errors import (
    Art3DError,
    BadInputError,
    BusyError,
    CancelledError,
    LimitError,
    WorkerLostError,
    from_wire,
)
from host_bridge.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import failure
from host_bridge.wire.layout import place_planes

if TYPE_CHECKING:
    from art3d_node.server.session import Client

TRIES = 3
LENT_SHARE = 0.25


@dataclass
class WorkerState:
    """What the session knows of a worker."""

    id: int
    device: str
    ready: Ready | None = None
    figures: dict[str, Any] = field(default_factory=dict)


class WorkMixin:
    """Requests → tasks → jobs → replies; mixed into `Session`, whose state it uses."""

    def ask_tile(self: Any, client: Client, number: int, message: m.TileRequest, now_s: float) -> None:
        """Queues a tile, or says which frames must come first.

        Raises:
            Art3DError: the request cannot be carried out.
        """
        request = self.waiter(client, number, message, now_s)
        prove_request(message)
        keys = request_keys(message)
        self.prove_keys(keys)
        if self._needs(client, number, keys):
            return
        self._plan(message)
        same = ("tile", message.key, message.settings, message.controls, message.box, message.outputs)
        self._join(client, "tile", same, keys, request)

    def ask_measure(self: Any, client: Client, number: int, message: m.Measure, now_s: float) -> None:
        """Queues the figures of a pair."""
        request = self.waiter(client, number, message, now_s)
        if not self._needs(client, number, (message.key,)):
            self._join(client, "measure", ("measure", message.key), (message.key,), request)

    def ask_styles(self: Any, client: Client, number: int, message: m.StylesRequest, now_s: float) -> None:
        """Queues a fresh look at the styles."""
        self._join(client, "list", ("list",), (), self.waiter(client, number, message, now_s))

    def _needs(self: Any, client: Client, number: int, keys: tuple[str, ...]) -> bool:
        missing = self.plates.missing(keys)
        if missing:
            self.tally.need_frame += 1
            self._answer(client.peer, number, m.NeedFrame(missing))
        return bool(missing)

    def _join(self: Any, client: Client, kind: str, same: Any, keys: tuple[str, ...], waiter: Any) -> None:
        task = self.scheduler.add(kind, same, keys, waiter)
        if len(task.waiters) == 1:
            for key in keys:
                self.plates.cache.pin(key)
        client.requests[waiter.id] = task

    def _plan(self: Any, request: m.TileRequest) -> tuple[tuple[m.Plane, ...], int]:
        put = self.plates.cache.get(request.key).put
        channels = {layer.name: layer.channels for layer in put.layers}
        shapes = []
        for name in request.outputs:
            count = channels_of(name, channels)
            shapes.append((name, (request.box.height, request.box.width, count)))
        planes, nbytes = place_planes([] if request.box.empty else shapes)
        if nbytes > self.limits.tile_bytes:
            raise LimitError(f"a tile of {nbytes} bytes", remedy=f"the limit tile_bytes is {self.limits.tile_bytes}")
        return planes, nbytes

    def leave_task(self: Any, task: Task, peer: bytes, number: int) -> None:
        """One waiter less; a task without any is dropped, or stopped where it runs."""
        task.waiters = [w for w in task.waiters if (w.peer, w.id) != (peer, number)]
        if task.waiters:
            return
        if task.worker is None:
            self._finish(task)
        else:
            self.out.append(Stop(task.worker, task.id))
            self.scheduler.stop_sharing(task)

    def answer_cancelled(self: Any, peer: bytes, number: int) -> None:
        """Tells a client that its request is cancelled."""
        self.tally.cancelled += 1
        self._answer(peer, number, failure(CancelledError("cancelled by its client")))

    def dispatch(self: Any, now_s: float) -> None:
        """Gives every idle worker the next task."""
        idle = {w.id for w in self.workers.values() if w.ready and self.scheduler.running(w.id) is None}
        stuck: set[int] = set()
        for worker in sorted(idle):
            while (task := self.scheduler.next_for(worker, lambda t: self._affordable(t, stuck))) is not None:
                if self._start(task, worker):
                    break
                stuck.add(task.id)

    def _affordable(self: Any, task: Task, stuck: set[int]) -> bool:
        if task.id in stuck:
            return False
        share = int(self.limits.memory_bytes * LENT_SHARE)
        return task.kind != "tile" or any(
            self.loans.nbytes(w.peer) <= share and self.loans.count(w.peer) < self.limits.leases_per_client
            for w in task.waiters
        )

    def _start(self: Any, task: Task, worker: int) -> bool:
        try:
            job = self._job(task)
        except BusyError as error:
            if not len(self.loans) and self.scheduler.queued == len(self.scheduler.tasks):
                self._fail(task, error)
            return False
        self.scheduler.start(task, worker)
        self.out.append(Start(worker, job))
        return True

    def _job(self: Any, task: Task) -> Job:
        plates = [self.plates.cache.get(key) for key in task.keys]
        refs = tuple(PlateRef(plate.put, plate.piece.ref(plate.put.nbytes)) for plate in plates)
        if task.kind != "tile":
            return Job(task.id, "measure" if task.kind == "measure" else "list", plates=refs)
        request = task.waiters[0].message
        planes, nbytes = self._plan(request)
        result = None
        if nbytes:
            task.held["piece"] = self.plates.room(nbytes)
            task.held["nbytes"] = nbytes
            result = task.held["piece"].ref(nbytes)
        task.held["planes"] = planes
        return Job(task.id, "tile", request, refs, planes, result)

    def _finish(self: Any, task: Task) -> None:
        self.scheduler.remove(task)
        for key in task.keys:
            self.plates.cache.unpin(key)
        piece = task.held.pop("piece", None)
        if piece is not None:
            self.pool.give_back(piece)

    def _fail(self: Any, task: Task, error: Art3DError) -> None:
        self.tally.failed += bool(task.waiters)
        for waiter in task.waiters:
            self._close_request(waiter)
            self._answer(waiter.peer, waiter.id, failure(error))
        self._finish(task)

    def _close_request(self: Any, waiter: Any) -> None:
        client = self.clients.get(waiter.peer)
        if client is not None:
            client.requests.pop(waiter.id, None)

    def worker_started(self: Any, worker: int, device: str) -> None:
        """A worker process exists."""
        self.workers[worker] = WorkerState(worker, device)

    def worker_said(self: Any, worker: int, message: Any, now_s: float) -> None:
        """A worker is ready, or has done or failed a job."""
        state = self.workers[worker]
        if isinstance(message, Ready):
            state.ready = message
            self._greet()
        elif isinstance(message, Done):
            state.figures = dict(message.worker)
            self.tally.add_ms(message.ms)
            task = self.scheduler.running(worker)
            if task is not None and task.id == message.id:
                self._done(task, message)
        elif isinstance(message, Failed):
            task = self.scheduler.running(worker)
            if task is not None and task.id == message.id:
                self._fail(task, from_wire(message.error))
        self.dispatch(now_s)

    def worker_died(self: Any, worker: int, now_s: float) -> None:
        """A worker is gone: what it did goes back into the queue, or fails after several tries."""
        self.tally.workers_lost += 1
        state = self.workers.pop(worker, None)
        self.stillborn = 0 if state is None or state.ready else self.stillborn + 1
        if self.stillborn >= TRIES and not any(other.ready for other in self.workers.values()):
            self.worker_failed_to_start()
        task = self.scheduler.worker_lost(worker)
        if task is not None:
            piece = task.held.pop("piece", None)
            if piece is not None:
                self.pool.give_back(piece)
            if not task.waiters:
                self._finish(task)
            elif task.tries >= TRIES:
                self._fail(task, WorkerLostError(f"the worker died {task.tries} times over this request",
                                                 remedy="look into the server's log"))  # fmt: skip
        self.dispatch(now_s)

    def _done(self: Any, task: Task, message: Done) -> None:
        piece = task.held.pop("piece", None)
        for waiter in task.waiters:
            self._close_request(waiter)
            if task.kind == "tile":
                self._reply_tile(task, waiter, piece, message)
            elif task.kind == "measure":
                self._answer(waiter.peer, waiter.id, m.Measured(message.figures))
            else:
                self._reply_styles(waiter, message)
        if piece is not None and not task.waiters:
            self.pool.give_back(piece)
        self._finish(task)

    def _reply_styles(self: Any, waiter: Any, message: Done) -> None:
        found = message.figures
        reply = m.Styles(tuple(found["styles"]), tuple(found["depth_sources"]))
        self._answer(waiter.peer, waiter.id, reply)

    def _reply_tile(self: Any, task: Task, waiter: Any, piece: Any, message: Done) -> None:
        self.tally.tiles += 1
        request = waiter.message
        if piece is None:
            self._answer(waiter.peer, waiter.id, m.TileReply(request.box, (), message.figures, 0))
            return
        nbytes, loan = task.held["nbytes"], self.loans.lend(waiter.peer, piece)
        self.tally.bytes_out += nbytes
        if request.transport == "memory":
            reply = m.TileReply(request.box, task.held["planes"], message.figures, nbytes, piece.ref(nbytes), loan)
            self.out.append(Send(waiter.peer, waiter.id, reply))
        else:
            reply = m.TileReply(request.box, task.held["planes"], message.figures, nbytes)
            self.out.append(Send(waiter.peer, waiter.id, reply, piece.payload(nbytes), loan))

    def figures(self: Any) -> dict[str, Any]:
        """The server's figures, for `status` and Prometheus."""
        cache, workers = self.plates.cache, []
        for state in self.workers.values():
            running = self.scheduler.running(state.id) is not None
            workers.append(
                {"id": state.id, "device": state.device, "ready": state.ready is not None, "busy": running}
                | state.figures
            )
        asked = cache.hits + cache.misses
        return {
            **self.identity,
            "instance": self.instance,
            "pid": self.pid,
            "protocol": list(m.PROTOCOL),
            "clients": [
                {"name": c.name, "requests": len(c.requests), "lent_bytes": self.loans.nbytes(c.peer)}
                for c in self.clients.values()
            ],
            "workers": workers,
            "queue": {"queued": self.scheduler.queued, "running": len(self.scheduler.tasks) - self.scheduler.queued,
                      "merged": self.scheduler.merged},
            "memory": {"budget_bytes": self.pool.budget_bytes, "used_bytes": self.pool.used_bytes,
                       "idle_bytes": self.pool.idle_bytes, "loans": len(self.loans)},
            "plates": {"count": len(cache), "bytes": cache.used_bytes, "hit_rate": cache.hits / asked if asked else 0.0,
                       "uploads": len(self.plates.uploads)},
            "limits": self.limits.as_map(),
            **self.tally.figures(),
        }  # fmt: skip


def request_keys(request: m.TileRequest) -> tuple[str, ...]:
    """The frames a request needs: its own first, then its neighbours."""
    shot = request.settings.shot
    return tuple(dict.fromkeys((request.key, *(shot.before + shot.after if shot else ()))))


def prove_request(request: m.TileRequest) -> None:
    """Proves outputs, knobs and proxy.

    Raises:
        BadInputError: an unknown or repeated output, a knob outside its range, or a proxy that cannot be made.
    """
    unknown = [name for name in request.outputs if name not in m.OUTPUTS]
    if unknown or len(set(request.outputs)) != len(request.outputs):
        raise BadInputError(f"outputs {', '.join(request.outputs)}", remedy=f"choose from {', '.join(m.OUTPUTS)}")
    controls: Controls = request.controls
    controls.checked()
    first, last = m.PROXIES
    if not first <= request.settings.proxy <= last:
        raise BadInputError(f"a proxy of every {request.settings.proxy}-th pixel", remedy=f"ask for {first} to {last}")
    if request.settings.proxy > 1 and request.settings.style == "given":
        raise BadInputError("a proxy of a given disparity", remedy="name a style, or ask for the whole plate")


def channels_of(output: str, layers: dict[str, int]) -> int:
    """How many channels an output has for a frame with these layers.

    Raises:
        BadInputError: the frame has nothing to make it from.
    """
    source = {"left": "color", "right": "color", "left_extra": "extra", "right_extra": "extra"}.get(output)
    if source is None:
        return 1
    if source not in layers:
        raise BadInputError(f"{output} was asked of a frame without layer {source!r}", remedy="upload that layer")
    return layers[source]
