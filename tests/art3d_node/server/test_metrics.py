"""Status and Prometheus tell the same figures."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from art3d_node.server import metrics
from art3d_node.server.metrics import Figures, serve_metrics
from art3d_node.server.protocol.session import Session
from art3d_node.server.workers.records import Done, Ready
from host_bridge.cli import main
from host_bridge.client import Client
from host_bridge.core.errors import ServerError
from host_bridge.wire.limits import Limits
from tests.art3d_node.server.conftest import Server

FIGURES: dict[str, Any] = {
    "counts": {},
    "queue": {},
    "memory": {},
    "plates": {},
    "clients": [],
    "stage_ms": {},
    "workers": [],
}


def test_prometheus_text() -> None:
    session = Session(Limits(memory_bytes=1 << 20), {"server": "x", "control": "", "log": ""}, pid=1)
    session.worker_started(1, "cpu")
    session.worker_message(1, Ready("cpu", (), ()), 0.0)
    session.worker_message(1, Done(5, {}, {"render": 12.0}, {"analysis_bytes": 77}), 0.0)
    registry = CollectorRegistry()
    registry.register(Figures(session.figures))
    text = generate_latest(registry).decode()
    assert "art3d_tiles_total 0.0" in text
    assert 'art3d_stage_ms{stage="render"} 12.0' in text
    assert 'art3d_worker_analysis_bytes{device="cpu",worker="1"} 77.0' in text
    assert "art3d_memory_budget_bytes 1.048576e+06" in text


def test_status_command(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--server", server.address]) == 0
    assert "worker    1 on cpu: idle" in capsys.readouterr().out
    assert main(["status", "--server", server.address, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    with Client(server.address) as client:
        assert set(client.status()) == set(figures) - {"address"}


def test_status_without_a_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(tmp_path))
    assert main(["status"]) == 3
    assert "no server is running" in capsys.readouterr().err


def test_styles_command(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["styles", "--server", server.address]) == 0
    assert "neutral" in capsys.readouterr().out
    assert main(["styles", "--server", server.address, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["depth_sources"] == [{"name": "aov"}]


def test_scrapers_that_stall_are_bounded_and_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "PATIENCE_S", 0.2)
    server = serve_metrics(lambda: FIGURES, 0)
    host, port = "127.0.0.1", server.server_port
    threads = threading.active_count()
    crowd = [socket.create_connection((host, port)) for _ in range(4)]
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=30) as answer:
            assert b"art3d_clients 0.0" in answer.read()
        assert threading.active_count() == threads
    finally:
        for each in crowd:
            each.close()
        server.shutdown()
        server.server_close()


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], 99_999):
            with pytest.raises(ServerError, match="--metrics-port"):
                serve_metrics(lambda: FIGURES, port)
