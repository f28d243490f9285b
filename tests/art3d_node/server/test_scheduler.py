"""Who goes first, what is merged, where work runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from art3d_node.server.protocol.scheduler import Scheduler
from art3d_node.server.protocol.tasks import Plan, Task, Waiter


def waiter(number: int, *, peer: bytes = b"a", priority: str = "batch", viewer: str = "") -> Waiter:
    return Waiter(peer, number, SimpleNamespace(priority=priority, viewer=viewer), 0.0)


def add(scheduler: Scheduler, number: int, *, key: str = "", **named: Any) -> Task:
    return scheduler.add(Plan(number, (key or f"k{number}",)), waiter(number, **named))


def order(scheduler: Scheduler, worker: int = 1) -> list[int]:
    taken = []
    while (task := scheduler.next_for(worker, lambda _task: True)) is not None:
        scheduler.start(task, worker)
        scheduler.remove(task)
        taken.append(task.waiters[0].id)
    return taken


def test_batch_is_first_come_first_served() -> None:
    scheduler = Scheduler()
    for number in (1, 2, 3):
        add(scheduler, number)
    assert order(scheduler) == [1, 2, 3]


def test_interactive_before_batch() -> None:
    scheduler = Scheduler()
    add(scheduler, 1)
    add(scheduler, 2, priority="interactive", peer=b"b")
    assert order(scheduler) == [2, 1]


def test_newest_of_one_viewer_first() -> None:
    scheduler = Scheduler()
    for number in (1, 2, 3):
        add(scheduler, number, priority="interactive", viewer="v")
    assert order(scheduler) == [3, 2, 1]


def test_everyone_in_turn() -> None:
    scheduler = Scheduler()
    for number in (1, 2, 3):
        add(scheduler, number, peer=b"a")
    add(scheduler, 4, peer=b"b")
    assert order(scheduler)[:2] in ([1, 4], [4, 1])


def test_identical_work_is_one_task() -> None:
    scheduler = Scheduler()
    first = scheduler.add(Plan("same", ("k",)), waiter(1))
    second = scheduler.add(Plan("same", ("k",)), waiter(2, peer=b"b", priority="interactive"))
    assert first is second and len(first.waiters) == 2 and first.interactive and scheduler.merged == 1


def test_a_stopped_task_is_not_shared() -> None:
    scheduler = Scheduler()
    first = scheduler.add(Plan("same", ("k",)), waiter(1))
    scheduler.stop_sharing(first)
    assert scheduler.add(Plan("same", ("k",)), waiter(2)) is not first


def test_frames_keep_their_worker() -> None:
    scheduler = Scheduler()
    first = add(scheduler, 1, key="k")
    scheduler.start(first, 1)
    scheduler.done(first)
    add(scheduler, 2, key="k")
    assert scheduler.next_for(2, lambda _task: True) is None
    assert scheduler.next_for(1, lambda _task: True) is not None


def light(scheduler: Scheduler, number: int, *, key: str = "k", **named: Any) -> Task:
    return scheduler.add(Plan(number, (key,), analysis=key, small=True), waiter(number, **named))


def analysed(*keys: str) -> Scheduler:
    """One whose worker 1 has analysed these frames."""
    scheduler = Scheduler()
    for count, key in enumerate(keys):
        task = light(scheduler, -1 - count, key=key)
        scheduler.start(task, 1)
        scheduler.done(task)
    return scheduler


def begin(scheduler: Scheduler, **room: Any) -> list[int]:
    """What worker 1 takes until it has enough."""
    taken = []
    while (task := scheduler.next_for(1, lambda _task: True, at_once=2, **room)) is not None:
        scheduler.start(task, 1)
        taken.append(task.waiters[0].id)
    return taken


def test_light_tasks_run_side_by_side() -> None:
    scheduler = analysed("k", "l")
    for number, key in ((1, "k"), (2, "l"), (3, "k")):
        light(scheduler, number, key=key)
    assert begin(scheduler) == [1, 2] and scheduler.queued == 1
    scheduler.done(scheduler.running(1)[0])
    assert begin(scheduler) == [3]


def test_a_frame_is_analysed_alone() -> None:
    scheduler = analysed()
    for number in (1, 2):
        light(scheduler, number)
    assert begin(scheduler) == [1]
    scheduler.done(scheduler.running(1)[0])
    light(scheduler, 3)
    assert begin(scheduler) == [2, 3]


def test_what_failed_has_left_no_analysis() -> None:
    scheduler = analysed()
    for number in (1, 2, 3):
        light(scheduler, number)
    begin(scheduler)
    scheduler.remove(scheduler.running(1)[0])
    assert begin(scheduler) == [2]


def test_heavy_work_is_not_overtaken_by_light() -> None:
    scheduler = analysed("k")
    light(scheduler, 1)
    assert begin(scheduler) == [1]
    add(scheduler, 2, priority="interactive")
    light(scheduler, 3)
    assert begin(scheduler) == []
    scheduler.done(scheduler.running(1)[0])
    assert begin(scheduler) == [2]


def test_batch_work_and_what_is_looked_at_do_not_mix() -> None:
    scheduler = analysed("k")
    light(scheduler, 1)
    assert begin(scheduler) == [1]
    light(scheduler, 2)
    for number in (3, 4):
        light(scheduler, number, priority="interactive", viewer=f"v{number}")
    assert begin(scheduler) == []
    scheduler.done(scheduler.running(1)[0])
    assert sorted(begin(scheduler)) == [3, 4]
    scheduler.done(scheduler.running(1)[0])
    assert begin(scheduler) == []
    scheduler.done(scheduler.running(1)[0])
    assert begin(scheduler) == [2]


def test_batch_work_comes_alone_while_somebody_looks() -> None:
    scheduler = analysed("k")
    for number in (1, 2):
        light(scheduler, number)
    assert begin(scheduler, watched=True) == [1]
    assert begin(scheduler) == [2]


def test_what_cost_a_worker_its_life_runs_alone() -> None:
    scheduler = analysed("k")
    for number in (1, 2):
        light(scheduler, number)
    assert begin(scheduler) == [1, 2]
    assert [task.waiters[0].id for task in scheduler.worker_lost(1)] == [1, 2]
    assert not scheduler.running(1) and begin(scheduler) == [1]
    scheduler.done(scheduler.running(1)[0])
    light(scheduler, 3)
    assert begin(scheduler) == [2]


def test_a_lost_worker_loses_its_frames_and_its_task_waits_again() -> None:
    scheduler = Scheduler()
    task = add(scheduler, 1, key="k")
    scheduler.start(task, 1)
    assert scheduler.worker_lost(1) == [task] and task.worker is None
    assert scheduler.next_for(2, lambda _task: True) is task


def test_what_is_not_allowed_waits() -> None:
    scheduler = Scheduler()
    add(scheduler, 1)
    add(scheduler, 2)
    assert scheduler.next_for(1, lambda task: task.waiters[0].id == 2).waiters[0].id == 2  # type: ignore[union-attr]
    assert scheduler.next_for(1, lambda _task: False) is None
