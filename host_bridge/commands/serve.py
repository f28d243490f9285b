"""`art3d serve`: a compute server in the foreground."""

from __future__ import annotations

import argparse
import os
import sys

from host_bridge.client.server_process import own_endpoint

NAME = "serve"
HELP = "run a compute server, for this machine or for a studio network"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command; those of the server itself pass through."""
    parser.add_argument("--address", help="ipc://PATH or tcp://HOST:PORT; by default where `art3d render` looks first")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0; a list makes several workers")
    parser.add_argument("--idle-timeout-s", type=float, help="stop after so long without a client")
    parser.add_argument("--memory-mib", type=int, help="bound of plates and results; default: a quarter of the RAM")
    parser.add_argument(
        "--analysis-mib", type=int, help="analyses per worker; default: an eighth of the RAM over 1 GiB"
    )
    parser.add_argument("--max-clients", type=int, help="clients at a time; default: 256")
    parser.add_argument("--log", help="log file; default: the terminal")
    parser.add_argument("--keys", help="folder made by `art3d keys`; demanded off this machine")
    parser.add_argument("--check", action="store_true", help="prove options, address, keys and limits, and end")
    parser.add_argument("--worker-silence-s", type=float,
                        help="replace a worker that says nothing for so long; default: ten seconds")  # fmt: skip
    parser.add_argument("--metrics-port", type=int, help="serve Prometheus figures on this local port")


def run(args: argparse.Namespace) -> int:
    """Becomes the server; its exit code is the command's."""
    own = args.address is None
    address = own_endpoint(args.device).address if own else args.address
    command = [sys.executable, "-m", "art3d_node.server", "--address", address, "--device", args.device]
    for name in ("idle_timeout_s", "memory_mib", "analysis_mib", "max_clients", "log", "keys", "metrics_port",
                 "worker_silence_s"):  # fmt: skip
        value = getattr(args, name)
        if value is not None:
            command += ["--" + name.replace("_", "-"), str(value)]
    if own:
        command.append("--open-paths")
    if args.check:
        command.append("--check")
    else:
        print(f"a server starts at {address}; Ctrl-C ends it", flush=True)
    os.execv(sys.executable, command)
