"""Renders under fire: random windows, frames, aborts, knob changes and server kills, from many threads and two nodes.

`python -m tests.ofx_host.stress --count 1000 [--bundle PATH]` prints what happened; a wrong pixel ends it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.profiles import BY_NAME, PLAIN, Profile
from tests.ofx_host.properties import PropertySet
from tests.ofx_host.scenes import plate, shot_file

WIDTH, HEIGHT = 192, 128
RECT = (0, 0, WIDTH, HEIGHT)
FRAMES = range(1001, 1011)
NO_SERVER = ("is gone", "nobody answers", "takes no more messages")
FAULTS = ("boom", "bug", "die")
DEPTHS = ("auto", "auto", "auto", "slow-0.05", *FAULTS)


@dataclass
class Tally:
    """What became of the renders."""

    right: int = 0
    aborted: int = 0
    failed: int = 0
    wrong: int = 0
    kills: int = 0
    messages: dict[str, int] = field(default_factory=dict)


class Stress:
    """Two nodes, several threads, one server that dies now and then.

    Every render is a node state of its own thread: the host calls `render` on instances whose knobs answer by thread.
    A host that makes an instance for every frame gets a node for every render instead.
    """

    def __init__(self, bundle: Path, server: Server, seed: int, threads: int, profile: Profile = PLAIN) -> None:
        self.host = Host(bundle, profile=profile)
        assert self.host.load() == abi.OK
        self.server, self.threads, self.seed = server, threads, seed
        self.tally, self.lock = Tally(), threading.Lock()
        self.plates = [plate(WIDTH, HEIGHT, seed=s) for s in range(3)]
        self.sources = [picture(p) for p in self.plates]
        self.shot = str(shot_file(server.folder))
        self.local = threading.local()
        self.nodes = [] if profile.loads_each else [self._node() for _ in range(2)]
        self.left, self.spare = 0, 0

    def _node(self) -> Node:
        node = Node(self.host, size=(WIDTH, HEIGHT), knobs={"server": self.server.address})
        if not hasattr(self.local, "plate"):
            self.local.plate, self.local.gain, self.local.depth, self.local.abort = 0, 1.0, "auto", None
            self.local.shot = ""
        node.connect("Source", lambda time, region: self.sources[self._plate_at(time)], RECT)
        node.set(depth_gain=lambda time: self.local.gain, depth=lambda time: self.local.depth)
        node.set(shot=lambda time: self.local.shot)
        node.effect.abort = self._abort
        node.effect.clips["Output"].images = lambda time, region: self.local.target
        return node

    def _plate_at(self, time: float) -> int:
        """Every frame shows one of a few plates, so that neighbours in a shot may be alike."""
        return (int(self.local.plate) + int(time)) % len(self.plates)

    def _abort(self) -> bool:
        if self.local.abort is None:
            return False
        self.local.abort -= 1
        return bool(self.local.abort < 0)

    def _work(self, number: int) -> None:
        rng = np.random.default_rng((self.seed, number))
        while True:
            with self.lock:
                if self.left <= 0:
                    return
                self.left -= 1
            self._one(rng)

    def _one(self, rng: np.random.Generator) -> None:
        chosen = int(rng.integers(2))
        self.local.plate = int(rng.integers(len(self.plates)))
        self.local.gain = float(rng.choice([0.5, 1.0, 2.0]))
        self.local.depth = str(rng.choice(DEPTHS, p=[0.3, 0.3, 0.3, 0.06, 0.02, 0.015, 0.005]))
        steadied = self.local.depth == "auto" and rng.random() < 0.5
        self.local.shot = self.shot if steadied else ""
        self.local.abort = int(rng.integers(0, 20 if steadied else 6)) if rng.random() < 0.15 else None
        frame = float(rng.choice(FRAMES))
        x = np.sort(rng.choice(WIDTH + 1, 2, replace=False))
        y = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
        window = (int(x[0]), int(y[0]), int(x[1]), int(y[1]))
        target = Picture(window)
        node = self.nodes[chosen] if self.nodes else self._node()
        if rng.random() < 0.1:
            node.changed("depth_gain")
        status = self._render(node, target, window, frame)
        if not self.nodes:
            node.destroy()
        wanted = self.plates[self._plate_at(frame)] * np.float32(self.local.gain) + np.float32(5)
        crop = wanted[HEIGHT - window[3] : HEIGHT - window[1], window[0] : window[2]]
        self._count(node, status, target, crop)
        if status != abi.OK:
            # As an artist would; and however long a killed server takes to start, it does not use the renders up.
            time.sleep(0.2)
            with self.lock:
                again = self.spare > 0 and self._met_no_server(node)
                self.left, self.spare = self.left + again, self.spare - again

    def _met_no_server(self, node: Node) -> bool:
        """Whether a failed render failed for that; of a host without messages, whether nothing else was asked for."""
        if "message.message" in self.host.profile.null:
            return self.local.depth not in FAULTS
        return any(word in self._last(node) for word in NO_SERVER)

    def _render(self, node: Node, target: Picture, window: tuple[int, int, int, int], time: float) -> int:
        """As `Node.render_into`, with a target of this thread's own."""
        self.local.target = target
        inputs = PropertySet(
            OfxPropTime=time,
            OfxImageEffectPropFieldToRender=self.host.profile.render_field,
            OfxImageEffectPropRenderWindow=window,
            OfxImageEffectPropRenderScale=(1.0, 1.0),
        )
        return self.host.call("OfxImageEffectActionRender", node.effect, inputs)

    def _count(self, node: Node, status: int, target: Picture, crop: Any) -> None:
        right = status == abi.OK and np.array_equal(target.array, crop)
        with self.lock:
            if not target.intact() or (status == abi.OK and not right and self.local.abort is None):
                self.tally.wrong += 1
            elif right:
                self.tally.right += 1
            elif status == abi.OK:
                self.tally.aborted += 1
            else:
                self.tally.failed += 1
                line = self._last(node).split(";")[0][:90]
                self.tally.messages[line] = self.tally.messages.get(line, 0) + 1

    @staticmethod
    def _last(node: Node) -> str:
        return str(node.effect.messages[-1]) if node.effect.messages else ""

    def run(self, count: int, kills: int) -> Tally:
        """So many renders that find a server, and so many kills while they run."""
        self.left, self.spare = count, 50 * count
        workers = [threading.Thread(target=self._work, args=(n,)) for n in range(self.threads)]
        for worker in workers:
            worker.start()
        try:
            for k in range(kills):
                due = count - (k + 1) * count // (kills + 1)
                while any(w.is_alive() for w in workers) and self.left > due:
                    time.sleep(0.01)
                self.server.kill()
                self.server.start()
                self.tally.kills += 1
        except BaseException:
            # Renders that find no server do not count: without one it would take long to end.
            with self.lock:
                self.left = -sys.maxsize
            raise
        finally:
            for worker in workers:
                worker.join()
        return self.tally

    def close(self) -> None:
        """Ends nodes and host; every image must have come back."""
        for node in self.nodes:
            node.destroy()
        assert self.host.unload() == abi.OK


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--host", choices=sorted(BY_NAME), default=PLAIN.name, help="which host is played")
    parser.add_argument("--bundle", type=Path, default=Path("build/ofx/Art3D.ofx.bundle"))
    args = parser.parse_args()
    # A sanitizer's runtime is preloaded into this process; the server is not under test.
    os.environ.pop("LD_PRELOAD", None)
    with tempfile.TemporaryDirectory(prefix="art3d-stress-") as folder:
        Path(folder).chmod(0o700)
        server = Server(Path(folder))
        stress = Stress(args.bundle.resolve(), server, args.seed, args.threads, BY_NAME[args.host])
        started = time.monotonic()
        tally = stress.run(args.count, args.kills)
        stress.close()
        server.stop()
    print(f"{args.count} renders in {time.monotonic() - started:.1f} s: {tally}")
    assert tally.wrong == 0


if __name__ == "__main__":
    main()
