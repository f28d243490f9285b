"""The session without a socket: work, cancels, dead workers, memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from art3d_node.server.protocol.actions import DropPlate, Send, Start, Stop
from art3d_node.server.workers.records import Failed
from host_bridge.core.errors import BadInputError, to_wire
from host_bridge.core.frame import content_key
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.layout import place_layers, write_layers
from tests.art3d_node.server.session_bench import BOX, LIMITS, READY, Bench, picture, probe_bytes, request, started


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.greet()
    return made


def test_cancel_answers_and_stops(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    session = bench.session.clients[b"a"].session
    (job,) = started(bench.send(request(frame), number=50))
    bench.send(request(frame, controls=Controls(sculpt=2.0)), number=51)
    actions = bench.send(m.Cancel(session, (50,)), peer=b"control", control=True)
    assert [a for a in actions if isinstance(a, Stop)] == [Stop(1, job.id)]
    answers = {a.peer: a.message for a in actions if isinstance(a, Send)}
    assert answers[b"a"].code == "cancelled" and answers[b"control"] == m.Cancelled(1)
    bench.session.worker_message(1, Failed(job.id, to_wire(BadInputError("stopped"))), 0.0)
    (second,) = started(bench.session.take())
    assert second.message.controls.sculpt == 2.0
    bench.finish(second)
    assert not bench.session.jobs.scheduler.tasks


def test_cancel_all_and_cancel_nobody(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame))
    bench.send(request(frame, controls=Controls(sculpt=2.0)))
    session = bench.session.clients[b"a"].session
    assert bench.ask(m.Cancel("wrong", ()), control=True) == m.Cancelled(0)
    actions = bench.send(m.Cancel(session), control=True)
    assert m.Cancelled(2) in [a.message for a in actions if isinstance(a, Send)]


def test_a_request_that_is_cancelled_twice_at_once_is_answered_once(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame), number=50)
    session = bench.session.clients[b"a"].session
    sends = [a for a in bench.send(m.Cancel(session, (50, 50))) if isinstance(a, Send)]
    assert [a.id for a in sends].count(50) == 1 and sends[-1].message == m.Cancelled(1)


def test_a_cancel_that_overtakes_its_request(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    session = bench.session.clients[b"a"].session
    assert bench.ask(m.Cancel(session, (900,)), peer=b"control", control=True) == m.Cancelled(0)
    assert bench.ask(request(frame), number=900).code == "cancelled"
    assert started(bench.send(request(frame), number=900))


def test_no_worker_can_start() -> None:
    bench = Bench(ready=False)
    bench.send(m.Hello("early"))
    for worker in (1, 2, 3):
        bench.session.worker_lost(worker, 0.0)
        bench.session.worker_started(worker + 1, "cpu")
    (send,) = bench.session.take()
    assert isinstance(send, Send)
    assert send.message.code == "no_worker" and "no worker" in send.message.message


def test_what_waits_and_what_comes_fails_once_no_worker_can_start(bench: Bench) -> None:
    """Nobody waits for its deadline while workers are killed as they load."""
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame))
    bench.session.worker_lost(1, 0.0, starved=True)
    for worker in (2, 3, 4):
        bench.session.worker_started(worker, "cpu")
        bench.session.worker_lost(worker, 0.0, starved=True)
    (send,) = [a for a in bench.session.take() if isinstance(a, Send)]
    assert isinstance(send, Send)
    assert send.message.code == "no_worker" and "3 were killed for lack of memory" in send.message.message
    assert not send.message.retryable and not bench.session.jobs.scheduler.tasks
    assert bench.ask(request(frame)).code == "no_worker"
    bench.session.worker_started(5, "cpu")
    bench.session.worker_message(5, READY, 0.0)
    assert started(bench.send(request(frame)))


def test_what_takes_more_memory_than_there_is_ends_at_its_second_death(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame))
    for worker in (1, 2):
        assert bench.session.jobs.scheduler.tasks
        bench.session.worker_lost(worker, 0.0, starved=True)
        bench.session.worker_started(worker + 1, "cpu")
        bench.session.worker_message(worker + 1, READY, 0.0)
    (send,) = [a for a in bench.session.take() if isinstance(a, Send)]
    assert isinstance(send, Send)
    assert send.message.code == "out_of_memory" and not send.message.retryable
    assert not bench.session.jobs.scheduler.tasks


def test_a_shared_task_survives_one_cancel(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.greet(b"b")
    (job,) = started(bench.send(request(frame)))
    bench.send(request(frame), peer=b"b")
    bench.session.peer_gone(b"a")
    assert not [a for a in bench.session.take() if isinstance(a, Stop)]
    (send,) = bench.finish(job)
    assert isinstance(send, Send)
    assert send.peer == b"b"


def test_work_of_a_client_that_left_is_dropped(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.send(request(frame)))
    bench.send(request(frame, controls=Controls(sculpt=2.0)))
    assert Stop(1, job.id) in bench.send(m.Bye())
    bench.finish(job)
    assert not bench.session.jobs.scheduler.tasks and not bench.session.clients
    assert bench.session.memory.pool.used_bytes == probe_bytes(bench) + bench.session.memory.plates.cache.used_bytes


def test_a_failing_tile_fails_alone(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.send(request(frame)))
    bench.send(request(frame, controls=Controls(sculpt=2.0)))
    bench.session.worker_message(1, Failed(job.id, to_wire(BadInputError("no"))), 0.0)
    send, start = bench.session.take()
    assert send.message.code == "bad_input" and isinstance(start, Start)  # type: ignore[union-attr]


def test_a_dead_worker_is_survived(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.send(request(frame)))
    bench.session.worker_lost(1, 0.0)
    bench.session.worker_started(2, "cpu")
    bench.session.worker_message(2, READY, 0.0)
    (again,) = started(bench.session.take())
    assert again.id == job.id and again.request == job.request


@pytest.fixture
def wide() -> Bench:
    """A bench whose worker does two light tiles at a time, and has analysed `picture()`."""
    made = Bench(replace(LIMITS, leases_per_client=20), ready=False)
    made.session.worker_message(1, replace(READY, tiles_at_once=2), 0.0)
    made.greet()
    made.upload(picture())
    (job,) = started(made.send(request(picture())))
    assert not job.light
    made.finish(job)
    return made


def turn(gain: float) -> m.TileRequest:
    return request(picture(), controls=Controls(depth_gain=gain))


def test_light_tiles_are_given_out_together(wide: Bench) -> None:
    first, second, *more = [job for gain in (0.5, 0.6, 0.7) for job in started(wide.send(turn(gain)))]
    assert first.light and second.light and not more
    (third,) = started(wide.finish(second))
    assert third.light and wide.session.figures()["queue"]["running"] == 2


def test_a_large_tile_comes_alone(wide: Bench) -> None:
    (first,) = started(wide.send(turn(0.5)))
    assert started(wide.send(request(picture(), box=Box.of_size(900, 900), outputs=()))) == []
    (large,) = started(wide.finish(first))
    assert not large.light and started(wide.send(turn(0.6))) == []


def test_all_that_a_dead_worker_did_is_done_again(wide: Bench) -> None:
    jobs = [job for gain in (0.5, 0.6) for job in started(wide.send(turn(gain)))]
    wide.session.worker_lost(1, 0.0)
    wide.session.worker_started(1, "cpu")
    wide.session.worker_message(1, replace(READY, tiles_at_once=2), 0.0)
    (first,) = started(wide.session.take())
    (second,) = started(wide.finish(first))
    assert [first.id, second.id] == [job.id for job in jobs] and not first.light and not second.light


def test_a_deadly_request_ends_retryable(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame))
    for worker in (1, 2, 3):
        bench.session.worker_lost(worker, 0.0)
        bench.session.worker_started(worker + 1, "cpu")
        bench.session.worker_message(worker + 1, READY, 0.0)
    (send,) = [a for a in bench.session.take() if isinstance(a, Send)]
    assert isinstance(send, Send)
    assert send.message.code == "worker_lost" and send.message.retryable
    assert not bench.session.jobs.scheduler.tasks


def test_plates_leave_for_newer_ones_and_workers_are_told(bench: Bench) -> None:
    frames = [picture(seed) for seed in range(60)]
    told = []
    for frame in frames:
        placed, nbytes = place_layers(frame.layers)
        actions = bench.send(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes))
        told += [a.key for a in actions if isinstance(a, DropPlate)]
        (send,) = [a for a in actions if isinstance(a, Send)]
        assert isinstance(send, Send)
        payload = bytearray(nbytes)
        write_layers(placed, frame.layers, memoryview(payload))
        (begun,) = bench.send(m.Chunk(send.message.upload, 0), payload=payload)
        bench.prove(begun)
        told += [a.key for a in bench.send(m.Commit(send.message.upload)) if isinstance(a, DropPlate)]
        pool = bench.session.memory.pool
        assert pool.used_bytes + pool.idle_bytes <= LIMITS.memory_bytes
    assert told and told == [frame.key for frame in frames[: len(told)]]


def test_a_plate_in_use_stays(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame))
    while bench.session.memory.plates.cache.drop_oldest():
        pass
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame(())


def test_progress_is_told_to_those_who_wait(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.send(request(frame), number=70)
    bench.session.tick(0.5)
    (send,) = bench.session.take()
    assert isinstance(send, Send)
    assert send.message == m.Progress((70,))


def test_a_clock_that_jumps_back_is_survived(bench: Bench) -> None:
    bench.session.tick(1e9)
    bench.session.take()
    bench.session.tick(5.0)
    assert [a.message for a in bench.session.take()] == [m.Progress(())]  # type: ignore[union-attr]


def test_measure_and_styles(bench: Bench) -> None:
    box = Box.of_size(4, 4)
    layers = {"left": np.ones((4, 4, 3), np.float32), "right": np.ones((4, 4, 3), np.float32)}
    placed, nbytes = place_layers(layers)
    payload = bytearray(nbytes)
    write_layers(placed, layers, memoryview(payload))
    put = m.PutFrame("", box, box, (), placed, nbytes)
    put = replace(put, key=content_key(box, box, 1.0, (), layers))
    assert bench.ask(m.Measure(put.key)) == m.NeedFrame((put.key,))
    upload = bench.ask(put).upload
    assert bench.prove(bench.send(m.Chunk(upload, 0), payload=payload)[0]) == []
    assert bench.ask(m.Commit(upload)) == m.Held(put.key)
    (job,) = started(bench.send(m.Measure(put.key)))
    assert bench.finish(job, {"psnr_db": 40.0})[0].message == m.Measured({"psnr_db": 40.0})
    (job,) = started(bench.send(m.StylesRequest()))
    assert job.kind == "styles"
    bench.session.worker_message(1, replace(READY, styles=({"name": "x"},), faults=("y.style: damaged",)), bench.now)
    (send,) = bench.finish(job)
    assert isinstance(send, Send)
    assert send.message == m.Styles(({"name": "x"},), READY.depth_sources)
    assert bench.session.figures()["style_faults"] == ["y.style: damaged"]
    bench.greet(b"b")


def test_those_who_wait_for_a_worker_hear_that_the_server_lives() -> None:
    bench = Bench(ready=False)
    bench.send(m.Hello("early"))
    bench.session.tick(1.0)
    assert [action.message for action in bench.session.take()] == [m.Progress(())]  # type: ignore[union-attr]
