"""Sequences: plates through the server to outputs, overlapped, resumable, one frame's fault its own."""

from host_bridge.batch.events import Event, Reporter
from host_bridge.batch.job import Job
from host_bridge.batch.run import Summary, run_job

__all__ = ["Event", "Job", "Reporter", "Summary", "run_job"]
