"""The status figures for Prometheus, collected when asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from host_bridge.core.errors import ServerError

PATIENCE_S = 2.0
GAUGES = ("queue", "memory", "plates")


class Figures(Collector):
    """Turns `Session.figures` into metrics named art3d_…"""

    def __init__(self, figures: Callable[[], Mapping[str, Any]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """One metric per figure."""
        figures = self._figures()
        for name, value in figures["counts"].items():
            yield CounterMetricFamily(f"art3d_{name}", f"{name} since the start", value=value)
        for group in GAUGES:
            yield from _gauges(group, figures[group])
        yield GaugeMetricFamily("art3d_clients", "clients", value=len(figures["clients"]))
        stages = GaugeMetricFamily("art3d_stage_ms", "median milliseconds of a stage", labels=["stage"])
        for stage, value in figures["stage_ms"].items():
            stages.add_metric([stage], value)
        yield stages
        yield from _workers(figures["workers"])


def _gauges(group: str, values: Mapping[str, Any]) -> Iterator[Metric]:
    for name, value in values.items():
        yield GaugeMetricFamily(f"art3d_{group}_{name}", f"{group} {name}", value=value)


def _workers(workers: list[Mapping[str, Any]]) -> Iterator[Metric]:
    names = sorted({name for worker in workers for name, value in worker.items() if isinstance(value, (int, float))})
    for name in names:
        family = GaugeMetricFamily(f"art3d_worker_{name}", f"{name} of a worker", labels=["worker", "device"])
        for worker in workers:
            if name in worker:
                family.add_metric([str(worker["id"]), str(worker["device"])], float(worker[name]))
        yield family


class _OneByOne(WSGIServer):
    """Answers one scraper after the other, and waits for none of them for long."""

    request_queue_size = 8

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection that may be silent for a moment only."""
        accepted, where = super().get_request()
        accepted.settimeout(PATIENCE_S)
        return accepted, where

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that stalls or leaves is no fault of the server."""


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not logged."""


def serve_metrics(figures: Callable[[], Mapping[str, Any]], port: int) -> WSGIServer:
    """Answers on http://127.0.0.1:port/metrics from a thread of its own.

    Args:
        figures: the server's figures as they are now.
        port: 0 takes a free one.

    Raises:
        ServerError: the port cannot be used.
    """
    registry = CollectorRegistry()
    registry.register(Figures(figures))
    try:
        server = make_server("127.0.0.1", port, make_wsgi_app(registry), _OneByOne, _Silent)
    except (OSError, OverflowError) as error:
        raise ServerError(f"the metrics cannot be served: {error}", where=f"port {port}",
                          remedy="choose another --metrics-port") from None  # fmt: skip
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
