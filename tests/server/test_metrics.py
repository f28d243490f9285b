"""Status and Prometheus tell the same figures."""

from __future__ import annotations

import json

from prometheus_client import CollectorRegistry, generate_latest

from art3d_node.server.jobs import Done, Ready
from art3d_node.server.metrics import Figures
from art3d_node.server.session import Session
from host_bridge.cli import main
from host_bridge.client import Client
from host_bridge.wire.limits import Limits


def test_prometheus_text():
    session = Session(Limits(memory_bytes=1 << 20), {"server": "x", "control": "", "log": ""}, pid=1)
    session.worker_started(1, "cpu")
    session.worker_said(1, Ready("cpu", (), ()), 0.0)
    session.worker_said(1, Done(5, {}, {"render": 12.0}, {"analysis_bytes": 77}), 0.0)
    registry = CollectorRegistry()
    registry.register(Figures(session.figures))
    text = generate_latest(registry).decode()
    assert "art3d_tiles_total 0.0" in text
    assert 'art3d_stage_ms{stage="render"} 12.0' in text
    assert 'art3d_worker_analysis_bytes{device="cpu",worker="1"} 77.0' in text
    assert "art3d_memory_budget_bytes 1.048576e+06" in text


def test_status_command(server, capsys):
    assert main(["status", "--server", server.address]) == 0
    assert "worker    1 on cpu: idle" in capsys.readouterr().out
    assert main(["status", "--server", server.address, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    with Client(server.address) as client:
        assert set(client.status()) == set(figures) - {"address"}


def test_status_without_a_server(monkeypatch, tmp_path, capsys):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(tmp_path))
    assert main(["status"]) == 3
    assert "no server is running" in capsys.readouterr().err


def test_styles_command(server, capsys):
    assert main(["styles", "--server", server.address]) == 0
    assert "neutral" in capsys.readouterr().out
    assert main(["styles", "--server", server.address, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["depth_sources"] == [{"name": "aov"}]
