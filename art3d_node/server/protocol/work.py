"""Requests become work, and results become replies."""

from __future__ import annotations

from typing import Any

from art3d_node.server.memory.pool import Piece, capacity_for
from art3d_node.server.protocol.actions import Send, Start, Stop
from art3d_node.server.protocol.requests import channels_of, request_keys, validate_keys, validate_request
from art3d_node.server.protocol.scheduler import Task, Waiter
from art3d_node.server.protocol.state import Client, State, WorkerState
from art3d_node.server.workers.records import SMALL_PIXELS, Done, Failed, Job, PlateRef, Ready, Unfit
from host_bridge.core.errors import (
    Art3DError,
    BusyError,
    CancelledError,
    LimitError,
    ProtocolError,
    WorkerLostError,
    from_wire,
)
from host_bridge.wire import messages as m
from host_bridge.wire.codec import failure
from host_bridge.wire.layout import place_planes

TRIES = 3
WATCHED_S = 1.0
TASKS = 4096
PINNED_SHARE = 0.125


class Work(State):
    """Requests → tasks → jobs → replies, and what workers say."""

    def waiter(self, client: Client, number: int, message: Any, now_s: float) -> Waiter:
        """A new request of a client.

        Raises:
            LimitError: too many at once.
            ProtocolError: its number is in use.
            CancelledError: its cancel came before it.
        """
        if len(client.requests) >= self.limits.requests_per_client:
            raise LimitError(
                f"{len(client.requests)} requests at once",
                remedy=f"the limit requests_per_client is {self.limits.requests_per_client}",
            )
        if number in client.early:
            client.early.remove(number)
            self.tally.cancelled += 1
            raise CancelledError("cancelled by its client")
        if number in client.requests:
            raise ProtocolError(f"request {number} is still open", remedy="give every request its own id")
        if len(self.scheduler.tasks) >= TASKS and client.requests:
            raise BusyError(f"{len(self.scheduler.tasks)} requests wait", remedy="ask for less at a time")
        return Waiter(client.peer, number, message, now_s, client.source)

    def drop_request(self, client: Client, number: int, *, answer: bool) -> bool:
        """Drops one request; work that nobody waits for any more is stopped."""
        if number not in client.requests:
            return False
        task = client.requests.pop(number)
        if answer:
            self.answer_cancelled(client.peer, number)
        if task is not None:
            self.leave_task(task, client.peer, number)
        return True

    def ask_tile(self, client: Client, number: int, message: m.TileRequest, now_s: float) -> None:
        """Queues a tile, or says which frames must come first.

        Raises:
            Art3DError: the request cannot be carried out.
        """
        request = self.waiter(client, number, message, now_s)
        if message.priority == "interactive":
            self.watched_s = now_s
        validate_request(message)
        keys = request_keys(message)
        validate_keys(keys, self.limits)
        if self._needs(client, number, keys):
            return
        planes, nbytes = self._plan(message)
        same = ("tile", message.key, message.settings, message.controls, message.box, message.outputs)
        task = self._join(client, "tile", same, keys, request, analysis=(message.key, message.settings),
                          small=message.box.width * message.box.height <= SMALL_PIXELS)  # fmt: skip
        task.held.update(planes=planes, nbytes=nbytes)

    def ask_measure(self, client: Client, number: int, message: m.Measure, now_s: float) -> None:
        """Queues the figures of a pair."""
        request = self.waiter(client, number, message, now_s)
        if not self._needs(client, number, (message.key,)):
            self._join(client, "measure", ("measure", message.key), (message.key,), request)

    def ask_styles(self, client: Client, number: int, message: m.StylesRequest, now_s: float) -> None:
        """Queues a fresh look at the styles."""
        self._join(client, "list", ("list",), (), self.waiter(client, number, message, now_s))

    def _needs(self, client: Client, number: int, keys: tuple[str, ...]) -> bool:
        missing = self.plates.missing(keys)
        if missing:
            self.tally.need_frame += 1
            self.answer(client.peer, number, m.NeedFrame(missing))
        return bool(missing)

    def _join(self, client: Client, kind: str, same: Any, keys: tuple[str, ...], waiter: Any, **about: Any) -> Task:
        task = self.scheduler.add(kind, same, keys, waiter, **about)
        if len(task.waiters) == 1:
            self._pin_queued(task, client)
        client.requests[waiter.id] = task
        return task

    def _pin_queued(self, task: Task, client: Client) -> None:
        """Keeps the plates of a task that waits, unless its client has others kept for it already."""
        nbytes = sum(self.plates.held(key).piece.capacity for key in task.keys)
        if client.pinned_bytes + nbytes <= self.limits.memory_bytes * PINNED_SHARE:
            client.pinned_bytes += nbytes
            task.held.update(pinner=client.peer, pinned_bytes=nbytes)
            self._pin(task)

    def _plan(self, request: m.TileRequest) -> tuple[tuple[m.Plane, ...], int]:
        put = self.plates.held(request.key).put
        channels = {layer.name: layer.channels for layer in put.layers}
        shapes = []
        for name in request.outputs:
            count = channels_of(name, channels)
            shapes.append((name, (request.box.height, request.box.width, count)))
        planes, nbytes = place_planes([] if request.box.empty else shapes)
        if nbytes > self.limits.tile_bytes:
            raise LimitError(f"a tile of {nbytes} bytes", remedy=f"the limit tile_bytes is {self.limits.tile_bytes}")
        return planes, nbytes

    def leave_task(self, task: Task, peer: bytes, number: int) -> None:
        """One waiter less; a task without any is dropped, or stopped where it runs."""
        task.waiters = [w for w in task.waiters if (w.peer, w.id) != (peer, number)]
        if task.waiters:
            return
        if task.worker is None:
            self._finish(task)
        else:
            self.out.append(Stop(task.worker, task.id))
            self.scheduler.stop_sharing(task)

    def answer_cancelled(self, peer: bytes, number: int) -> None:
        """Tells a client that its request is cancelled."""
        self.tally.cancelled += 1
        self.answer(peer, number, failure(CancelledError("cancelled by its client")))

    def dispatch(self, now_s: float) -> None:
        """Gives every worker that has room the next task, or several."""
        stuck: set[int] = set()

        def allowed(task: Task) -> bool:
            return self._affordable(task, stuck)

        watched = now_s - self.watched_s < WATCHED_S
        for state in self.workers.values():
            at_once = state.ready.tiles_at_once if state.ready and state.id not in self.doubtful else 0
            while at_once:
                task = self.scheduler.next_for(state.id, allowed, at_once=at_once, watched=watched)
                if task is None:
                    break
                if not self._start(task, state.id):
                    stuck.add(task.id)

    def doubt(self, workers: set[int]) -> None:
        """These say nothing: until they do, others get the work, that of their frames too."""
        for worker in workers - self.doubtful:
            self.scheduler.forget_home(worker)
        self.doubtful = workers

    def _affordable(self, task: Task, stuck: set[int]) -> bool:
        if task.id in stuck:
            return False
        if task.kind != "tile" or not task.held["nbytes"] or not task.waiters:
            return True
        wanted = capacity_for(task.held["nbytes"])
        return any(
            self.shares.allows(w.peer, w.source, wanted) and self.loans.count(w.peer) < self.limits.leases_per_client
            for w in task.waiters
        )

    def _start(self, task: Task, worker: int) -> bool:
        missing = self.plates.missing(task.keys)
        if missing:  # they had to leave while it waited
            self._return(task, missing)
            return True
        try:
            job = self._job(task, light=self.scheduler.light(task, worker))
        except BusyError as error:
            if not len(self.loans) and self.scheduler.queued == len(self.scheduler.tasks):
                self._fail(task, error)
            return False
        self._pin(task)
        self.scheduler.start(task, worker)
        self.out.append(Start(worker, job))
        return True

    def _return(self, task: Task, missing: tuple[str, ...]) -> None:
        """Asks those who wait for the plates that are gone."""
        for waiter in task.waiters:
            self._close_request(waiter)
            self.tally.need_frame += 1
            self.answer(waiter.peer, waiter.id, m.NeedFrame(missing))
        self._finish(task)

    def _job(self, task: Task, *, light: bool) -> Job:
        plates = [self.plates.held(key) for key in task.keys]
        refs = tuple(PlateRef(plate.put, plate.piece.ref(plate.put.nbytes)) for plate in plates)
        if task.kind != "tile":
            return Job(task.id, "measure" if task.kind == "measure" else "list", plates=refs)
        result, nbytes = None, task.held["nbytes"]
        if nbytes:
            result = self._reserve(task, nbytes).ref(nbytes)
        return Job(task.id, "tile", task.waiters[0].message, refs, task.held["planes"], result, light)

    def _reserve(self, task: Task, nbytes: int) -> Piece:
        """Room for a result, which counts for the first who waits until it is lent."""
        piece: Piece = self.plates.room(nbytes)
        payer = task.waiters[0]
        task.held.update(piece=piece, payer=payer)
        self.shares.add(payer.peer, payer.source, piece.capacity)
        return piece

    def _take_piece(self, task: Task) -> Piece | None:
        """The room of a task's result, which no longer counts for anybody."""
        piece: Piece | None = task.held.pop("piece", None)
        if piece is not None:
            payer = task.held.pop("payer")
            self.shares.add(payer.peer, payer.source, -piece.capacity)
        return piece

    def _finish(self, task: Task, *, done: bool = False) -> None:
        (self.scheduler.done if done else self.scheduler.remove)(task)
        self._unpin(task)
        piece = self._take_piece(task)
        if piece is not None:
            self.pool.give_back(piece)

    def _pin(self, task: Task) -> None:
        """Keeps the plates of a task until it is done."""
        if not task.held.get("pinned"):
            task.held["pinned"] = True
            for key in task.keys:
                self.plates.cache.pin(key)

    def _unpin(self, task: Task) -> None:
        if task.held.pop("pinned", False):
            for key in task.keys:
                self.plates.cache.unpin(key)
            client = self.clients.get(task.held.pop("pinner", b""))
            if client is not None:
                client.pinned_bytes -= task.held.pop("pinned_bytes", 0)

    def _fail(self, task: Task, error: Art3DError) -> None:
        self.tally.failed += bool(task.waiters)
        for waiter in task.waiters:
            self._close_request(waiter)
            self.answer(waiter.peer, waiter.id, failure(error))
        self._finish(task)

    def _close_request(self, waiter: Any) -> None:
        client = self.clients.get(waiter.peer)
        if client is not None:
            client.requests.pop(waiter.id, None)

    def worker_started(self, worker: int, device: str) -> None:
        """A worker process exists."""
        self.workers[worker] = WorkerState(worker, device)

    def worker_said(self, worker: int, message: Any, now_s: float) -> None:
        """A worker is ready, or has done or failed a job."""
        state = self.workers[worker]
        if isinstance(message, Ready):
            state.ready, self.unfit, self.latest = message, "", worker
            self.greet()
        elif isinstance(message, Unfit):
            self.unfit = message.why
            if not any(other.ready for other in self.workers.values()):
                self.worker_failed_to_start()
        elif isinstance(message, Done):
            state.figures = dict(message.worker)
            self.tally.add_ms(message.ms)
            task = self._of_worker(worker, message.id)
            if task is not None:
                self._done(task, message)
        elif isinstance(message, Failed):
            task = self._of_worker(worker, message.id)
            if task is not None:
                self._fail(task, from_wire(message.error))
        self.dispatch(now_s)

    def _of_worker(self, worker: int, job: int) -> Task | None:
        task = self.scheduler.tasks.get(job)
        return task if task is not None and task.worker == worker else None

    def worker_died(self, worker: int, now_s: float) -> None:
        """A worker is gone: what it did goes back into the queue, or fails after several tries."""
        self.tally.workers_lost += 1
        state = self.workers.pop(worker, None)
        self.failed_starts = 0 if state is None or state.ready else self.failed_starts + 1
        if self.failed_starts >= TRIES and not any(other.ready for other in self.workers.values()):
            self.worker_failed_to_start()
        for task in self.scheduler.worker_lost(worker):
            piece = self._take_piece(task)
            if piece is not None:
                self.pool.give_back(piece)
            if not task.waiters:
                self._finish(task)
            elif task.tries >= TRIES:
                self._fail(task, WorkerLostError(f"the worker died {task.tries} times over this request",
                                                 remedy="see the server's log"))  # fmt: skip
        self.dispatch(now_s)

    def _done(self, task: Task, message: Done) -> None:
        piece = self._take_piece(task)
        for waiter in task.waiters:
            self._close_request(waiter)
            if task.kind == "tile":
                self._reply_tile(task, waiter, piece, message)
            elif task.kind == "measure":
                self.answer(waiter.peer, waiter.id, m.Measured(message.figures))
            else:
                self._reply_styles(waiter)
        if piece is not None and not task.waiters:
            self.pool.give_back(piece)
        self._finish(task, done=True)

    def _reply_styles(self, waiter: Any) -> None:
        known = self.known()
        if known is not None:
            self.answer(waiter.peer, waiter.id, m.Styles(known.styles, known.depth_sources))

    def _reply_tile(self, task: Task, waiter: Any, piece: Any, message: Done) -> None:
        self.tally.tiles += 1
        request = waiter.message
        if piece is None:
            self.answer(waiter.peer, waiter.id, m.TileReply(request.box, (), message.figures, 0))
            return
        nbytes, loan = task.held["nbytes"], self.loans.lend(waiter.peer, piece, waiter.source)
        self.tally.bytes_out += nbytes
        if request.transport == "memory":
            reply = m.TileReply(request.box, task.held["planes"], message.figures, nbytes, piece.ref(nbytes), loan)
            self.out.append(Send(waiter.peer, waiter.id, reply))
        else:
            reply = m.TileReply(request.box, task.held["planes"], message.figures, nbytes)
            self.out.append(Send(waiter.peer, waiter.id, reply, piece.payload(nbytes), loan))
