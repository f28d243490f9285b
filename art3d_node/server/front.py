"""The process that serves: connections, plates and schedule. It is started, watched and replaced by `supervisor`."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import socket
from typing import TYPE_CHECKING

from art3d_node.server.endpoint import is_local, log_to
from art3d_node.server.front_supervisor import GO
from art3d_node.server.net.arrivals import Listener
from art3d_node.server.options import limits_of, product, room
from art3d_node.server.protocol.session import Session
from art3d_node.server.service import Service
from art3d_node.server.workers.devices import find_devices
from art3d_node.server.workers.supervisor import Workers
from art3d_node.server.workers.watch import Patience
from host_bridge.core.errors import Art3DError

if TYPE_CHECKING:
    from art3d_node.server.guard import Guard

log = logging.getLogger("art3d_node.server")
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def guard_of(args: argparse.Namespace) -> Guard | None:
    """The list of keys, where the address demands one or keys are named.

    Raises:
        ServerError: it cannot be used.
    """
    if not args.keys and is_local(args.address):
        return None
    from art3d_node.server.guard import Guard

    return Guard(args.keys, args.address)


def build(args: argparse.Namespace, listening: tuple[socket.socket, socket.socket], control: str, *, pid: int,
          watcher: socket.socket | None = None) -> Service:  # fmt: skip
    """The service of these options.

    Args:
        args: as `options.parser` reads them.
        listening: the sockets of requests and of control.
        control: the address of the latter.
        pid: the process by which this server is known.
        watcher: as `Service`.

    Raises:
        Art3DError: keys or limits cannot be used.
    """
    files = room(args.max_clients)
    limits = limits_of(args, files)
    identity = {"server": product(), "control": control, "log": args.log}
    session = Session(limits, identity, pid=pid, segments=files.segments)
    workers = Workers(find_devices(args.device), engine=args.engine, analysis_bytes=limits.analysis_bytes,
                      open_paths=args.open_paths,
                      patience=Patience(silent_s=args.worker_silence_s))  # fmt: skip
    listeners = [Listener(listening[0], control=False), Listener(listening[1], control=True)]
    return Service(session, workers, listeners=listeners, connections=files.connections, guard=guard_of(args),
                   idle_timeout_s=args.idle_timeout_s, watcher=watcher)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Waits until it is to serve, and serves until a signal or idleness ends it; the exit code."""
    requests, control, watching, parent = args.front
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return 1  # it died before we asked to follow it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's reaches the process that watches, too
    listening = (socket.socket(fileno=requests), socket.socket(fileno=control))
    watcher = socket.socket(fileno=watching)
    if watcher.recv(1) != GO:  # a spare that is not needed
        return 0
    log_to(args.log)
    try:
        service = build(args, listening, _address(listening[1]), pid=parent, watcher=watcher)
        if args.metrics_port:
            from art3d_node.server.metrics import serve_metrics

            serve_metrics(lambda: service.call(service.session.figures).result(), args.metrics_port)
    except Art3DError as error:
        watcher.sendall(b"!" + str(error).encode(errors="replace")[:4000])
        return error.exit_code
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: service.stop())
    watcher.send(b".")
    log.info("%s listens on %s, pid %d", product(), _address(listening[0]), os.getpid())
    service.run()
    log.info("stopped")
    return 0


def _address(listening: socket.socket) -> str:
    if listening.family == socket.AF_UNIX:
        return f"ipc://{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
