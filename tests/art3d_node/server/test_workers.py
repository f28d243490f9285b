"""Workers that stop, hang or do not read never hold up the server or each other."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from art3d_node.server.workers.pipe import UNSENT_BYTES, Broken, Pipe, Reader, framed
from art3d_node.server.workers.records import Abort, Alive, Done, Forget
from art3d_node.server.workers.watch import GAP_S, Patience, Watch
from host_bridge.client import Client
from host_bridge.client.server_process import ping
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.asking import BOX, OUTPUTS, picture, prove, tile
from tests.art3d_node.server.conftest import StartServer
from tests.art3d_node.server.session_bench import READY, Bench, request, started
from tests.art3d_node.server.session_bench import picture as picture_of_bench


def test_records_survive_any_cut() -> None:
    sent = [Abort(1), Forget("key"), Alive(7)]
    data = b"".join(framed([message]) for message in sent)
    for step in (1, 3, 7, len(data)):
        reader = Reader()
        found = [m for at in range(0, len(data), step) for m in reader.feed(data[at : at + step])]
        assert found == sent


@pytest.mark.parametrize("noise", [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00\xc1", b"\x01\x00\x00\x00\x93"])
def test_noise_in_a_pipe_ends_its_worker_only(noise: bytes) -> None:
    ours, theirs = socket.socketpair()
    pipe = Pipe(ours)
    theirs.sendall(noise)
    with pytest.raises(Broken):
        pipe.receive()
    pipe.close()
    theirs.close()


def test_a_pipe_never_waits_and_keeps_a_bounded_backlog() -> None:
    ours, theirs = socket.socketpair()
    pipe, sent = Pipe(ours), 0
    with pytest.raises(Broken, match="does not read"):
        while sent < 10 * UNSENT_BYTES:
            pipe.send(Forget("k" * 4000))
            sent += 4000
    assert pipe.unsent
    theirs.close()
    with pytest.raises(Broken):
        pipe.flush()
    pipe.close()


def test_what_waited_is_sent_in_order() -> None:
    ours, theirs = socket.socketpair()
    pipe, reader = Pipe(ours), Reader()
    sent = [Forget(f"{number:04d}" + "k" * 4000) for number in range(200)]
    for message in sent:
        pipe.send(message)
    assert pipe.unsent
    found: list[Any] = []
    while len(found) < len(sent):
        found += reader.feed(theirs.recv(1 << 16))
        pipe.flush()
    assert found == sent and not pipe.unsent
    pipe.close()
    theirs.close()


def looked(watch: Watch, start_s: float, end_s: float, jobs: int) -> str:
    """What a front finds that looks every half second; the first fault."""
    for step in range(int((end_s - start_s) * 2) + 1):
        fault = watch.fault(start_s + step / 2, jobs)
        if fault:
            return fault
    return ""


def test_silence_is_noticed_sooner_once_a_worker_is_ready() -> None:
    watch = Watch(Patience(silent_s=5.0, loading_s=50.0), 0.0)
    assert not looked(watch, 0.0, 49.0, 0) and "said nothing" in looked(watch, 49.5, 51.0, 0)
    watch = Watch(Patience(silent_s=5.0, loading_s=50.0), 0.0)
    watch.heard(1.0, ready=True)
    assert not looked(watch, 1.0, 6.0, 0) and "said nothing" in looked(watch, 6.5, 7.0, 0)


def test_a_job_that_takes_no_step_is_noticed_and_an_idle_worker_is_not() -> None:
    watch = Watch(Patience(silent_s=5.0, stuck_s=20.0), 0.0)
    watch.heard(0.0, ready=True)
    for second in range(100):
        watch.heard(float(second), ticks=3)
        assert not watch.fault(float(second), 0)
    faults = []
    for second in range(100, 130):
        watch.heard(float(second), ticks=3)
        faults.append(watch.fault(float(second), 1))
    assert faults[20] == "" and "not moved" in faults[21]


def test_who_was_stopped_itself_blames_nobody() -> None:
    watch = Watch(Patience(silent_s=5.0), 0.0)
    watch.heard(0.0, ready=True)
    assert not watch.fault(0.5, 1)
    assert not watch.fault(0.5 + GAP_S + 100.0, 1)


@pytest.mark.parametrize("said", [None, "1"])
def test_a_worker_asks_for_no_large_pages_but_where_it_is_told_to(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    monkeypatch.delenv("NUMPY_MADVISE_HUGEPAGE", raising=False)
    if said is not None:
        monkeypatch.setenv("NUMPY_MADVISE_HUGEPAGE", said)
    (worker,) = start_server().workers()
    surroundings = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    assert f"NUMPY_MADVISE_HUGEPAGE={said or 0}".encode() in surroundings


def test_a_stopped_worker_holds_up_nobody_and_is_replaced(start_server: StartServer) -> None:
    server = start_server("--device", "cpu,cpu", "--worker-silence-s", "100")
    frame, slow = picture(1), AnalysisSettings(depth="slow-0.3")
    with Client(server.address, timeout_s=50.0) as client:
        while sum(worker["ready"] for worker in client.status()["workers"]) < 2:
            time.sleep(0.05)
        victim = tile(client, frame).stats["pid"]
        pending = client.submit(frame, slow, Controls(depth_gain=0.5), BOX, OUTPUTS)
        os.kill(victim, signal.SIGSTOP)
        # Far more than its pipe holds: every plate that leaves the cache is told to every worker.
        stop, waited = threading.Event(), list[float]()

        def flood() -> None:
            with Client(server.address) as other:
                while not stop.is_set():
                    asked = [
                        other.submit(
                            frame, AnalysisSettings(depth="x" * 4000), Controls(depth_gain=n / 99), BOX, OUTPUTS
                        )
                        for n in range(90)
                    ]
                    for one in asked:
                        other.cancel(one)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            for _ in range(10):
                start = time.monotonic()
                assert ping(server.address, timeout_s=5.0)
                waited.append(time.monotonic() - start)
                with Client(server.address) as healthy:
                    assert tile(healthy, picture(2)).stats["pid"] != victim
        finally:
            stop.set()
            thread.join()
        found = client.result(pending)
        prove(found, frame, slow, Controls(depth_gain=0.5), BOX)
        assert found.stats["pid"] != victim
    assert max(waited) < 1.0 and "is stopped" in server.log()


@pytest.fixture
def bench_of_two() -> tuple[Bench, Frame]:
    """A session with two workers that holds a frame, and that frame."""
    bench, frame = Bench(), picture_of_bench()
    bench.session.worker_started(2, "cpu")
    bench.session.worker_message(2, READY, 0.0)
    bench.greet()
    bench.upload(frame)
    return bench, frame


def test_a_silent_worker_gets_no_new_work_and_its_frames_go_elsewhere(bench_of_two: tuple[Bench, Frame]) -> None:
    bench, frame = bench_of_two
    (job,) = started(bench.send(request(frame)))
    home = bench.session.jobs.scheduler.tasks[job.id].worker
    assert home is not None
    bench.session.worker_message(home, Done(job.id, {}), 0.0)
    bench.session.take()
    bench.session.doubt({home})
    (job,) = started(bench.send(request(frame, box=Box(0, 0, 2, 2))))
    assert bench.session.jobs.scheduler.tasks[job.id].worker == 3 - home
    bench.session.doubt({1, 2})
    assert not started(bench.send(request(picture_of_bench(9))))
