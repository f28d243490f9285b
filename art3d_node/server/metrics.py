"""The status figures for Prometheus, collected when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from art3d_node.server.session import Session

GAUGES = ("queue", "memory", "plates")


class Figures(Collector):
    """Turns `Session.figures` into metrics named art3d_…"""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[Metric]:
        """One metric per figure."""
        figures = self._session.figures()
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


def serve_metrics(session: Session, port: int) -> Any:
    """Answers on http://127.0.0.1:port/metrics from a thread of its own; returns the server and its thread."""
    registry = CollectorRegistry()
    registry.register(Figures(session))
    return start_http_server(port, addr="127.0.0.1", registry=registry)
