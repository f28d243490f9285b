"""The session without a socket: every message, every refusal, every event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from art3d_node.server.actions import Prove, Send, Start, Stop, Tell
from art3d_node.server.jobs import Done, Failed, Ready
from art3d_node.server.plates import key_of
from art3d_node.server.session import Session
from host_bridge.errors import BadInputError, to_wire
from host_bridge.frame import Frame
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import encode
from host_bridge.wire.layout import place_layers, write_layers
from host_bridge.wire.limits import Limits

LIMITS = Limits(
    frame_bytes=1 << 20, tile_bytes=1 << 20, memory_bytes=4 << 20, clients=3, requests_per_client=4,
    uploads_per_client=2, leases_per_client=2, keys_per_request=3,
)  # fmt: skip
READY = Ready("cpu", ({"name": "neutral"},), ({"name": "aov"},))
BOX = Box.of_size(16, 8)


def picture(seed: int = 0) -> Frame:
    color = np.random.default_rng(seed).random((8, 16, 3)).astype(np.float32)
    return Frame(BOX, BOX, {"color": color})


class Bench:
    """A session with one worker, driven by hand."""

    def __init__(self, limits: Limits = LIMITS, *, ready: bool = True) -> None:
        self.session = Session(limits, {"server": "art3d test", "control": "c", "log": ""}, pid=1)
        self.now, self.number = 0.0, 0
        self.session.worker_started(1, "cpu")
        if ready:
            self.session.worker_said(1, READY, 0.0)

    def say(self, message, *, peer=b"a", payload=None, control=False, number=None):
        """Sends a message; returns what the session wants done."""
        self.number += 1
        parts = [memoryview(encode(number or self.number, message))]
        parts += [memoryview(payload)] if payload is not None else []
        self.session.received(peer, parts, self.now, control=control)
        return self.session.take()

    def ask(self, message, **named):
        """Sends a message that has one answer; returns that."""
        sends = [action for action in self.say(message, **named) if isinstance(action, Send)]
        assert len(sends) == 1, sends
        return sends[0].message

    def greet(self, *peers: bytes) -> None:
        for peer in peers or (b"a",):
            assert isinstance(self.ask(m.Hello("test"), peer=peer), m.Welcome)

    def upload(self, frame: Frame, *, peer=b"a", transport="inline"):
        """Uploads a frame whole; the last answer."""
        placed, nbytes = place_layers(frame.layers)
        payload = bytearray(nbytes)
        write_layers(placed, frame.layers, memoryview(payload))
        put = m.PutFrame(frame.key, frame.display, frame.data, frame.channels, placed, nbytes, transport=transport)
        answer = self.ask(put, peer=peer)
        if not isinstance(answer, m.SendFrame):
            return answer
        if transport == "inline":
            assert self.say(m.Chunk(answer.upload, 0), peer=peer, payload=payload) == []
        else:
            self.session.plates.uploads[answer.upload].piece.payload(nbytes)[:] = payload
        return self.prove(self.say(m.Commit(answer.upload), peer=peer))

    def prove(self, actions):
        (prove,) = [action for action in actions if isinstance(action, Prove)]
        upload = prove.upload
        key = key_of(upload.put, upload.piece.payload(upload.put.nbytes))
        self.session.proved(upload.id, key, self.now)
        (send,) = [action for action in self.session.take() if isinstance(action, Send)]
        return send.message

    def finish(self, job, figures=None):
        self.session.worker_said(1, Done(job.id, figures or {"ok": 1}), self.now)
        return self.session.take()


def request(frame: Frame, **named) -> m.TileRequest:
    made = m.TileRequest(frame.key, m.AnalysisSettings(), Controls(), BOX, ("right",))
    return replace(made, **named)


def started(actions):
    return [action.job for action in actions if isinstance(action, Start)]


@pytest.fixture
def bench():
    made = Bench()
    made.greet()
    return made


def test_smoke(bench):
    frame = picture()
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame((frame.key,))
    assert bench.upload(frame) == m.Held(frame.key)
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame(())
    (job,) = started(bench.say(request(frame)))
    assert job.planes[0].channels == 3 and job.plates[0].put.key == frame.key
    (send,) = bench.finish(job)
    assert send.message.stats == {"ok": 1} and len(send.payload) == send.message.nbytes


def test_hello_waits_for_a_worker():
    bench = Bench(ready=False)
    assert bench.say(m.Hello("early")) == []
    bench.session.worker_said(1, READY, 1.0)
    (send,) = bench.session.take()
    assert isinstance(send.message, m.Welcome) and send.message.styles == ({"name": "neutral"},)


def test_another_major_version_is_refused_with_both_numbers():
    failure = Bench().ask(m.Hello("new", (2, 3)))
    assert failure.code == "protocol" and "2.3" in failure.message and "1.0" in failure.message


def test_a_newer_minor_version_is_welcome():
    assert isinstance(Bench().ask(m.Hello("newer", (1, 7))), m.Welcome)


@pytest.mark.parametrize("message", [m.HaveFrame(("k",)), m.Release((1,)), m.StylesRequest(), m.Commit(1)])
def test_strangers_must_say_hello(message):
    failure = Bench().ask(message)
    assert failure.code == "unknown_client" and failure.retryable


def test_ping_and_status_need_no_hello():
    bench = Bench()
    assert isinstance(bench.ask(m.Ping()), m.Pong)
    figures = bench.ask(m.StatusRequest()).figures
    assert figures["workers"][0]["ready"] and figures["queue"] == {"queued": 0, "running": 0, "merged": 0}


def test_unknown_kinds_and_wrong_directions_are_answered(bench):
    import msgpack

    bench.session.received(b"a", [memoryview(msgpack.packb({"id": 9, "kind": "dance"}))], 0.0)
    (send,) = bench.session.take()
    assert send.id == 9 and send.message.code == "unsupported" and "dance" in send.message.message
    assert bench.ask(m.Held("k")).code == "unsupported"
    assert bench.ask(m.HaveFrame(("k",)), control=True).code == "unsupported"


@pytest.mark.parametrize("parts", [[], [b"\xc1"], [b"\x80"], [b"", b""], [b"\x80", b"", b""]])
def test_noise_is_refused(bench, parts):
    bench.session.received(b"a", [memoryview(part) for part in parts], 0.0)
    (send,) = bench.session.take()
    assert send.message.code in ("protocol", "limit")


def test_only_chunks_carry_payloads(bench):
    assert bench.ask(m.Ping(), payload=b"x").code == "protocol"


def test_a_second_upload_of_the_same_frame_is_not_needed(bench):
    frame = picture()
    bench.upload(frame)
    assert bench.upload(frame) == m.Held(frame.key)


def test_shared_memory_upload(bench):
    assert bench.upload(picture(), transport="memory") == m.Held(picture().key)


def test_wrong_pixels_are_refused(bench):
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    answer = bench.ask(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes))
    bench.say(m.Chunk(answer.upload, 0), payload=bytes(nbytes))
    failure = bench.prove(bench.say(m.Commit(answer.upload)))
    assert failure.code == "protocol" and "key" in failure.message
    assert bench.ask(m.HaveFrame((frame.key,))).keys and bench.session.pool.used_bytes == probe_bytes(bench)


def probe_bytes(bench) -> int:
    return bench.session.probe.capacity


@pytest.mark.parametrize(
    ("offset", "size"), [(64, 64), (0, 0), (0, 5000), (-1, 1)], ids=["gap", "empty", "too much", "negative"]
)
def test_chunks_out_of_order_end_the_upload(bench, offset, size):
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    upload = bench.ask(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes)).upload
    assert bench.ask(m.Chunk(upload, offset), payload=bytes(size)).code == "protocol"
    assert not bench.session.plates.uploads and bench.ask(m.Commit(upload)).code == "protocol"


def test_an_early_commit_is_refused(bench):
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    upload = bench.ask(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes)).upload
    assert "of" in bench.ask(m.Commit(upload)).message


def test_uploads_belong_to_their_client(bench):
    bench.greet(b"b")
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    upload = bench.ask(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes)).upload
    assert bench.ask(m.Commit(upload), peer=b"b").code == "protocol"


def test_silent_uploads_are_given_up(bench):
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    bench.ask(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes))
    bench.session.tick(1000.0)
    assert not bench.session.plates.uploads and bench.session.pool.used_bytes == probe_bytes(bench)


def test_every_limit_is_named(bench):
    frame = picture()
    placed, nbytes = place_layers(frame.layers)
    put = m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes)
    assert "frame_bytes" in bench.ask(replace(put, nbytes=1 << 30)).remedy
    assert "keys_per_request" in bench.ask(m.HaveFrame(tuple("abcd"))).remedy
    bench.ask(put)
    bench.ask(put)
    assert "uploads_per_client" in bench.ask(put).remedy
    bench.greet(b"b", b"c")
    assert "clients" in bench.ask(m.Hello("one too many"), peer=b"d").remedy


def test_request_limits_are_named(bench):
    frame = picture()
    bench.upload(frame)
    assert "tile_bytes" in bench.ask(request(frame, box=Box.of_size(4096, 4096))).remedy
    for index in range(LIMITS.requests_per_client):
        bench.say(request(frame, controls=Controls(depth_gain=index / 8)))
    assert "requests_per_client" in bench.ask(request(frame, controls=Controls(depth_gain=4.0))).remedy


@pytest.mark.parametrize(
    "named",
    [
        {"outputs": ("secret",)},
        {"outputs": ("right", "right")},
        {"controls": Controls(depth_gain=99.0)},
        {"controls": Controls(hero="middle")},
        {"outputs": ("right_extra",)},
    ],
)
def test_impossible_requests_are_refused(bench, named):
    frame = picture()
    bench.upload(frame)
    assert bench.ask(request(frame, **named)).code == "bad_input"
    assert not bench.session.scheduler.tasks and not bench.session.clients[b"a"].requests


def test_need_frame_names_all_that_is_missing(bench):
    frame = picture()
    shot = m.ShotFrame(0.0, 1.0, before=("x",), after=("y",))
    missing = bench.ask(request(frame, settings=m.AnalysisSettings(shot=shot)))
    assert missing == m.NeedFrame((frame.key, "x", "y"))


def test_an_empty_box_asks_for_figures_only(bench):
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.say(request(frame, box=Box(0, 0, 0, 0))))
    (send,) = bench.finish(job, {"fit_scale": 1.0})
    assert send.message.planes == () and send.payload is None and send.message.stats == {"fit_scale": 1.0}


def test_memory_results_are_lent_and_given_back(bench):
    frame = picture()
    bench.upload(frame)
    used = bench.session.pool.used_bytes
    (job,) = started(bench.say(request(frame, transport="memory")))
    (send,) = bench.finish(job)
    assert send.message.segment == job.result and send.payload is None
    assert bench.session.pool.used_bytes > used
    bench.greet(b"b")
    bench.say(m.Release((send.message.lease,)), peer=b"b")
    assert bench.session.pool.used_bytes > used, "another client's release counts for nothing"
    bench.say(m.Release((send.message.lease, 999)))
    assert bench.session.pool.used_bytes == used


def test_two_clients_share_one_task_and_one_result(bench):
    frame = picture()
    bench.upload(frame)
    bench.greet(b"b")
    used = bench.session.pool.used_bytes
    (job,) = started(bench.say(request(frame, transport="memory")))
    assert started(bench.say(request(frame, transport="memory"), peer=b"b")) == []
    first, second = bench.finish(job)
    assert {first.peer, second.peer} == {b"a", b"b"} and first.message.segment == second.message.segment
    bench.say(m.Release((first.message.lease,)), peer=first.peer)
    assert bench.session.pool.used_bytes > used
    bench.session.peer_gone(second.peer)
    assert bench.session.pool.used_bytes == used


def test_a_borrower_who_keeps_everything_waits(bench):
    frame = picture()
    bench.upload(frame)
    jobs, asked = 0, 0
    for index in range(4):
        asked += 1
        for job in started(bench.say(request(frame, transport="memory", controls=Controls(depth_gain=index / 8)))):
            jobs += 1
            bench.finish(job)
    assert jobs == LIMITS.leases_per_client and asked > jobs


def test_cancel_answers_and_stops(bench):
    frame = picture()
    bench.upload(frame)
    session = bench.session.clients[b"a"].session
    (job,) = started(bench.say(request(frame), number=50))
    bench.say(request(frame, controls=Controls(sculpt=2.0)), number=51)
    actions = bench.say(m.Cancel(session, (50,)), peer=b"control", control=True)
    assert [a for a in actions if isinstance(a, Stop)] == [Stop(1, job.id)]
    answers = {a.peer: a.message for a in actions if isinstance(a, Send)}
    assert answers[b"a"].code == "cancelled" and answers[b"control"] == m.Cancelled(1)
    bench.session.worker_said(1, Failed(job.id, to_wire(BadInputError("stopped"))), 0.0)
    (second,) = started(bench.session.take())
    assert second.request.controls.sculpt == 2.0
    bench.finish(second)
    assert not bench.session.scheduler.tasks


def test_cancel_all_and_cancel_nobody(bench):
    frame = picture()
    bench.upload(frame)
    bench.say(request(frame))
    bench.say(request(frame, controls=Controls(sculpt=2.0)))
    session = bench.session.clients[b"a"].session
    assert bench.ask(m.Cancel("wrong", ()), control=True) == m.Cancelled(0)
    actions = bench.say(m.Cancel(session), control=True)
    assert m.Cancelled(2) in [a.message for a in actions if isinstance(a, Send)]


def test_a_cancel_that_overtakes_its_request(bench):
    frame = picture()
    bench.upload(frame)
    session = bench.session.clients[b"a"].session
    assert bench.ask(m.Cancel(session, (900,)), peer=b"control", control=True) == m.Cancelled(0)
    assert bench.ask(request(frame), number=900).code == "cancelled"
    assert started(bench.say(request(frame), number=900))


def test_no_worker_can_start():
    bench = Bench(ready=False)
    bench.say(m.Hello("early"))
    for worker in (1, 2, 3):
        bench.session.worker_died(worker, 0.0)
        bench.session.worker_started(worker + 1, "cpu")
    (send,) = bench.session.take()
    assert send.message.code == "server" and "no worker" in send.message.message


def test_a_shared_task_survives_one_cancel(bench):
    frame = picture()
    bench.upload(frame)
    bench.greet(b"b")
    (job,) = started(bench.say(request(frame)))
    bench.say(request(frame), peer=b"b")
    bench.session.peer_gone(b"a")
    assert not [a for a in bench.session.take() if isinstance(a, Stop)]
    (send,) = bench.finish(job)
    assert send.peer == b"b"


def test_work_of_a_client_that_left_is_dropped(bench):
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.say(request(frame)))
    bench.say(request(frame, controls=Controls(sculpt=2.0)))
    assert Stop(1, job.id) in bench.say(m.Bye())
    bench.finish(job)
    assert not bench.session.scheduler.tasks and not bench.session.clients
    assert bench.session.pool.used_bytes == probe_bytes(bench) + bench.session.plates.cache.used_bytes


def test_a_failing_tile_fails_alone(bench):
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.say(request(frame)))
    bench.say(request(frame, controls=Controls(sculpt=2.0)))
    bench.session.worker_said(1, Failed(job.id, to_wire(BadInputError("no"))), 0.0)
    send, start = bench.session.take()
    assert send.message.code == "bad_input" and isinstance(start, Start)


def test_a_dead_worker_is_survived(bench):
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.say(request(frame)))
    bench.session.worker_died(1, 0.0)
    bench.session.worker_started(2, "cpu")
    bench.session.worker_said(2, READY, 0.0)
    (again,) = started(bench.session.take())
    assert again.id == job.id and again.request == job.request


def test_a_deadly_request_ends_retryable(bench):
    frame = picture()
    bench.upload(frame)
    bench.say(request(frame))
    for worker in (1, 2, 3):
        bench.session.worker_died(worker, 0.0)
        bench.session.worker_started(worker + 1, "cpu")
        bench.session.worker_said(worker + 1, READY, 0.0)
    (send,) = [a for a in bench.session.take() if isinstance(a, Send)]
    assert send.message.code == "worker_lost" and send.message.retryable
    assert not bench.session.scheduler.tasks


def test_plates_leave_for_newer_ones_and_workers_are_told(bench):
    bench.session.limits = LIMITS
    frames = [picture(seed) for seed in range(60)]
    told = []
    for frame in frames:
        placed, nbytes = place_layers(frame.layers)
        actions = bench.say(m.PutFrame(frame.key, BOX, BOX, frame.channels, placed, nbytes))
        told += [a.key for a in actions if isinstance(a, Tell)]
        (send,) = [a for a in actions if isinstance(a, Send)]
        payload = bytearray(nbytes)
        write_layers(placed, frame.layers, memoryview(payload))
        bench.say(m.Chunk(send.message.upload, 0), payload=payload)
        (prove,) = [a for a in bench.say(m.Commit(send.message.upload)) if isinstance(a, Prove)]
        bench.session.proved(prove.upload.id, frame.key, 0.0)
        told += [a.key for a in bench.session.take() if isinstance(a, Tell)]
        pool = bench.session.pool
        assert pool.used_bytes + pool.idle_bytes <= LIMITS.memory_bytes
    assert told and told == [frame.key for frame in frames[: len(told)]]


def test_a_plate_in_use_stays(bench):
    frame = picture()
    bench.upload(frame)
    bench.say(request(frame))
    while bench.session.plates.cache.drop_oldest():
        pass
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame(())


def test_progress_is_told_to_those_who_wait(bench):
    frame = picture()
    bench.upload(frame)
    bench.say(request(frame), number=70)
    bench.session.tick(0.5)
    (send,) = bench.session.take()
    assert send.message == m.Progress((70,))


def test_a_clock_that_jumps_back_is_survived(bench):
    bench.session.tick(1e9)
    bench.session.take()
    bench.session.tick(5.0)
    assert [a.message for a in bench.session.take()] == [m.Progress(())]


def test_measure_and_styles(bench):
    box = Box.of_size(4, 4)
    layers = {"left": np.ones((4, 4, 3), np.float32), "right": np.ones((4, 4, 3), np.float32)}
    placed, nbytes = place_layers(layers)
    payload = bytearray(nbytes)
    write_layers(placed, layers, memoryview(payload))
    put = m.PutFrame("", box, box, (), placed, nbytes)
    put = replace(put, key=key_of(put, memoryview(payload)))
    assert bench.ask(m.Measure(put.key)) == m.NeedFrame((put.key,))
    upload = bench.ask(put).upload
    bench.say(m.Chunk(upload, 0), payload=payload)
    assert bench.prove(bench.say(m.Commit(upload))) == m.Held(put.key)
    (job,) = started(bench.say(m.Measure(put.key)))
    assert bench.finish(job, {"psnr_db": 40.0})[0].message == m.Measured({"psnr_db": 40.0})
    (job,) = started(bench.say(m.StylesRequest()))
    assert job.kind == "list"
    (send,) = bench.finish(job, {"styles": [{"name": "x"}], "depth_sources": []})
    assert send.message == m.Styles(({"name": "x"},), ())


def test_those_who_wait_for_a_worker_hear_that_the_server_lives():
    bench = Bench(ready=False)
    bench.say(m.Hello("early"))
    bench.session.tick(1.0)
    assert [action.message for action in bench.session.take()] == [m.Progress(())]
