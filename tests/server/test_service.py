"""Real servers, real clients, a synthetic engine: transports, faults, retries."""

from __future__ import annotations

import contextlib
import gc
import operator
import os
import socket as sockets
import threading
import time

import msgpack
import numpy as np
import pytest
import synthetic
import zmq
from asking import BOX, OUTPUTS, picture, prove, tile

from host_bridge.client import Client, connection
from host_bridge.core.errors import (
    BadInputError,
    CancelledError,
    LimitError,
    ProtocolError,
    ServerError,
    ServerUnreachableError,
    WorkerLostError,
)
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.messages import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame


@pytest.mark.parametrize("shared_memory", [True, False], ids=["memory", "inline"])
def test_smoke(server, shared_memory):
    with Client(server.address, shared_memory=shared_memory) as client:
        assert client.welcome.styles and client._link.open.memory
        tile(client, picture())
        tile(client, picture(), box=Box(-5, 10, 200, 60), controls=Controls(depth_gain=2.0))
        empty = client.tile(picture(), AnalysisSettings(), Controls(), Box(0, 0, 0, 0), OUTPUTS)
        assert empty.planes == {} and "analyses" in empty.stats
        assert client.measure({"left": np.ones((4, 4, 3), np.float32), "right": np.ones((4, 4, 3), np.float32)}) == {
            "layers": ["left", "right"], "mean": 1.0,
        }  # fmt: skip
        assert client.styles().depth_sources == ({"name": "aov"},)
        figures = client.status()
        assert figures["counts"]["tiles"] == 3 and figures["plates"]["count"] == 2


def test_inline_frames_larger_than_a_chunk(server):
    box = Box.of_size(1500, 900)
    with Client(server.address, shared_memory=False) as client:
        tile(client, picture(3, box), box=box, outputs=("left",))


def test_pipelined_tiles_come_in_order(server):
    frame = picture(4)
    with Client(server.address) as client:
        boxes = list(frame.data.tiles(20, 20))
        found = list(client.tiles(frame, AnalysisSettings(), Controls(), boxes, OUTPUTS))
        assert [part.box for part in found] == boxes
        for part in found:
            prove(part, frame, None, Controls(), part.box)


def test_arrays_outlive_their_client_and_leases_come_back(server):
    frame = picture(5)
    with Client(server.address) as client:
        kept = [tile(client, frame, controls=Controls(depth_gain=gain)) for gain in (0.5, 1.5)]
        assert client.status()["memory"]["loans"] == 2
        part = kept[0].planes["right"][3:5]
        del kept
        gc.collect()
        assert client.status()["memory"]["loans"] == 1
    assert np.array_equal(part, synthetic.expected(frame, None, Controls(depth_gain=0.5), BOX, OUTPUTS)["right"][3:5])


def test_an_analysis_is_shared_by_clients_at_the_same_moment(server):
    frame, settings, stats = picture(6), AnalysisSettings(depth="slow-0.3"), []

    def ask(gain: float) -> None:
        with Client(server.address) as client:
            stats.append(tile(client, frame, settings=settings, controls=Controls(depth_gain=gain)).stats["analyses"])

    threads = [threading.Thread(target=ask, args=(gain / 4,)) for gain in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats == [1] * 6


def test_neighbours_are_uploaded_too(server):
    frame, other = picture(7), picture(8)
    shot = ShotFrame(0.0, 1.0, before=(other.key,))
    with Client(server.address) as client:
        settings = AnalysisSettings(shot=shot)
        tile(client, frame, settings=settings, neighbours=[other])
    with Client(server.address) as client, pytest.raises(ProtocolError, match="not given"):
        strange = AnalysisSettings(shot=ShotFrame(0.0, 1.0, after=("missing",)))
        client.tile(frame, strange, Controls(), BOX, OUTPUTS)


def test_errors_come_typed_and_the_server_goes_on(server):
    with Client(server.address) as client:
        for depth, kind in (("boom", BadInputError), ("bug", ServerError), ("die", WorkerLostError)):
            with pytest.raises(kind):
                client.tile(picture(), AnalysisSettings(depth=depth), Controls(), BOX, OUTPUTS)
        with pytest.raises(BadInputError, match="outputs"):
            client.tile(picture(), AnalysisSettings(), Controls(), BOX, ("secret",))
        tile(client, picture())


def test_a_fault_in_a_worker_is_in_the_servers_log(server):
    with Client(server.address) as client, pytest.raises(ServerError, match="a fault"):
        client.tile(picture(), AnalysisSettings(depth="bug"), Controls(), BOX, OUTPUTS)
    assert "RuntimeError: a fault" in server.log() and "synthetic.py" in server.log()


def test_a_worker_that_cannot_start_is_explained(start_server):
    server = start_server(engine="no_such_module:make")
    for _ in range(3):
        with pytest.raises(ServerError, match=r"no worker can start: ModuleNotFoundError.*no_such_module"):
            Client(server.address, hello_timeout_s=30)
    assert "no_such_module" in server.log()


def test_a_server_that_still_loads_is_waited_for_and_said(start_server, monkeypatch, caplog):
    monkeypatch.setattr(connection, "NOTICE_S", 0.1)
    server = start_server(engine="synthetic:make_slowly")
    with Client(server.address, hello_timeout_s=0.5) as client:
        tile(client, picture())
    said = f"the server at {server.address} is loading its networks, which takes some seconds"
    assert [record.message for record in caplog.records].count(said) == 1


def test_limits_are_named_before_anything_is_sent(start_server):
    server = start_server("--memory-mib", "16")
    with Client(server.address) as client, pytest.raises(LimitError, match="frame_bytes"):
        client.tile(picture(0, Box.of_size(2000, 1000)), AnalysisSettings(), Controls(), BOX, OUTPUTS)


def test_a_small_server_serves_more_frames_than_it_holds(start_server):
    server = start_server("--memory-mib", "8")
    box = Box.of_size(400, 300)
    with Client(server.address) as client:
        for _ in range(2):
            for seed in range(12):
                tile(client, picture(seed, box), box=box)
        memory = client.status()["memory"]
        assert memory["used_bytes"] + memory["idle_bytes"] <= 8 << 20


@pytest.mark.parametrize("slow", ["slow-60", "write-60"])
def test_cancel_is_quick_while_a_long_step_runs(server, slow):
    with Client(server.address) as client:
        pending = client.submit(picture(9), AnalysisSettings(depth=slow), Controls(), BOX, OUTPUTS)
        time.sleep(0.2)
        client.cancel(pending)
        with pytest.raises(CancelledError):
            client.result(pending)
        tile(client, picture(9))


def test_work_of_a_vanished_client_stops(server):
    client = Client(server.address)
    client.submit(picture(10), AnalysisSettings(depth="slow-60"), Controls(), BOX, OUTPUTS)
    client._link.connection.close()
    client._link.connection = None
    with Client(server.address) as other:
        tile(other, picture(11))
        assert len(other.status()["clients"]) == 1


def test_two_workers_share_frames_and_each_keeps_its_own(start_server):
    server = start_server("--device", "cpu,cpu")
    homes: dict[int, set[int]] = {}

    def ask(seed: int) -> None:
        with Client(server.address) as client:
            for gain in range(4):
                found = tile(client, picture(seed), settings=AnalysisSettings(depth="slow-0.1"),
                             controls=Controls(depth_gain=gain / 2))  # fmt: skip
                homes.setdefault(seed, set()).add(found.stats["pid"])

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(pids) for pids in homes.values()] == [1] * 6
    assert len(set.union(*homes.values())) == 2


def test_a_killed_worker_is_replaced_unnoticed(server):
    frame = picture(12)
    with Client(server.address) as client:
        first = tile(client, frame).stats["pid"]
        pending = client.submit(frame, AnalysisSettings(depth="slow-0.5"), Controls(), BOX, OUTPUTS)
        time.sleep(0.2)
        (worker,) = server.workers()
        os.kill(worker, 9)
        found = client.result(pending)
        prove(found, frame, None, Controls(), BOX)
        assert found.stats["pid"] != first


def test_a_restarted_server_gets_the_frames_again(server):
    frame = picture(13)
    with Client(server.address) as client:
        kept = tile(client, frame)
        server.kill()
        server.start()
        tile(client, frame)
        pending = client.submit(frame, AnalysisSettings(depth="slow-0.5"), Controls(), BOX, OUTPUTS)
        server.kill()
        server.start()
        prove(client.result(pending), frame, None, Controls(), BOX)
        prove(kept, frame, None, Controls(), BOX)


@pytest.mark.parametrize("mappings", ["_uploads._writing", "_leases._mappings"], ids=["upload", "tile"])
def test_a_server_that_dies_between_naming_memory_and_its_mapping(server, monkeypatch, mappings):
    """The segment's owner is gone when the client opens it: connect again, and ask again."""
    with Client(server.address) as client:
        holder = operator.attrgetter(mappings)(client)
        mapped, died = holder.payload, []

        def payload(segment):
            if not died:
                died.append(segment)
                server.kill()
                server.start()
            return mapped(segment)

        monkeypatch.setattr(holder, "payload", payload)
        tile(client, picture())
        assert died


def test_nothing_is_left_behind(start_server):
    before = set(os.listdir("/dev/shm"))
    server = start_server()
    with Client(server.address) as client:
        tile(client, picture())
    (worker,) = server.workers()
    assert server.stop() == 0
    assert not os.path.exists(f"/proc/{worker}")
    assert set(os.listdir("/dev/shm")) <= before


def test_workers_die_with_their_server(server):
    (worker,) = server.workers()
    server.kill()
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{worker}/fd/0") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{worker}/fd/0")


def test_an_idle_server_stops(start_server):
    server = start_server("--idle-timeout-s", "0.5")
    assert server.process.wait(20) == 0 and "stopped" in server.log()


def test_a_second_server_at_the_same_place_is_refused(server):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "art3d_node.server", "--address", server.address], capture_output=True, text=True
    )
    assert done.returncode == 3 and "another server" in done.stderr


def test_an_open_folder_is_refused(tmp_path):
    import subprocess
    import sys

    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "art3d_node.server", "--address", f"ipc://{tmp_path}/s"], capture_output=True, text=True
    )
    assert done.returncode == 3 and "0700" in done.stderr


def test_nobody_there_names_the_endpoint_and_the_remedy(tmp_path):
    with pytest.raises(ServerUnreachableError) as caught:
        Client(f"ipc://{tmp_path}/nobody", hello_timeout_s=0.3)
    assert str(tmp_path) in str(caught.value) and "art3d serve" in str(caught.value)


def test_silent_connections_half_messages_and_noise_do_not_matter(start_server):
    server = start_server("--max-clients", "4")
    context = zmq.Context()
    crowd = []
    try:
        for index in range(300):
            stranger = context.socket(zmq.DEALER)
            stranger.setsockopt(zmq.LINGER, 0)
            stranger.connect(server.address)
            if index % 3 == 0:
                stranger.send(b"\x93\x01\x02")
            if index % 3 == 1:
                stranger.send(msgpack.packb({"id": 1, "kind": "ping"}), zmq.SNDMORE)
            crowd.append(stranger)
        raw = sockets.socket(sockets.AF_UNIX)
        raw.connect(server.address.removeprefix("ipc://"))
        with contextlib.suppress(BrokenPipeError):  # among so many strangers it may be closed already
            raw.sendall(b"\xff\x00\x00\x00")
        with Client(server.address) as client:
            tile(client, picture())
        raw.close()
    finally:
        context.destroy(0)


def test_a_slow_reader_does_not_stop_others(server):
    slow = Client(server.address, shared_memory=False)
    frame = picture(14, Box.of_size(1000, 1000))
    tile(slow, frame)
    for index in range(60):
        slow.submit(frame, AnalysisSettings(), Controls(depth_gain=index / 20), frame.data, ("right",))
    with Client(server.address) as client:
        tile(client, picture())
    slow.close()


def test_a_full_log_disk_does_not_matter(tmp_path, start_server):
    server = start_server("--log", "/dev/full")
    with Client(server.address) as client:
        tile(client, picture())


def test_tcp_on_loopback(tmp_path, start_server):
    import subprocess
    import sys

    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = os.path.dirname(__file__)
    command = [sys.executable, "-m", "art3d_node.server", "--address", f"tcp://127.0.0.1:{port}", "--device", "cpu",
               "--engine", f"{here}/synthetic:make"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with Client(f"tcp://127.0.0.1:{port}", hello_timeout_s=20) as client:
            tile(client, picture(15))
            pending = client.submit(picture(16), AnalysisSettings(depth="slow-30"), Controls(), BOX, OUTPUTS)
            client.cancel(pending)
            tile(client, picture(16))
        with Client(f"tcp://127.0.0.1:{port}", shared_memory=False) as client:
            tile(client, picture(17))
    finally:
        process.terminate()
        assert process.wait(20) == 0
