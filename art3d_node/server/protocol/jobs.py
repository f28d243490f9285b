"""Requests that a worker computes: admitted, planned, queued, handed out, answered."""

from __future__ import annotations

import math
from typing import Any

from art3d_node.server.memory.store import Memory
from art3d_node.server.protocol.actions import Outbox, Start, Stop
from art3d_node.server.protocol.clients import Client, Clients
from art3d_node.server.protocol.computed import COMPUTED, Lent, Outcome
from art3d_node.server.protocol.holdings import Holdings
from art3d_node.server.protocol.incoming import Incoming
from art3d_node.server.protocol.roster import Roster
from art3d_node.server.protocol.scheduler import Scheduler
from art3d_node.server.protocol.tally import Tally
from art3d_node.server.protocol.tasks import Task, Waiter
from art3d_node.server.workers.records import Done, Failed, PlateRef, Ready, WorkerJob
from host_bridge.core.errors import (
    Art3DError,
    BusyError,
    CancelledError,
    LimitError,
    OutOfMemoryError,
    ProtocolError,
    WorkerLostError,
    from_wire,
)
from host_bridge.wire import messages as m
from host_bridge.wire.limits import Limits

TRIES = 3
STARVED_TRIES = 2  # what takes more memory than there is does so again
WATCHED_S = 1.0
TASKS = 4096


class Jobs:
    """All requests that wait for a worker."""

    def __init__(
        self, memory: Memory, clients: Clients, roster: Roster, limits: Limits, outbox: Outbox, tally: Tally
    ) -> None:
        self._memory, self._clients, self._roster = memory, clients, roster
        self._limits, self._outbox, self._tally = limits, outbox, tally
        self._holdings = Holdings(memory, clients, limits)
        self.scheduler = Scheduler()
        self._watched_s = -math.inf

    def ask(self, client: Client, request: Incoming[Any]) -> None:
        """Queues a request, or says which frames must come first.

        Raises:
            Art3DError: it cannot be carried out.
        """
        message, kind = request.message, COMPUTED[type(request.message)]
        self._admit(client, request.id)
        if getattr(message, "priority", "") == "interactive":
            self._watched_s = request.now_s
        missing = self._memory.plates.missing(kind.validate(message, self._limits))
        if missing:
            self._need(client.peer, request.id, missing)
            return
        plan = kind.plan(message, self._memory.plates, self._limits)
        waiter = Waiter(client.peer, request.id, message, request.now_s, client.source)
        task = client.requests[request.id] = self.scheduler.add(plan, waiter)
        if len(task.waiters) == 1:
            self._holdings.pin_queued(task, client)

    def _admit(self, client: Client, number: int) -> None:
        """Whether a client may ask now.

        Raises:
            LimitError, BusyError: too much at once.
            NoWorkerError: none can start.
            ProtocolError: the request's number is in use.
            CancelledError: its cancel came before it.
        """
        if self._roster.hopeless:
            raise self._roster.fault()
        if len(client.requests) >= self._limits.requests_per_client:
            raise LimitError(
                f"{len(client.requests)} requests at once",
                remedy=f"the limit requests_per_client is {self._limits.requests_per_client}",
            )
        if number in client.early:
            client.early.remove(number)
            self._tally.cancelled += 1
            raise CancelledError("cancelled by its client")
        if number in client.requests:
            raise ProtocolError(f"request {number} is still open", remedy="give every request its own id")
        if len(self.scheduler.tasks) >= TASKS and client.requests:
            raise BusyError(f"{len(self.scheduler.tasks)} requests wait", remedy="ask for less at a time")

    def _need(self, peer: bytes, number: int, missing: tuple[str, ...]) -> None:
        self._tally.need_frame += 1
        self._outbox.reply(peer, number, m.NeedFrame(missing))

    def cancel(self, client: Client, numbers: tuple[int, ...]) -> int:
        """Drops some requests of a client, or all; how many there were."""
        wanted = tuple(dict.fromkeys(numbers or client.requests))
        # The control socket may overtake the other one: a cancel waits for the request it is meant for.
        client.early.extend(number for number in wanted if number not in client.requests)
        found = [number for number in wanted if number in client.requests]
        for number in found:
            self._tally.cancelled += 1
            self._outbox.refuse(client.peer, number, CancelledError("cancelled by its client"))
            self._drop(client, number)
        return len(found)

    def client_gone(self, client: Client) -> None:
        """Nothing it asked for is worth doing any more."""
        for number in list(client.requests):
            self._drop(client, number)
        self.scheduler.forget_peer(client.peer)

    def _drop(self, client: Client, number: int) -> None:
        """One waiter less; work that nobody waits for any more is dropped, or stopped where it runs."""
        task = client.requests.pop(number, None)
        if task is None:
            return
        task.waiters = [w for w in task.waiters if (w.peer, w.id) != (client.peer, number)]
        if task.waiters:
            return
        if task.worker is None:
            self._finish(task)
        else:
            self._outbox.add(Stop(task.worker, task.id))
            self.scheduler.stop_sharing(task)

    def dispatch(self, now_s: float) -> None:
        """Gives every worker that has room the next task, or several."""
        stuck: set[int] = set()

        def allowed(task: Task) -> bool:
            return task.id not in stuck and self._holdings.affordable(task)

        watched = now_s - self._watched_s < WATCHED_S
        for worker, at_once in self._roster.slots():
            while (task := self.scheduler.next_for(worker, allowed, at_once=at_once, watched=watched)) is not None:
                if not self._start(task, worker):
                    stuck.add(task.id)

    def _start(self, task: Task, worker: int) -> bool:
        missing = self._memory.plates.missing(task.plan.keys)
        if missing:  # they had to leave while it waited: those who wait are asked for them
            for waiter in task.waiters:
                self._clients.close_request(waiter.peer, waiter.id)
                self._need(waiter.peer, waiter.id, missing)
            self._finish(task)
            return True
        try:
            result = self._holdings.reserve(task)
        except BusyError as error:
            if not len(self._memory.loans) and self.scheduler.queued == len(self.scheduler.tasks):
                self._fail(task, error)
            return False
        plates = [self._memory.plates.held(key) for key in task.plan.keys]
        job = WorkerJob.of(
            task.id, task.waiters[0].message, planes=task.plan.planes, result=result,
            plates=tuple(PlateRef(plate.put, plate.piece.ref(plate.put.nbytes)) for plate in plates),
            light=self.scheduler.light(task, worker),
        )  # fmt: skip
        self._holdings.pin(task)
        self.scheduler.start(task, worker)
        self._outbox.add(Start(worker, job))
        return True

    def done(self, worker: int, message: Done) -> None:
        """A worker has done a job."""
        task, ready = self._of_worker(worker, message.id), self._roster.known
        if task is None or ready is None:
            return
        piece = self._holdings.take(task)
        for waiter in task.waiters:
            self._clients.close_request(waiter.peer, waiter.id)
            self._reply(task, waiter, message, ready, piece)
        if piece is not None and not task.waiters:
            self._memory.pool.give_back(piece)
        self._finish(task, done=True)

    def _reply(self, task: Task, waiter: Waiter, message: Done, ready: Ready, piece: Any) -> None:
        lent = None
        if piece is not None:
            lent = Lent(piece, self._memory.loans.lend(waiter.peer, piece, waiter.source))
            self._tally.bytes_out += task.plan.nbytes
        self._tally.tiles += isinstance(waiter.message, m.TileRequest)
        outcome = Outcome(task.plan, message.figures, ready, lent)
        self._outbox.add(COMPUTED[type(waiter.message)].reply(waiter, outcome))

    def failed(self, worker: int, message: Failed) -> None:
        """A worker could not do a job."""
        task = self._of_worker(worker, message.id)
        if task is not None:
            self._fail(task, from_wire(message.error))

    def _of_worker(self, worker: int, job: int) -> Task | None:
        task = self.scheduler.tasks.get(job)
        return task if task is not None and task.worker == worker else None

    def worker_lost(self, worker: int, *, starved: bool = False) -> None:
        """What a worker did goes back into the queue, or fails after several tries; all does where none can start."""
        for task in self.scheduler.worker_lost(worker):
            self._holdings.give_room_back(task)
            task.starved += starved
            if not task.waiters:
                self._finish(task)
            elif task.starved >= STARVED_TRIES:
                self._fail(task, OutOfMemoryError(f"the worker was killed {task.starved} times for lack of memory",
                                                  remedy="raise the memory limit, or use another machine"))  # fmt: skip
            elif task.tries >= TRIES:
                self._fail(task, WorkerLostError(f"the worker died {task.tries} times over this request",
                                                 remedy="see the server's log"))  # fmt: skip
        if self._roster.hopeless:
            for task in list(self.scheduler.tasks.values()):
                self._fail(task, self._roster.fault())

    def _fail(self, task: Task, error: Art3DError) -> None:
        self._tally.failed += bool(task.waiters)
        for waiter in task.waiters:
            self._clients.close_request(waiter.peer, waiter.id)
            self._outbox.refuse(waiter.peer, waiter.id, error)
        self._finish(task)

    def _finish(self, task: Task, *, done: bool = False) -> None:
        (self.scheduler.done if done else self.scheduler.remove)(task)
        self._holdings.release(task)
