"""One stereo EXR of 1080p, written by this version and by an earlier one in turn: CPU seconds, size, ratio.

python -m benchmarks.writing [--before REVISION] [--times 4] [--rounds 3]

The plate is that of `benchmarks.render_1080p`, with Z and without; the result is made of it, without a server.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._versions import HERE, unpack
from benchmarks.render_1080p import plate

# The last one that packed every part anew.
BEFORE = "089138d"
MOST_RATIO = 0.6


def turns(tree: Path, source: Path, out: Path, times: int) -> list[Mapping[str, float]]:
    """What one version takes, after a warm-up."""
    words = [sys.executable, "-m", "benchmarks._write", str(source), str(out), "--times", str(times + 1)]
    done = subprocess.run(
        words, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True
    )
    measured: list[Mapping[str, float]] = json.loads(done.stdout)
    return measured[1:]


def bench() -> None:
    """Makes the plates, measures both versions in turn, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", default=BEFORE, metavar="REVISION")
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    table = Table(title=f"writing one stereo EXR of 1080p, {os.cpu_count()} cores, best of {args.rounds * args.times}")
    for column in ("plate", "version", "CPU s", "wall s", "MiB", "ratio of CPU"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as text:
        folder = Path(text)
        trees = {args.before: unpack(args.before, folder / "before", "_write.py"), "this": HERE}
        for name, with_z in (("RGBA and Z", True), ("RGB", False)):
            plate(folder / name, 1, with_z=with_z, seed=1)
            out = folder / "out.exr"
            found: dict[str, list[Mapping[str, float]]] = {version: [] for version in trees}
            sizes = {}
            for _ in range(args.rounds):
                for version, tree in trees.items():
                    found[version] += turns(tree, folder / name / "plate.1001.exr", out, args.times)
                    sizes[version] = out.stat().st_size / 2**20
            best = {v: min(t["cpu_s"] for t in each) for v, each in found.items()}
            for version, each in found.items():
                ratio = best[version] / best[args.before]
                said = f"{ratio:.2f}{'' if version != 'this' or ratio <= MOST_RATIO else ' (too much)'}"
                wall = min(t["wall_s"] for t in each)
                table.add_row(name, version, f"{best[version]:.3f}", f"{wall:.3f}", f"{sizes[version]:.1f}", said)
    Console().print(table)


if __name__ == "__main__":
    bench()
