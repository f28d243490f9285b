"""The server's options, and the limits that they and this machine give."""

from __future__ import annotations

import argparse
import resource
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from art3d_node.server.memory.pool import SEGMENTS
from art3d_node.server.workers.devices import find_devices
from art3d_node.server.workers.supervisor import DEFAULT_ENGINE
from art3d_node.server.workers.watch import Patience
from host_bridge.core.errors import BadInputError, ServerError
from host_bridge.core.machine import memory_bytes, spare_bytes
from host_bridge.wire.limits import MIB, Limits

OWN_FILES = 64  # logs, pipes, libraries
LEAST_FILES = 128
LEAST_ANALYSIS_MIB = 64
_RANGES = {
    "idle_timeout_s": (0, 1e9), "memory_mib": (0, 1 << 24), "analysis_mib": (0, 1 << 24), "max_clients": (1, 1 << 16),
    "metrics_port": (0, 65535), "worker_silence_s": (0.1, 1e9),
}  # fmt: skip
CONNECTIONS_PER_CLIENT = 4  # two of its own, and as many that are just being replaced


def build_parser() -> argparse.ArgumentParser:
    """The server's options; `art3d serve` has the same."""
    parser = argparse.ArgumentParser(prog="python -m art3d_node.server", description="Art3D's compute server.")
    parser.add_argument("--address", required=True, help="ipc://PATH or tcp://HOST:PORT")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0; a list makes several workers")
    parser.add_argument("--idle-timeout-s", type=float, default=0.0, help="stop after so long without a client")
    parser.add_argument(
        "--memory-mib", type=int, default=0, help="bound of plates and results; 0: a quarter of the RAM"
    )
    parser.add_argument(
        "--analysis-mib", type=int, default=0, help="analyses per worker; 0: an eighth of the RAM over 1 GiB"
    )
    parser.add_argument("--max-clients", type=int, default=Limits.clients, help="clients at a time")
    parser.add_argument("--log", default="", help="log file; the terminal when empty")
    parser.add_argument("--keys", default="", help="folder made by `art3d keys`; demanded off this machine")
    parser.add_argument("--metrics-port", type=int, default=0, help="serve Prometheus figures on this local port")
    parser.add_argument("--open-paths", action="store_true", help="let clients name a depth model by its folder's path")
    parser.add_argument("--check", action="store_true", help="prove options, address, keys and limits, and end")
    parser.add_argument("--worker-silence-s", type=float, default=Patience.silent_s,
                        help="replace a worker that says nothing for so long")  # fmt: skip
    parser.add_argument("--engine", default=DEFAULT_ENGINE, help=argparse.SUPPRESS)
    parser.add_argument("--front", nargs=4, type=int, default=None, help=argparse.SUPPRESS)
    return parser


def validate_options(args: argparse.Namespace) -> None:
    """Looks at what a number can say before anything is opened.

    Raises:
        BadInputError: a number that no server can work with, or a device that there is none of.
    """
    for name, (least, most) in _RANGES.items():
        value = getattr(args, name)
        if not least <= value <= most:
            raise BadInputError(f"{value:g} is not usable", where="--" + name.replace("_", "-"),
                                remedy=f"give {least:g} to {most:g}")  # fmt: skip
    find_devices(args.device)


def product() -> str:
    """Name and version of this server."""
    try:
        return f"art3d {version('art3d')}"
    except PackageNotFoundError:
        return "art3d unknown"


@dataclass(frozen=True)
class Room:
    """How many open files there may be of each kind.

    Attributes:
        connections: of clients.
        segments: of shared memory.
    """

    connections: int
    segments: int


def room(clients: int) -> Room:
    """Divides the files that this process may open, after raising their number as far as it goes.

    Raises:
        ServerError: they are too few.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    if most < LEAST_FILES:
        raise ServerError(f"this process may open {most} files only", remedy=f"allow {LEAST_FILES} (ulimit -Hn)")
    half = (most - OWN_FILES) // 2
    return Room(min(CONNECTIONS_PER_CLIENT * clients + OWN_FILES, half), min(SEGMENTS, half))


def limits_of(args: argparse.Namespace, files: Room) -> Limits:
    """The limits that the options and this machine's memory and files give."""
    memory = (args.memory_mib or max(1, memory_bytes() // 4 // MIB)) * MIB
    analysis = (args.analysis_mib or max(LEAST_ANALYSIS_MIB, spare_bytes() // 8 // MIB)) * MIB
    most = min(Limits.frame_bytes, memory // 2)
    return Limits(
        frame_bytes=most, tile_bytes=most, memory_bytes=memory, analysis_bytes=analysis,
        clients=max(1, min(args.max_clients, files.connections // 2)),
        leases_per_client=min(Limits.leases_per_client, files.segments // 4),
    )  # fmt: skip
