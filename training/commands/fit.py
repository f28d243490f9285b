"""`art3d-train fit`: shards into a style."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from host_bridge.core.errors import BadInputError
from training.commands.options import add_config, progress_bar, read_config
from training.config import RECIPES, FitConfig

if TYPE_CHECKING:
    from lightning.fabric import Fabric

    from training.fit import Progress
    from training.shards import Entry

HELP = "train a style on shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("shards", type=Path, nargs="+", metavar="SHARDS")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="STYLE", help="NAME.style, or a folder")
    parser.add_argument("--recipe", default="paper", choices=tuple(RECIPES))
    parser.add_argument("--from", dest="start", type=Path, metavar="STYLE", help="fine-tune this style")
    parser.add_argument("--each", action="store_true", help="one style per style name in the shards, into a folder")
    parser.add_argument("--licence", default="as the films'", help="for the style's card")
    parser.add_argument("--training-data", metavar="TEXT", help="for the style's card, before the pairs and films")
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--devices", default="auto")
    parser.add_argument("--workers", type=int, default=0, help="processes that read shards")
    add_config(parser, FitConfig)


def run(args: argparse.Namespace) -> int:
    """Trains one style, or each; keeps checkpoints and curves beside it."""
    config = read_config(args, FitConfig, RECIPES[args.recipe])
    # Imported here: torch and its company would cost `--help` seconds.
    from lightning.fabric import Fabric

    from training.fit import groups
    from training.shards import index

    entries = [entry for folder in args.shards for entry in index(folder)]
    fabric = Fabric(
        accelerator=args.accelerator,
        devices=_devices(args.devices),
        precision=config.precision,  # type: ignore[arg-type]
    )
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    fabric.launch()
    found = list(groups(entries))
    if args.each:
        for style, mine in found:
            _one(args, config, fabric, args.out / f"{style}.style", mine)
    else:
        _one(args, config, fabric, args.out, entries)
    return 0


def _devices(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def _one(args: argparse.Namespace, config: FitConfig, fabric: Fabric, out: Path, entries: Sequence[Entry]) -> None:
    from training.export import load
    from training.fit import fit

    if out.suffix != ".style":
        raise BadInputError("a style is written to NAME.style", where=str(out), remedy="or use --each with a folder")
    start = None
    if args.start:
        card, start = load(args.start)
        config = replace(config, size_px=card.input_size, width=start.width)
    with progress_bar() as bar:
        task = bar.add_task(out.stem, total=None)

        def report(now: Progress) -> None:
            words = f"{out.stem} loss {now.losses['total']:.3f}"
            bar.update(task, description=words, completed=now.step, total=now.steps)

        net = fit(
            entries, config, out.with_suffix(".run"), fabric=fabric, start=start, workers=args.workers, report=report
        )
    if fabric.is_global_zero:
        _ship(args, config, out, entries, net)


def _ship(args: argparse.Namespace, config: FitConfig, out: Path, entries: Sequence[Entry], net: object) -> None:
    from art3d_node.models.camera_net import CameraNet
    from training.dataset import split_by_shot
    from training.export import thumbnail, write_style
    from training.figures import measure
    from training.shards import read_manifests

    assert isinstance(net, CameraNet)
    _, held = split_by_shot(entries, config.held_out)
    rows = measure(net, held, size_px=config.size_px) if held else []
    manifests = [m for folder in args.shards for m in read_manifests(folder)]
    films = sorted({film["film"] for m in manifests for film in m["films"]})
    card = write_style(
        out,
        net,
        name=out.stem,
        input_size=config.size_px,
        depth_source=str(manifests[0]["config"]["depth"]),
        rows=rows,
        training_data=f"{args.training_data or ''} {len(entries)} pairs of {', '.join(films)}".strip(),
        licence=args.licence,
        thumbnail=thumbnail(net, (held or entries)[0], config.size_px),
    )
    print(f"{out}: style {card.id}, {len(entries)} pairs, {len(rows)} held out")
    for name in ("s_wasserstein_px", "t_wasserstein_px", "pop_out_recall", "ddc_right"):
        if name in card.metrics:
            print(f"  {name:18} {card.metrics[name]:.3f}")
