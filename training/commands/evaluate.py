"""`art3d-train evaluate`: styles against films they have not seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.config import CurateConfig
from training.limits import CHOICES

HELP = "measure styles on curated films"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("shards", type=Path, metavar="SHARDS")
    parser.add_argument(
        "styles", type=Path, nargs="+", metavar="STYLE", help="NAME.style files; neutral is always shown"
    )
    parser.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="write text, JSON and a page there")
    parser.add_argument("--held-out", type=float, default=0.0, help="use only this share of shots, as fit held out")
    parser.add_argument("--ddc", default=CurateConfig.ddc, choices=CHOICES["ddc"])


def run(args: argparse.Namespace) -> int:
    """Measures, prints the table, writes the report."""
    # Imported here: torch and its company would cost `--help` seconds.
    from art3d_node.models.camera_net import CameraNet
    from training.dataset import split_by_shot
    from training.export import load
    from training.figures import measure
    from training.report import text_table, write_report
    from training.shards import index

    entries = index(args.shards)
    if args.held_out:
        entries = split_by_shot(entries, args.held_out)[1]
    loaded = {path.stem: load(path) for path in args.styles}
    size = max(card.input_size for card, _ in loaded.values())
    nets = {"neutral": CameraNet(), **{name: net for name, (_, net) in loaded.items()}}
    sizes = {name: card.input_size for name, (card, _) in loaded.items()}
    table = {name: measure(net, entries, size_px=sizes.get(name, size), reading=args.ddc) for name, net in nets.items()}
    print(text_table(table, reading=args.ddc))
    if args.out:
        write_report(args.out, table, nets, entries, size_px=size, reading=args.ddc)
    return 0
