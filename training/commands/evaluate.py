"""`art3d-train evaluate`: styles against films they have not seen."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from host_bridge.core.errors import BadInputError
from training.config import CurateConfig
from training.limits import CHOICES

if TYPE_CHECKING:
    from art3d_node.models.style_file import StyleCard

HELP = "measure styles on curated films"
NEUTRAL = "neutral"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "shards",
        type=Path,
        nargs="+",
        metavar="SHARDS|STYLE",
        help="folders of shards and NAME.style files; neutral is always shown",
    )
    parser.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="write text, JSON and a page there")
    parser.add_argument("--unseen", action="store_true", help="leave out the shots that these styles learned from")
    parser.add_argument("--ddc", default=CurateConfig.ddc, choices=CHOICES["ddc"])


def run(args: argparse.Namespace) -> int:
    """Measures, prints the table, writes the report."""
    styles = [path for path in args.shards if path.suffix == ".style"]
    folders = [path for path in args.shards if path.suffix != ".style"]
    if not styles or not folders:
        raise BadInputError("names no style" if folders else "names no shards",
                            remedy="say evaluate SHARDS STYLE.style", where="evaluate")  # fmt: skip
    # Imported here: torch and its company would cost `--help` seconds.
    from art3d_node.models.camera_net import CameraNet
    from art3d_node.models.style_file import load_style_file
    from training.figures import measure
    from training.provenance import Trained
    from training.report import Judged, caveats, text_table, write_report
    from training.shards import index

    entries = [entry for folder in folders for entry in index(folder)]
    loaded = [load_style_file(path) for path in styles]
    names = style_names(styles, [card for card, _ in loaded])
    trained = {name: Trained(card) for name, (card, _) in zip(names, loaded, strict=True)}
    if args.unseen:
        entries = [entry for entry in entries if not any(entry in each for each in trained.values())]
        if not entries:
            raise BadInputError("these styles learned from every shot of these shards", remedy="curate other films",
                                where="--unseen")  # fmt: skip
    size = max(card.input_size for card, _ in loaded)
    nets = {NEUTRAL: CameraNet(), **{name: net for name, (_, net) in zip(names, loaded, strict=True)}}
    sizes = {name: card.input_size for name, (card, _) in zip(names, loaded, strict=True)}
    table = {
        name: measure(net, entries, size_px=sizes.get(name, size), reading=args.ddc, trained=trained.get(name, ()))
        for name, net in nets.items()
    }
    judged = Judged(table, nets, entries, size, args.ddc, tuple(n for n, each in trained.items() if not each.is_known))
    print(text_table(table, reading=args.ddc))
    for line in caveats(judged):
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(line, style="bold red")
    if args.out:
        write_report(args.out, judged)
    return 0


def style_names(paths: Sequence[Path], cards: Sequence[StyleCard]) -> list[str]:
    """A name for each style: its file's, with the card's id where several files have one name, or it is taken.

    Raises:
        BadInputError: one style is named twice.
    """
    ids = [card.id for card in cards]
    if twice := [path for i, path in enumerate(paths) if ids[i] in ids[:i]]:
        raise BadInputError("is the same style as one before it", remedy="name each once", where=str(twice[0]))
    stems = [path.stem for path in paths]
    single: Mapping[str, bool] = {stem: stems.count(stem) == 1 and stem != NEUTRAL for stem in stems}
    return [stem if single[stem] else f"{stem} {card.id[:6]}" for stem, card in zip(stems, cards, strict=True)]
