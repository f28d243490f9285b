"""`art3d status`: what a compute server is doing, or how far a render is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from host_bridge.client import Client
from host_bridge.client.address import named_address
from host_bridge.client.server_process import own_endpoint, ping
from host_bridge.core.errors import ServerUnreachableError
from host_bridge.core.printable import printable

NAME = "status"
HELP = "show what a compute server is doing, or how far a render is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("out", nargs="?", metavar="OUT", help="the output of a render, such as stereo.####.exr")
    parser.add_argument("--frames", metavar="RANGE", help="frames of the render to look at; default: the whole shot")
    parser.add_argument("--server", metavar="ADDRESS", help="default: $ART3D_SERVER, else this user's own")
    parser.add_argument("--device", default="auto", help="device of the embedded server")
    parser.add_argument("--json", action="store_true", help="all figures, for machines")


def run(args: argparse.Namespace) -> int:
    """Prints the figures.

    Returns 0; for a render 4 where frames are not done.

    Raises:
        ServerUnreachableError: no server answers.
        BadInputError: no render was asked for that output.
    """
    if args.out is not None:
        # What reads plates is loaded only where a render is asked for: a server's figures need none of it.
        from host_bridge.commands import render_status

        return render_status.show(args.out, frames=args.frames, as_json=args.json)
    address = named_address(args.server)
    if address is None:
        address = own_endpoint(args.device).address
        if ping(address) is None:
            raise ServerUnreachableError(
                "no server is running", where=address, remedy="`art3d render` starts one itself"
            )
    with Client(address, timeout_s=10.0) as client:
        figures = {"address": address, **client.status()}
    print(json.dumps(figures, indent=2) if args.json else describe(figures))
    return 0


def describe(figures: Mapping[str, Any]) -> str:
    """The figures in a few lines for a person."""
    memory, plates, queue, counts = (figures[name] for name in ("memory", "plates", "queue", "counts"))
    lines = [
        f"{figures['server']}  pid {figures['pid']}  {figures['address']}",
        f"queue     {queue['running']} running, {queue['queued']} waiting, {queue['merged']} merged",
        f"plates    {plates['count']} held, {_mib(plates['bytes'])}, hit rate {plates['hit_rate']:.0%}",
        f"memory    {_mib(memory['used_bytes'])} in use, {_mib(memory['idle_bytes'])} kept warm, "
        f"of {_mib(memory['budget_bytes'])}",
        f"so far    {counts['tiles']} tiles, {counts['failed']} failed, {counts['cancelled']} cancelled, "
        f"{counts['workers_lost']} workers replaced",
    ]
    for worker in figures["workers"]:
        state = "busy" if worker["busy"] else "idle" if worker["ready"] else "starting"
        cached = f", analyses {_mib(worker['analysis_bytes'])}" if "analysis_bytes" in worker else ""
        device = f", device memory {_mib(worker['device_bytes'])}" if "device_bytes" in worker else ""
        name = f" ({worker['device_name']})" if "device_name" in worker else ""
        lines.append(f"worker    {worker['id']} on {worker['device']}{name}: {state}{cached}{device}")
    for client in figures["clients"]:
        lines.append(f"client    {client['name']}: {client['requests']} requests, {_mib(client['lent_bytes'])} lent")
    if figures["stage_ms"]:
        stages = ", ".join(f"{name} {value:.1f}" for name, value in sorted(figures["stage_ms"].items()))
        lines.append(f"median ms {stages}")
    if figures.get("log"):
        lines.append(f"log       {figures['log']}")
    return "\n".join(map(printable, lines))


def _mib(nbytes: float) -> str:
    return f"{nbytes / (1 << 20):.0f} MiB"
