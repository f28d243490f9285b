"""A cancel while a long analysis runs: until the request is answered, and until the worker is free again.

    python -m benchmarks.cancel [--count N]

The analysis is the real one, of a 3840×2160 plate; the cancel comes at a random moment of it.
"""

from __future__ import annotations

import argparse
import random
import time

from benchmarks import _server
from host_bridge.client import Client
from host_bridge.client.connection import Connection
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.settings import AnalysisSettings

OUTPUTS = ("right", "disparity_left")


def free(connection: Connection) -> bool:
    """Whether no worker is busy."""
    reply = connection.poll(connection.send(m.StatusRequest()), 10.0)
    return reply is not None and not any(worker["busy"] for worker in reply.message.figures["workers"])


def main() -> None:
    """Every frame is new, so that every request must analyse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--width", type=int, default=3840, help="of the plates, at 16:9")
    parser.add_argument("--depth", default="aov", help="depth source of the analysis")
    parser.add_argument("--engine", default="", help="synthetic:make with --depth slow-2 shows the server's own share")
    args = parser.parse_args()
    size = (args.width, args.width * 9 // 16)
    chance, answered, stopped = random.Random(4), [], []
    with _server.running(engine=args.engine) as (address, _), Client(address) as client:
        watch = Connection(address, hello_timeout_s=30.0, name="watch")
        settings = AnalysisSettings(depth=args.depth)
        plate = _server.plate(*size)
        whole = _server.timed(lambda: client.tile(plate, settings, Controls(), plate.data, OUTPUTS))
        for seed in range(args.count):
            frame = _server.plate(*size, seed=seed + 1)
            pending = client.submit(frame, settings, Controls(), frame.data, OUTPUTS)
            time.sleep(chance.uniform(0.01, 0.8 * whole / 1e3))
            connection, number = client._exchange.link.open, pending.number
            if connection.poll(number, 0.0) is not None:
                continue
            start = time.perf_counter()
            connection.cancel((number,))
            connection.poll(number, 30.0)
            answered.append((time.perf_counter() - start) * 1e3)
            while not free(watch):
                time.sleep(0.001)
            stopped.append((time.perf_counter() - start) * 1e3)
        watch.close()
    print(f"one whole request takes {whole:.0f} ms")
    _server.report([("cancel to answer", answered), ("cancel to a free worker", stopped)])
    print("wanted: p95 ≤ 100")


if __name__ == "__main__":
    main()
