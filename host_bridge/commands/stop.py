"""`art3d stop`: ends the compute servers that this user's tools started."""

from __future__ import annotations

import argparse
import contextlib
import time

import psutil

from host_bridge.client.server_process import running
from host_bridge.core.errors import EXIT_OK, ServerError

NAME = "stop"
HELP = "end this user's embedded compute servers, those of earlier versions too"
WAIT_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: which servers there are is seen in the folder of their sockets."""


def run(args: argparse.Namespace) -> int:
    """Asks each server to end and waits until it does. Who still works starts a new one and asks again.

    Raises:
        ServerError: one does not end.
    """
    found = running()
    for pong in found.values():
        with contextlib.suppress(psutil.NoSuchProcess):  # it may end by itself meanwhile
            psutil.Process(pong.pid).terminate()
    end_s = time.monotonic() + WAIT_S
    for address, pong in found.items():
        try:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pong.pid).wait(max(0.0, end_s - time.monotonic()))
        except psutil.TimeoutExpired:
            raise ServerError(
                "the server does not end", where=address, remedy=f"end it with: kill -9 {pong.pid}"
            ) from None
        print(f"stopped {pong.version}, pid {pong.pid}")
    if not found:
        print("no server is running")
    return EXIT_OK
