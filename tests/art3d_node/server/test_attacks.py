"""Clients that keep to no rule; `python -m benchmarks.soak attack` does the same in full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from host_bridge.client import Client
from host_bridge.client.server_process import ping
from host_bridge.core.params import Controls
from host_bridge.wire.codec import encode
from host_bridge.wire.limits import CHUNK_BYTES, HEADER_BYTES
from host_bridge.wire.messages import Hello, Ping
from tests.art3d_node.server import attacks
from tests.art3d_node.server.asking import picture, tile
from tests.art3d_node.server.attacks import COMMAND, MIB, MORE, PING, Bystander, Raw, frame
from tests.art3d_node.server.conftest import Server, StartServer

ANSWERS_S = 1.0  # a fifth of it is asked; tests share the machine


def watched(server: Server) -> Bystander:
    (front,) = server.fronts()
    return Bystander(server.address, front)


def unharmed(server: Server, before: list[int]) -> None:
    assert server.fronts() == before, server.log()
    tile_of_another(server)


def test_a_backlog_whose_clients_leave_aborts_nothing(server: Server) -> None:
    fronts = server.fronts()
    with watched(server) as others:
        for _ in range(2):
            attacks.backlog_and_leave(server.address)
    unharmed(server, fronts)
    assert not others.unanswered and others.worst_s < ANSWERS_S


@pytest.mark.parametrize("part", [bytes(MIB), bytes(1000), b""], ids=["MiB", "kB", "empty"])
@pytest.mark.parametrize("hello", [True, False], ids=["hello", "stranger"])
def test_a_message_that_never_ends_is_cut_off(server: Server, part: bytes, hello: bool) -> None:
    fronts = server.fronts()
    with watched(server) as others:
        attacks.endless_message(server.address, part=part, most_bytes=256 * MIB, hello=hello)
    assert others.peak_bytes < others.before_bytes + 16 * MIB
    assert "is closed: a message of" in server.log()
    time.sleep(0.1)
    assert server.fronts() == fronts


def test_who_is_cut_off_is_turned_away_for_a_while_and_others_are_not(server: Server) -> None:
    def offend() -> None:
        raw = Raw(server.address)
        raw.socket.sendall(frame(b"", MORE) * 10)
        assert raw.closed()

    pid = os.fork()
    if pid == 0:
        try:
            offend()
            assert ping(server.address, timeout_s=0.5) is None
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert ping(server.address, timeout_s=5.0)


NOT_ZMTP = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" + bytes(8) + b"\x7f\x01\x00",
    attacks.GREETING.replace(b"NULL\0", b"PLAIN"),
    attacks.GREETING + frame(b"\x05READY\x0bSocket-Type\xff\xff\xff\xff", COMMAND),
    attacks.GREETING + frame(b"\x05READY\x0bSocket-Type\0\0\0\x03SUB", COMMAND),
    attacks.GREETING + frame(b"\x05HELLO", COMMAND),
    attacks.GREETING + b"\x06" + b"\xff" * 8,
)
NOT_ALLOWED = (b"\x80\x00", b"\x02" + b"\xff" * 8, frame(b"\x09SUBSCRIBE", COMMAND), frame(b"", COMMAND | MORE))


def hung_up_on(server: Server, data: bytes) -> bool:
    raw = Raw(server.address, speaks=False)
    raw.socket.sendall(data)
    closed = raw.closed()
    raw.close()
    return closed


def test_what_is_not_the_protocol_is_hung_up_on(server: Server) -> None:
    assert [data for data in NOT_ZMTP if not hung_up_on(server, data)] == []
    tile_of_another(server)


@pytest.mark.parametrize("data", NOT_ALLOWED, ids=["flags", "huge", "subscribe", "more"])
def test_frames_that_cannot_be_are_hung_up_on(server: Server, data: bytes) -> None:
    assert hung_up_on(server, attacks.GREETING + attacks.READY + data)


def tile_of_another(server: Server) -> None:
    with Client(server.address) as client:
        tile(client, picture())


def test_pings_are_answered_with_their_context(server: Server) -> None:
    raw = Raw(server.address)
    raw.socket.sendall(frame(b"\x04PING\0\x64context", COMMAND))
    assert (COMMAND, b"\x04PONGcontext") in (next(found) for found in [raw.frames()] * 2)
    raw.close()


def test_a_message_survives_any_cut(server: Server) -> None:
    data = attacks.GREETING + attacks.READY + frame(encode(1, Hello("cut"))) + PING + frame(encode(2, Ping()))
    raw = Raw(server.address, speaks=False)
    for at in range(0, len(data), 7):
        raw.socket.sendall(data[at : at + 7])
        time.sleep(0.001)
    answered: set[int] = set()
    while answered != {1, 2}:
        answered |= {raw.message().id} - {0}
    raw.close()


def test_a_header_of_the_largest_size_is_refused_by_name_and_the_connection_stays(server: Server) -> None:
    raw = Raw(server.address)
    raw.socket.sendall(frame(bytes(HEADER_BYTES + 1)) + frame(encode(7, Ping())))
    assert raw.message().message.code == "limit"
    assert raw.message().id == 7
    raw.close()


def test_half_sent_chunks_hold_up_nobody(server: Server) -> None:
    with Client(server.address, shared_memory=False) as client:
        tile(client, picture(1))
        with watched(server) as others:
            crowd = attacks.half_chunks(server.address, connections=40)
            start = time.monotonic()
            tile(client, picture(2))
            taken_s = time.monotonic() - start
            for raw in crowd:
                raw.close()
    assert taken_s < 5.0 and others.worst_s < ANSWERS_S
    assert others.peak_bytes < others.before_bytes + 64 * MIB + CHUNK_BYTES


def test_replies_that_nobody_reads_take_no_memory(server: Server) -> None:
    with watched(server) as others:
        crowd = attacks.never_read(server.address, connections=20, seconds=2.0)
        for raw in crowd:
            raw.close()
    assert others.worst_s < ANSWERS_S and others.peak_bytes < others.before_bytes + 32 * MIB


def test_a_front_that_dies_is_back_at_once_and_clients_go_on(server: Server) -> None:
    with Client(server.address) as client:
        tile(client, picture(3))
        for signum in (signal.SIGKILL, signal.SIGABRT):
            (front,) = server.fronts()
            os.kill(front, signum)
            tile(client, picture(3))
            assert server.fronts() != [front]
    assert server.running.poll() is None and server.stop() == 0


def test_a_spare_takes_over_and_another_is_made(server: Server) -> None:
    (front,) = server.fronts()
    while not server.spares():
        time.sleep(0.05)
    (spare,) = server.spares()
    with Client(server.address) as client:
        os.kill(front, signal.SIGKILL)
        tile(client, picture(3))
        assert server.fronts() == [spare]
        while not server.spares():
            time.sleep(0.05)
        os.kill(server.spares()[0], signal.SIGKILL)  # one that has died cannot take over: another is started
        os.kill(spare, signal.SIGKILL)
        tile(client, picture(3))
    assert server.stop() == 0 and server.running.returncode == 0


def test_a_front_that_is_told_to_end_is_not_started_again(server: Server) -> None:
    (front,) = server.fronts()
    os.kill(front, signal.SIGTERM)
    assert server.running.wait(20) == 0


def test_a_front_ends_with_the_process_that_watches_it(server: Server) -> None:
    (front,) = server.fronts()
    server.kill()
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{front}/fd/0") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{front}/fd/0")


def test_few_files_are_divided_and_the_flood_passes(start_server: StartServer) -> None:
    server = start_server(files=200)
    (front,) = server.fronts()
    flood = attacks.another_process(lambda: attacks.crowd(server.address, 300), stays=True)
    with flood, watched(server) as others, Client(server.address) as client:
        for seed in range(120):
            tile(client, picture(seed))
        held = [tile(client, picture(1), controls=Controls(depth_gain=gain / 50)) for gain in range(10)]
        assert attacks.open_files(front) < 200 and len(held) == 10
        time.sleep(0.2)
    unharmed(server, [front])
    assert not others.unanswered and others.worst_s < ANSWERS_S


def test_too_few_files_are_said(start_server: StartServer, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n 100; exec {sys.executable} -m art3d_node.server --address ipc://{tmp_path}/s"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3 and "files" in done.stderr and done.stderr.count("\n") == 1


def test_a_client_cannot_change_a_plate_that_was_proved(server: Server) -> None:
    frame = picture(4)
    with Client(server.address) as client:
        tile(client, frame)
        (mapped,) = client._exchange.uploads._writing._kept.values()
        mapped[64:] = bytes(len(mapped) - 64)
        tile(client, frame, controls=Controls(depth_gain=0.5))
        with Client(server.address) as other:
            tile(other, frame, controls=Controls(depth_gain=0.25))


def test_check_proves_and_ends(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for address, code, word in (
        (f"ipc://{tmp_path}/s", 0, "can listen"),
        ("tcp://127.0.0.1:0", 0, "can listen"),
        ("tcp://[::1]:0", 0, "[::1]"),
        ("tcp://0.0.0.0:0", 3, "art3d keys"),
        ("tcp://127.0.0.1", 3, "not an address"),
        ("tcp://::1:0", 3, "not an address"),
        ("udp://127.0.0.1:1", 3, "not an address"),
        ("tcp://127.0.0.1:99999", 3, "not an address"),
        (f"ipc://{tmp_path}/none/s", 3, "0700"),
    ):
        command = [sys.executable, "-m", "art3d_node.server", "--address", address, "--check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code and word in done.stdout + done.stderr, (address, done)
        assert (done.stdout + done.stderr).count("\n") == 1
