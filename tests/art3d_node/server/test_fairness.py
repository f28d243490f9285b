"""No client, and no two of them, can leave a third one waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from art3d_node.server.memory.shares import Shares
from art3d_node.server.protocol.actions import Send
from art3d_node.server.protocol.scheduler import AFFINITIES, Scheduler
from art3d_node.server.protocol.tasks import Plan, Task, Waiter
from art3d_node.server.workers.records import Done
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire import messages as m
from host_bridge.wire.codec import encode
from host_bridge.wire.layout import place_layers
from tests.art3d_node.server.session_bench import BOX, LIMITS, Bench, picture, request, started

MIB = 1 << 20
WIDE = replace(LIMITS, frame_bytes=8 * MIB, tile_bytes=8 * MIB, memory_bytes=16 * MIB, clients=16,
               requests_per_client=64, uploads_per_client=8, leases_per_client=64)  # fmt: skip


class Crowd(Bench):
    """Clients that come from different processes."""

    def source_of(self, peer: bytes) -> str:
        return f"process {peer.decode()}"


def announced(seed: int, side: int = 512, transport: m.Transport = "memory") -> m.PutFrame:
    """An upload of side² × 4 bytes that never comes."""
    box = Box.of_size(side, side)
    frame = Frame(box, box, {"depth": np.full((side, side, 1), seed, np.float32)})
    placed, nbytes = place_layers(frame.layers)
    return m.PutFrame(frame.key, box, box, (), placed, nbytes, transport=transport)


@pytest.fixture
def crowd() -> Crowd:
    made = Crowd(WIDE)
    made.greet(b"a", b"b", b"c")
    return made


def hog(crowd: Crowd, peer: bytes, side: int, transport: m.Transport) -> list[Any]:
    """Announces until it is told to wait; the last answers."""
    return [crowd.ask(announced(seed + peer[0] * 100, side, transport), peer=peer) for seed in range(12)]


@pytest.mark.parametrize("side", [256, 512, 1024, 1400])
@pytest.mark.parametrize("transport", ["memory", "inline"])
def test_two_who_begin_uploads_leave_room_for_a_third(crowd: Crowd, side: int, transport: m.Transport) -> None:
    for peer in (b"a", b"b"):
        answers = hog(crowd, peer, side, transport)
        assert all(isinstance(a, m.SendFrame) or a.code in ("busy", "limit") for a in answers)
    frame = picture(1)
    assert crowd.upload(frame, peer=b"c") == m.Held(frame.key)
    (job,) = started(crowd.send(request(frame), peer=b"c"))
    (send,) = [a for a in crowd.finish(job) if isinstance(a, Send)]
    assert isinstance(send.message, m.TileReply)


def test_two_who_keep_their_results_leave_room_for_a_third(crowd: Crowd) -> None:
    side = Box.of_size(500, 250)
    frame = picture(2)
    for peer in (b"a", b"b"):
        crowd.upload(frame, peer=peer)
        for number in range(60):
            box = Box(number, 0, number + side.x1, side.y1)
            for job in started(crowd.send(request(frame, box=box, transport="memory"), peer=peer)):
                crowd.finish(job)
    assert sum(crowd.session.memory.loans.nbytes(peer) for peer in (b"a", b"b")) <= 12 * MIB
    other = picture(3)
    assert crowd.upload(other, peer=b"c") == m.Held(other.key)
    jobs = started(crowd.send(request(other), peer=b"c"))
    assert len(jobs) == 1


def test_what_is_held_is_forgotten_when_clients_go(crowd: Crowd) -> None:
    frame = picture(4)
    crowd.upload(frame)
    crowd.send(announced(1))
    (job,) = started(crowd.send(request(frame, transport="memory")))
    crowd.finish(job)
    crowd.send(request(frame, box=Box(1, 1, 5, 5)))
    assert len(crowd.session.memory.shares) > 0
    for peer in (b"a", b"b", b"c"):
        crowd.send(m.Bye(), peer=peer)
    for number in [t.id for t in crowd.session.jobs.scheduler.tasks.values()]:
        crowd.session.worker_message(1, Done(number, {}), 0.0)
    assert len(crowd.session.memory.shares) == 0


def test_many_clients_of_one_source_share(crowd: Crowd) -> None:
    shares = Shares(100)
    for number in range(6):
        if shares.allows(bytes([number]), "process 1", 20):
            shares.add(bytes([number]), "process 1", 20)
    assert shares.held("process 1") == 40 and shares.allows(b"z", "process 2", 20)


def test_who_is_alone_may_hold_half_and_leaves_a_quarter_for_the_third() -> None:
    shares = Shares(100)
    for client in (b"a", b"b", b"c"):
        while shares.allows(client, "", 5):
            shares.add(client, "", 5)
    assert [shares.held(client) for client in (b"a", b"b", b"c")] == [50, 25, 25]


def test_a_source_cannot_take_all_places() -> None:
    made = Bench(replace(WIDE, clients=4))
    for number in range(8):
        made.session.received(bytes([number]), [memoryview(encode(1, m.Hello("x")))], 0.0, source="process 1")
    assert len(made.session.clients) == 3
    made.session.received(b"other", [memoryview(encode(1, m.Hello("x")))], 0.0, source="process 2")
    assert b"other" in made.session.clients


def task(scheduler: Scheduler, peer: bytes, viewer: str, number: int, source: str = "") -> Task:
    message = replace(request(picture()), viewer=viewer, priority="interactive")
    return scheduler.add(Plan((peer, viewer, number)), Waiter(peer, number, message, 0.0, source))


def served(scheduler: Scheduler, count: int) -> list[bytes]:
    """Whose tasks a worker takes, one after the other."""
    order = []
    for _ in range(count):
        found = scheduler.next_for(1, lambda task: True)
        assert found is not None
        order.append(found.waiters[0].peer)
        scheduler.start(found, 1)
        scheduler.remove(found)
    return order


def test_inventing_viewers_gains_nothing() -> None:
    scheduler = Scheduler()
    for number in range(40):
        task(scheduler, b"greedy", f"viewer {number}", number)
    for number in range(10):
        task(scheduler, b"plain", "", number)
    assert served(scheduler, 20).count(b"plain") >= 9


def test_more_clients_of_one_process_gain_nothing() -> None:
    scheduler = Scheduler()
    for number in range(40):
        task(scheduler, b"greedy %d" % number, "", number, source="process 1")
    for number in range(10):
        task(scheduler, b"plain", "", number, source="process 2")
    assert served(scheduler, 20).count(b"plain") >= 9


def test_whose_turn_it_was_is_forgotten_in_the_end() -> None:
    scheduler = Scheduler()
    for number in range(3 * AFFINITIES):
        task(scheduler, b"a", f"viewer {number}", number)
        served(scheduler, 1)
    assert len(scheduler._served) <= AFFINITIES


def test_plates_that_left_while_a_request_waited_are_asked_for_again() -> None:
    made = Crowd(replace(WIDE, memory_bytes=2 * MIB, frame_bytes=MIB))
    made.greet(b"a", b"b")
    frame = picture(5)
    made.upload(frame)
    made.send(request(frame), peer=b"a")  # keeps the worker
    waiting = [picture(seed) for seed in range(10, 24)]
    for each in waiting:
        made.upload(each, peer=b"b")
        made.send(request(each), peer=b"b")
    assert 0 < made.session.clients[b"b"].pinned_bytes <= 2 * MIB // 8
    for seed in range(30, 60):
        made.upload(picture(seed), peer=b"a")
    answers = []
    while made.session.jobs.scheduler.running(1):
        (running,) = made.session.jobs.scheduler.running(1)
        answers += [a.message for a in made.finish(running) if isinstance(a, Send)]
    kinds = {type(answer) for answer in answers}
    assert kinds == {m.TileReply, m.NeedFrame} and not made.session.jobs.scheduler.tasks
    assert len(answers) == len(waiting) + 1 and BOX.width == 16


def test_hello_over_and_over_is_bounded() -> None:
    made = Bench(ready=False)
    for number in range(1, 100):
        made.session.received(b"a", [memoryview(encode(number, m.Hello("x")))], 0.0)
    assert len(made.session.welcomes.waiting) <= 4
