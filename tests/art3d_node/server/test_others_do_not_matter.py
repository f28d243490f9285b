"""Strangers, slow readers and a full log disk do not stop the others."""

from __future__ import annotations

import contextlib
import socket as sockets
from pathlib import Path

import msgpack
import zmq

from host_bridge.client import Client
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.asking import picture, tile
from tests.art3d_node.server.conftest import Server, StartServer


def test_silent_connections_half_messages_and_noise_do_not_matter(start_server: StartServer) -> None:
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


def test_a_slow_reader_does_not_stop_others(server: Server) -> None:
    slow = Client(server.address, shared_memory=False)
    frame = picture(14, Box.of_size(1000, 1000))
    tile(slow, frame)
    for index in range(60):
        slow.submit(frame, AnalysisSettings(), Controls(depth_gain=index / 20), frame.data, ("right",))
    with Client(server.address) as client:
        tile(client, picture())
    slow.close()


def test_a_full_log_disk_does_not_matter(tmp_path: Path, start_server: StartServer) -> None:
    server = start_server("--log", "/dev/full")
    with Client(server.address) as client:
        tile(client, picture())
