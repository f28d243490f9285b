"""A night on a farm: many small frames on four processes while someone kills renders, workers and servers.

    python -m benchmarks.farm_night [--frames 1000] [--processes 4] [--chunk 25] [--every 12] [--seed 1]

The plate is rendered once undisturbed. Then its shot is analysed and its chunks are rendered again, each by an
`art3d render` of its own, while SIGKILL hits one to three processes after every `--every` frames or so: commands,
workers, the process that serves, or the one that keeps watch. (Frames, not seconds: on a busy machine kills by the
clock come faster than a server starts.) A chunk whose command was killed, or that ended with the exit code for a failed
server, goes back into the queue, as docs/farm.md tells a farm to do. It holds when every file has the same bytes, no
temporary file is left, and no command ended with any other exit code. Fails otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.long_shot import ART3D, make_plate
from host_bridge.core.atomic import MARK

SIZE = (32, 24)
FIRST = 1001
AGAIN = (-signal.SIGKILL, 3)
"""Ends after which a farm tries once more: killed, or the server failed."""
LIMIT_S = 1500.0


@dataclass
class Night:
    """What happened.

    Attributes:
        kills: killed processes by kind.
        ends: exit codes of the commands, −9 for a killed one.
        said: last line of a command that ended with a code that no farm expects.
        running: commands that run now.
    """

    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[int] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    running: set[int] = field(default_factory=set)


def command(night: Night, words: Sequence[str]) -> int:
    """Runs an `art3d` command; its exit code."""
    with subprocess.Popen([*ART3D, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        night.running.add(process.pid)
        _, said = process.communicate()
        night.running.discard(process.pid)
    night.ends[process.returncode] += 1
    print(f"{words[0]} {words[-1]}: {process.returncode}", file=sys.stderr, flush=True)
    if process.returncode not in (0, *AGAIN):
        night.said.append((said.strip().splitlines() or ["it said nothing"])[-1])
    return process.returncode


def server_processes(runtime: Path) -> dict[str, list[int]]:
    """The processes of the servers that live in a runtime folder, by kind."""
    found: dict[str, list[int]] = {"worker": [], "server": [], "watch": []}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "art3d_node.server" not in words or not any(str(runtime) in word for word in words):
            continue
        with contextlib.suppress(psutil.Error):
            parent = process.parent()
            kind = "server" if parent is not None and "art3d_node.server" in parent.cmdline() else "watch"
            found[kind].append(process.pid)
            found["worker"] += [c.pid for c in process.children() if any("worker" in w for w in c.cmdline())]
    return found


def kill_now_and_then(night: Night, folder: Path, every: int, seed: int, over: threading.Event) -> None:
    """Kills a few processes, and again whenever enough frames have come since, until the night is over."""
    dice = random.Random(seed)
    done, wanted = 0, -1
    while not over.wait(0.1):
        done = len(list(folder.glob("night/o.*.exr")))
        if done <= wanted:
            continue
        for _ in range(dice.choice((1, 1, 2, 3))):
            over.wait(dice.uniform(0.0, 2.0))
            kill_one(night, folder / "r", dice)
        wanted = done + dice.randint(1, 2 * every)


def kill_one(night: Night, runtime: Path, dice: random.Random) -> None:
    """SIGKILL to a command or a process of the server."""
    kind = dice.choice(("command", "command", "worker", "server", "watch"))
    victims = sorted(night.running) if kind == "command" else server_processes(runtime)[kind]
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(victims), signal.SIGKILL)
            night.kills[kind] += 1


def chunks(frames: int, size: int) -> Iterator[str]:
    """The chunks as `--frames` spells them."""
    for start in range(FIRST, FIRST + frames, size):
        yield f"{start}-{min(start + size, FIRST + frames) - 1}"


def night_of(args: argparse.Namespace, folder: Path, render: Sequence[str]) -> tuple[Night, float]:
    """The disturbed run: the analysis, then every chunk, until all have ended well."""
    night, over = Night(), threading.Event()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    started = time.perf_counter()
    killing = (night, folder, args.every, args.seed, over)
    killer = threading.Thread(target=kill_now_and_then, args=killing)
    killer.start()

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while not over.is_set():
                chunk = waiting.get_nowait()
                if command(night, [*render, "--frames", chunk]) in AGAIN:
                    waiting.put(chunk)

    try:
        shot = render[render.index("--shot") + 1]
        while command(night, ["analyse", render[1], "-o", shot, "--depth", "aov"]) in AGAIN:
            pass
        for chunk in chunks(args.frames, args.chunk):
            waiting.put(chunk)
        threads = [threading.Thread(target=work) for _ in range(args.processes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(1.0, LIMIT_S - (time.perf_counter() - started)))
    finally:
        over.set()
        killer.join()
    return night, time.perf_counter() - started


def hashes(folder: Path) -> dict[str, str]:
    """File name → sha256 of its bytes."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("o.*.exr"))}


def main() -> int:
    """Runs both and prints the table; 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--chunk", type=int, default=25)
    parser.add_argument("--every", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="art3d-night-") as name:
        folder = Path(name)
        for part in ("r", "quiet", "night"):
            (folder / part).mkdir(mode=0o700)
        os.environ["ART3D_RUNTIME_DIR"] = str(folder / "r")
        make_plate(folder, *SIZE, args.frames)

        def render(out: str) -> list[str]:
            words = ["render", str(folder / "p.####.exr"), "-o", str(folder / out / "o.####.exr"), "--depth", "aov"]
            return [*words, "--shot", str(folder / out / "shot.art3d")]

        try:
            quiet = Night()
            command(quiet, ["analyse", render("quiet")[1], "-o", render("quiet")[-1], "--depth", "aov"])
            command(quiet, render("quiet"))
            night, wall_s = night_of(args, folder, render("night"))
        finally:
            subprocess.run([*ART3D, "stop"], stdout=subprocess.DEVNULL, check=False)
        return report(args, quiet, night, wall_s, folder)


def report(args: argparse.Namespace, quiet: Night, night: Night, wall_s: float, folder: Path) -> int:
    """Prints the table; 0 when all held."""
    wanted, found = hashes(folder / "quiet"), hashes(folder / "night")
    same = sum(found.get(name) == digest for name, digest in wanted.items())
    left = [path.name for path in (folder / "night").iterdir() if MARK in path.name]
    table = Table(title=f"{args.frames} frames of {SIZE[0]}×{SIZE[1]}, {args.processes} processes, {wall_s:.0f} s")
    table.add_column("what")
    table.add_column("count", justify="right")
    for kind, count in sorted(night.kills.items()):
        table.add_row(f"killed: {kind}", str(count))
    for code, count in sorted(night.ends.items()):
        table.add_row("commands killed" if code < 0 else f"commands with exit code {code}", str(count))
    table.add_row("frames with the bytes of an undisturbed run", f"{same} of {args.frames}")
    table.add_row("other files among the frames", str(len(found.keys() - wanted.keys())))
    table.add_row("temporary files left", str(len(left)))
    Console().print(table)
    for line in (*quiet.said, *night.said):
        print(line)
    held = same == args.frames == len(found) and not left and not night.said and not quiet.said
    print("all held" if held else "SOMETHING DID NOT HOLD")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
