"""What do the styles do to plates? Their s and t beside what their cards say, parallax, and the depth budget.

    python -m benchmarks.styles [FOLDER ...] [--depth mini] [--styles gentle,popout,neutral,immersive]

Every picture of the folders is staged by every style, knobs at rest. s, t and parallax are in % of picture width,
parallax > 0 behind the screen, from every pixel. A picture keeps the order of two styles when their own s (or t) on it
are ordered as those on their cards.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from art3d_node.analysis import stage
from art3d_node.estimate import estimate_depth
from art3d_node.library import Library
from art3d_node.models.styles import list_styles
from art3d_node.prepared import prepare
from host_bridge.commands.contact_sheet import pictures_in
from host_bridge.core.params import Controls
from host_bridge.io.plates import read_plate
from host_bridge.wire.settings import AnalysisSettings

PLATES = Path(__file__).resolve().parents[2] / "shared" / "plates"
FOLDERS = ("photos_free", "kodak", "film_frames/tos_shot_a", "exr_photos")
ROUNDING_PCT = 1e-4


@dataclass(frozen=True)
class Staged:
    """One style on one picture; all in % of picture width.

    Attributes:
        scale, shift: s and t.
        nearest, farthest: parallax of the nearest and of the farthest pixel.
        p1, p99: its percentiles.
    """

    scale: float
    shift: float
    nearest: float
    farthest: float
    p1: float
    p99: float


def staged(path: Path, styles: Sequence[str], depth: str, library: Library) -> Iterator[Staged]:
    """One picture by each style; its depth is estimated once."""
    frame = read_plate(path).frame
    raw = estimate_depth(frame, AnalysisSettings(depth=depth), library)
    for style in styles:
        analysis = stage(frame, raw, AnalysisSettings(depth=depth, style=style), library)
        disparity = prepare(frame, analysis, Controls()).disparity_px(0, frame.data.height)
        parallax = disparity.numpy().ravel() * (-100.0 / frame.picture_width)
        p1, p99 = np.quantile(parallax, (0.01, 0.99))
        yield Staged(
            100 * analysis.fit_scale, 100 * analysis.fit_shift, parallax.min(), parallax.max(), float(p1), float(p99)
        )


def row(found: Sequence[Staged], limits: Controls) -> tuple[str, ...]:
    """The figures of one style on one folder as text."""
    values = np.array([(f.scale, f.shift, f.p1, f.p99) for f in found])
    over = sum(
        f.nearest < -limits.budget_front - ROUNDING_PCT or f.farthest > limits.budget_behind + ROUNDING_PCT
        for f in found
    )
    means, spread = values.mean(0), values.std(0)
    return (
        f"{means[0]:.2f} ± {spread[0]:.2f}",
        f"{means[1]:+.2f} ± {spread[1]:.2f}",
        f"{means[2]:+.2f} … {means[3]:+.2f}",
        f"{min(f.nearest for f in found):+.2f} … {max(f.farthest for f in found):+.2f}",
        str(over),
    )


def order(by_style: dict[str, list[Staged]], cards: dict[str, float], field: str) -> list[str]:
    """For neighbours in the order of the cards: on how many pictures that order holds."""
    lines = []
    for low, high in pairwise(sorted(by_style, key=lambda name: cards[name])):
        pairs = list(zip(by_style[low], by_style[high], strict=True))
        kept = sum(getattr(a, field) < getattr(b, field) for a, b in pairs)
        lines.append(f"{low} ({100 * cards[low]:+.2f}) < {high} ({100 * cards[high]:+.2f}): {kept} of {len(pairs)}")
    return lines


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[PLATES / name for name in FOLDERS])
    parser.add_argument("--depth", default="mini")
    parser.add_argument("--styles", default="gentle,popout,neutral,immersive")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    styles, library, limits = args.styles.split(","), Library(open_paths=True), Controls()
    table = Table(title=f"depth budget −{limits.budget_front} … +{limits.budget_behind} %, --depth {args.depth}")
    for title in ("folder", "pictures", "style", "s", "t", "mean of p1 … p99", "nearest … farthest", "over budget"):
        table.add_column(title)
    whole: dict[str, list[Staged]] = {style: [] for style in styles}
    for folder in args.folders:
        rows = [list(staged(path, styles, args.depth, library)) for path in pictures_in(folder)]
        for style, found in zip(styles, zip(*rows, strict=True), strict=True):
            table.add_row(folder.name, str(len(rows)), style, *row(found, limits))
            whole[style] += found
        table.add_section()
    for style, of_all in whole.items():
        table.add_row("all", str(len(of_all)), style, *row(of_all, limits))
    Console(width=150).print(table)
    statistics = {card.name: card.statistics for card in list_styles()}
    for field, key in (("scale", "s_mean"), ("shift", "t_mean")):
        print(f"{key[0]} in the order of the cards:")
        for line in order(whole, {style: statistics[style][key] for style in styles}, field):
            print(f"  {line}")


if __name__ == "__main__":
    main()
