"""This version and an earlier one in one run, round by round in turn: ratios that a machine's moods do not reach.

python -m benchmarks.against [--before REVISION] [--only moves,tiles,knobs,render-aov,render-mini] [--rounds N]

Both run in this environment. Two rounds of each job do not count: after them memory and caches are warm, and what an
earlier version compiles is compiled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._versions import HERE, unpack

BEFORE = "7c74abe"  # 0.1.0
WARMING = 2
ROUNDS = {"moves": 60, "tiles": 12, "knobs": 40, "render-aov": 3, "render-mini": 3}


class Version:
    """A process that does rounds of a job with one checkout."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.taken: dict[str, list[float]] = {}

    def step(self, *, counts: bool = True) -> None:
        """Does a round.

        Raises:
            SystemExit: the process has ended.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the benchmark in {self._process.args!r} ended with {self._process.wait()}")
        for name, ms in json.loads(answer).items():
            if counts:
                self.taken.setdefault(name, []).append(ms)


@contextlib.contextmanager
def version(checkout: Path, job: str, plates: Path) -> Iterator[Version]:
    """Its process, with runtime files of its own."""
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as runtime:
        words = [sys.executable, "-m", "benchmarks._rounds", job, str(plates)]
        surroundings = {**os.environ, "PYTHONPATH": str(checkout), "XDG_RUNTIME_DIR": runtime}
        with subprocess.Popen(
            words, cwd=checkout, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield Version(process)


def compare(before: Path, job: str, rounds: int, plates: Path) -> Iterator[tuple[str, float, float, float, int]]:
    """Rows: what, median ms before, median ms here, the median of the rounds' ratios, rounds."""
    with version(before, job, plates) as old, version(HERE, job, plates) as new:
        for index in range(WARMING + rounds):
            for each in (old, new) if index % 2 else (new, old):
                each.step(counts=index >= WARMING)
    for name, olds in old.taken.items():
        news = new.taken[name]
        ratio = statistics.median(b / a for a, b in zip(olds, news, strict=True))
        yield name, statistics.median(olds), statistics.median(news), ratio, len(news)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default=BEFORE, metavar="REVISION")
    parser.add_argument("--only", default=",".join(ROUNDS), help="jobs, with commas between them")
    parser.add_argument("--rounds", type=int, default=0, help="of every job, instead of its own number")
    parser.add_argument("--plates", type=Path, default=Path(os.environ.get("ART3D_PLATES", "../shared/plates")))
    chosen = parser.parse_args()
    table = Table(title=f"{os.cpu_count()} cores, {chosen.before} and this version in turn; ms by the median")
    for column in ("", "before", "this", "this/before", "rounds"):
        table.add_column(column, justify="right" if column else "left")
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as text:
        before = unpack(chosen.before, Path(text), "_rounds.py")
        for job in chosen.only.split(","):
            rounds = chosen.rounds or ROUNDS[job]
            for name, old, new, ratio, count in compare(before, job, rounds, chosen.plates.resolve()):
                table.add_row(name, f"{old:.1f}", f"{new:.1f}", f"{ratio:.2f}", str(count))
    Console().print(table)


if __name__ == "__main__":
    main()
