"""`python -m art3d_node.server`: one compute server."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from art3d_node.server.devices import find_devices
from art3d_node.server.place import control_address, is_local, lock, log_to, prove_folder
from art3d_node.server.service import Service
from art3d_node.server.session import Session
from art3d_node.server.watch import Patience
from art3d_node.server.workers import DEFAULT_ENGINE, Workers
from host_bridge.errors import Art3DError, ServerError
from host_bridge.machine import memory_bytes
from host_bridge.startup import settle_process
from host_bridge.wire.limits import MIB, Limits

log = logging.getLogger("art3d_node.server")


def parser() -> argparse.ArgumentParser:
    """The server's options; `art3d serve` has the same."""
    made = argparse.ArgumentParser(prog="python -m art3d_node.server", description="Art3D's compute server.")
    made.add_argument("--address", required=True, help="ipc://PATH or tcp://HOST:PORT")
    made.add_argument("--device", default="auto", help="auto, cpu, cuda:0; a list makes several workers")
    made.add_argument("--idle-timeout-s", type=float, default=0.0, help="stop after so long without a client")
    made.add_argument("--memory-mib", type=int, default=0, help="bound of plates and results; 0: a quarter of the RAM")
    made.add_argument("--analysis-mib", type=int, default=0, help="bound of analyses per worker; 0: an eighth of it")
    made.add_argument("--max-clients", type=int, default=Limits.clients)
    made.add_argument("--log", default="", help="log file; the terminal when empty")
    made.add_argument("--keys", default="", help="folder made by `art3d keys`; demanded off this machine")
    made.add_argument("--metrics-port", type=int, default=0, help="serve Prometheus figures on this local port")
    made.add_argument("--open-paths", action="store_true", help="let clients name a depth model by its folder's path")
    made.add_argument("--worker-silence-s", type=float, default=Patience.silent_s,
                      help="replace a worker that says nothing for so long")  # fmt: skip
    made.add_argument("--engine", default=DEFAULT_ENGINE, help=argparse.SUPPRESS)
    return made


def limits_of(args: argparse.Namespace) -> Limits:
    """The limits that the options and this machine's memory give."""
    ram_mib = memory_bytes() // MIB
    memory = (args.memory_mib or max(512, ram_mib // 4)) * MIB
    analysis = (args.analysis_mib or max(256, ram_mib // 8)) * MIB
    most = min(Limits.frame_bytes, memory // 2)
    return Limits(frame_bytes=most, tile_bytes=most, memory_bytes=memory, analysis_bytes=analysis,
                  clients=args.max_clients)  # fmt: skip


def product() -> str:
    """Name and version of this server."""
    try:
        return f"art3d {version('art3d')}"
    except PackageNotFoundError:
        return "art3d unknown"


def build(args: argparse.Namespace) -> Service:
    """The service of these options.

    Raises:
        Art3DError: the address cannot be used safely.
    """
    if args.address.startswith("ipc://"):
        prove_folder(args.address)
        args.held = lock(args.address.removeprefix("ipc://") + ".serving")
    guard: Any = None
    if args.open_paths and not args.address.startswith("ipc://"):
        raise ServerError("--open-paths is for ipc addresses only", remedy="copy models into the model folder")
    if args.keys or not is_local(args.address):
        from art3d_node.server.guard import Guard

        guard = Guard(args.keys, args.address)
    limits = limits_of(args)
    identity = {"server": product(), "control": "", "log": args.log}
    session = Session(limits, identity, pid=os.getpid())
    workers = Workers(find_devices(args.device), engine=args.engine, analysis_bytes=limits.analysis_bytes,
                      open_paths=args.open_paths,
                      patience=Patience(silent_s=args.worker_silence_s))  # fmt: skip
    service = Service(
        session, workers, address=args.address, control=control_address(args.address),
        idle_timeout_s=args.idle_timeout_s, secure=guard.secure if guard else None,
        context=guard.context if guard else None, closing=guard.stop if guard else None,
    )  # fmt: skip
    session.identity = {**identity, "control": service.control}
    return service


def main(argv: list[str] | None = None) -> int:
    """Serves until a signal or idleness ends it."""
    settle_process()
    args = parser().parse_args(argv)
    os.umask(0o077)
    log_to(args.log)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < hard else soft, hard))
    try:
        service = build(args)
    except Art3DError as error:
        if args.log:  # otherwise the log is the terminal, and says it twice
            log.error("%s", error)
        print(f"art3d: {error}", file=sys.stderr)
        return error.exit_code
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: service.stop())
    if args.metrics_port:
        from art3d_node.server.metrics import serve_metrics

        serve_metrics(service.session, args.metrics_port)
    log.info("%s listens on %s, pid %d", product(), service.address, os.getpid())
    service.run()
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
