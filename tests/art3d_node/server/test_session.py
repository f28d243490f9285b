"""The session without a socket: greetings, limits, loans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from art3d_node.server.protocol.actions import Send
from art3d_node.server.protocol.computed import COMPUTED
from art3d_node.server.workers.engine import DUTIES
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.kinds import REQUESTS, Reply, Request
from host_bridge.wire.layout import place_layers
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.server.session_bench import BOX, LIMITS, READY, Bench, picture, request, started


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.greet()
    return made


def test_smoke(bench: Bench) -> None:
    frame = picture()
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame((frame.key,))
    assert bench.upload(frame) == m.Held(frame.key)
    assert bench.ask(m.HaveFrame((frame.key,))) == m.NeedFrame(())
    (job,) = started(bench.send(request(frame)))
    assert job.planes[0].channels == 3 and job.plates[0].put.key == frame.key
    (send,) = bench.finish(job)
    assert isinstance(send, Send)
    assert send.message.stats == {"ok": 1} and len(send.payload) == send.message.nbytes  # type: ignore[arg-type]


def test_hello_waits_for_a_worker() -> None:
    bench = Bench(ready=False)
    assert bench.send(m.Hello("early")) == []
    bench.session.worker_message(1, READY, 1.0)
    (send,) = bench.session.take()
    assert isinstance(send, Send)
    assert isinstance(send.message, m.Welcome) and send.message.styles == ({"name": "neutral"},)


def test_another_major_version_is_refused_with_both_numbers() -> None:
    failure = Bench().ask(m.Hello("new", (2, 3)))
    assert failure.code == "protocol" and "2.3" in failure.message and "{}.{}".format(*m.PROTOCOL) in failure.message


def test_a_newer_minor_version_is_welcome() -> None:
    assert isinstance(Bench().ask(m.Hello("newer", (1, 7))), m.Welcome)


@pytest.mark.parametrize("message", [m.HaveFrame(("k",)), m.Release((1,)), m.StylesRequest(), m.Commit(1)])
def test_strangers_must_say_hello(message: Request | Reply) -> None:
    failure = Bench().ask(message)
    assert failure.code == "unknown_client" and failure.retryable


def test_ping_and_status_need_no_hello() -> None:
    bench = Bench()
    assert isinstance(bench.ask(m.Ping()), m.Pong)
    figures = bench.ask(m.StatusRequest()).figures
    assert figures["workers"][0]["ready"] and figures["queue"] == {"queued": 0, "running": 0, "merged": 0}


def test_unknown_kinds_and_wrong_directions_are_answered(bench: Bench) -> None:
    import msgpack

    bench.session.received(b"a", [memoryview(msgpack.packb({"id": 9, "kind": "dance"}))], 0.0)
    (send,) = bench.session.take()
    assert isinstance(send, Send)
    assert send.id == 9 and send.message.code == "unsupported" and "dance" in send.message.message
    assert bench.ask(m.Held("k")).code == "unsupported"
    assert bench.ask(m.HaveFrame(("k",)), control=True).code == "unsupported"


def test_every_kind_of_request_is_handled_here_and_by_workers() -> None:
    """A kind that is defined must be in a table of the session; one that is computed, in the workers' too."""
    assert Bench().session.handled == set(REQUESTS.values())
    assert set(COMPUTED) == set(DUTIES) <= set(REQUESTS.values())


@pytest.mark.parametrize("parts", [[], [b"\xc1"], [b"\x80"], [b"", b""], [b"\x80", b"", b""]])
def test_noise_is_refused(bench: Bench, parts: list[bytes]) -> None:
    bench.session.received(b"a", [memoryview(part) for part in parts], 0.0)
    (send,) = bench.session.take()
    assert isinstance(send, Send)
    assert send.message.code in ("protocol", "limit")


def test_only_chunks_carry_payloads(bench: Bench) -> None:
    assert bench.ask(m.Ping(), payload=b"x").code == "protocol"


def test_every_limit_is_named(bench: Bench) -> None:
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


def test_request_limits_are_named(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    assert "tile_bytes" in bench.ask(request(frame, box=Box.of_size(4096, 4096))).remedy
    for index in range(LIMITS.requests_per_client):
        bench.send(request(frame, controls=Controls(depth_gain=index / 8)))
    assert "requests_per_client" in bench.ask(request(frame, controls=Controls(depth_gain=4.0))).remedy


@pytest.mark.parametrize(
    "named",
    [
        {"outputs": ("secret",)},
        {"outputs": ("right", "right")},
        {"controls": Controls(depth_gain=99.0)},
        {"settings": AnalysisSettings(proxy=0)},
        {"settings": AnalysisSettings(proxy=65)},
        {"settings": AnalysisSettings(style="given", proxy=2)},
        {"controls": Controls(hero="middle")},
        {"outputs": ("right_extra",)},
    ],
)
def test_impossible_requests_are_refused(bench: Bench, named: dict[str, Any]) -> None:
    frame = picture()
    bench.upload(frame)
    assert bench.ask(request(frame, **named)).code == "bad_input"
    assert not bench.session.jobs.scheduler.tasks and not bench.session.clients[b"a"].requests


def test_need_frame_names_all_that_is_missing(bench: Bench) -> None:
    frame = picture()
    shot = ShotFrame(0.0, 1.0, before=("x",), after=("y",))
    missing = bench.ask(request(frame, settings=AnalysisSettings(shot=shot)))
    assert missing == m.NeedFrame((frame.key, "x", "y"))


def test_an_empty_box_asks_for_figures_only(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    (job,) = started(bench.send(request(frame, box=Box(0, 0, 0, 0))))
    (send,) = bench.finish(job, {"fit_scale": 1.0})
    assert isinstance(send, Send)
    assert send.message.planes == () and send.payload is None and send.message.stats == {"fit_scale": 1.0}


def test_memory_results_are_lent_and_given_back(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    used = bench.session.memory.pool.used_bytes
    (job,) = started(bench.send(request(frame, transport="memory")))
    (send,) = bench.finish(job)
    assert isinstance(send, Send)
    assert send.message.segment == job.result and send.payload is None
    assert bench.session.memory.pool.used_bytes > used
    bench.greet(b"b")
    bench.send(m.Release((send.message.lease,)), peer=b"b")
    assert bench.session.memory.pool.used_bytes > used, "another client's release counts for nothing"
    bench.send(m.Release((send.message.lease, 999)))
    assert bench.session.memory.pool.used_bytes == used


def test_two_clients_share_one_task_and_one_result(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    bench.greet(b"b")
    used = bench.session.memory.pool.used_bytes
    (job,) = started(bench.send(request(frame, transport="memory")))
    assert started(bench.send(request(frame, transport="memory"), peer=b"b")) == []
    first, second = bench.finish(job)
    assert {first.peer, second.peer} == {b"a", b"b"} and first.message.segment == second.message.segment
    bench.send(m.Release((first.message.lease,)), peer=first.peer)
    assert bench.session.memory.pool.used_bytes > used
    bench.session.peer_gone(second.peer)
    assert bench.session.memory.pool.used_bytes == used


def test_a_borrower_who_keeps_everything_waits(bench: Bench) -> None:
    frame = picture()
    bench.upload(frame)
    jobs, asked = 0, 0
    for index in range(4):
        asked += 1
        for job in started(bench.send(request(frame, transport="memory", controls=Controls(depth_gain=index / 8)))):
            jobs += 1
            bench.finish(job)
    assert jobs == LIMITS.leases_per_client and asked > jobs
