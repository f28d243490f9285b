"""`python -m art3d_node.server`: one compute server."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence

from art3d_node.server.endpoint import control_address, lock, log_to, validate_folder
from art3d_node.server.options import build_parser
from host_bridge.core.errors import Art3DError, ServerError
from host_bridge.core.startup import settle_process

log = logging.getLogger("art3d_node.server")


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until a signal or idleness ends it; the exit code."""
    settle_process()
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(words)
    os.umask(0o077)
    if args.front is not None:
        from art3d_node.server import front

        return front.run(args)
    log_to(args.log, rotates=False)
    try:
        return _supervise(args, words)
    except Art3DError as error:
        return _refuse(args, error.exit_code, str(error))


def _refuse(args: argparse.Namespace, code: int, message: str) -> int:
    if args.log:  # otherwise the log is the terminal, and says it twice
        log.error("%s", message)
    print(f"art3d: {message}", file=sys.stderr)
    return code


def _supervise(args: argparse.Namespace, words: Sequence[str]) -> int:
    from art3d_node.server.front_supervisor import Supervisor
    from art3d_node.server.net.listen import listen

    if args.open_paths and not args.address.startswith("ipc://"):
        raise ServerError("--open-paths is for ipc addresses only", remedy="copy models into the model folder")
    held = _validate(args)
    sockets: list[socket.socket] = []
    try:
        requests, address = listen(args.address)
        sockets.append(requests)
        sockets.append(listen(control_address(address))[0])
        if args.check:
            print(f"art3d: a server can listen on {address}")
            return 0
        supervisor = Supervisor(words, sockets)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, supervisor.stop)
        code = supervisor.run()
        return _refuse(args, code, supervisor.fault) if code and supervisor.fault else code
    finally:
        for each in sockets:
            where = each.getsockname()
            each.close()
            if isinstance(where, str):
                with contextlib.suppress(OSError):
                    os.unlink(where)
        if held >= 0:
            os.close(held)


def _validate(args: argparse.Namespace) -> int:
    """Proves what can be proved before a front is started; the lock of an ipc address, else -1.

    Raises:
        Art3DError: the address cannot be used safely, or keys or limits not at all.
    """
    from art3d_node.server.front import guard_of
    from art3d_node.server.net.listen import host_port
    from art3d_node.server.options import limits_of, room, validate_options

    validate_options(args)
    if not args.address.startswith("ipc://"):
        host_port(args.address)
    limits_of(args, room(args.max_clients))
    guard_of(args)
    if not args.address.startswith("ipc://"):
        return -1
    validate_folder(args.address)
    return lock(args.address.removeprefix("ipc://") + ".serving")


if __name__ == "__main__":
    sys.exit(main())
