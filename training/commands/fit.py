"""`art3d-train fit`: shards into a style."""

from __future__ import annotations

import argparse
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_bridge.core.errors import BadInputError, StyleError
from training import locks
from training.commands.options import add_config, read_config
from training.commands.progress import progress_bar
from training.config import RECIPES, FitConfig

if TYPE_CHECKING:
    from lightning.fabric import Fabric

    from art3d_node.models.camera_net import CameraNet
    from art3d_node.models.style_file import StyleCard
    from training.export import CardFields
    from training.fit import Progress
    from training.mlflow_run import MLflowRun
    from training.plate_preview import PlatePreview
    from training.provenance import Ingredients
    from training.shards import Entry

HELP = "train a style on shards"
DEFAULT_RECIPE = "studio"
LICENCE = "as the films'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("shards", type=Path, nargs="*", metavar="SHARDS")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="STYLE", help="NAME.style, or a folder")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help=f"(default: {DEFAULT_RECIPE})")
    parser.add_argument("--like", type=Path, metavar="STYLE", help="start the run that made this style")
    parser.add_argument("--other-shards", action="store_true", help="of --like take the settings alone")
    parser.add_argument("--from", dest="start", type=Path, metavar="STYLE", help="fine-tune this style")
    parser.add_argument("--each", action="store_true", help="one style per style name in the shards, into a folder")
    parser.add_argument("--licence", help=f"for the style's card (default: {LICENCE})")
    parser.add_argument("--training-data", metavar="TEXT", help="for the style's card, before the pairs and films")
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--devices", default="auto")
    parser.add_argument("--preview", type=Path, metavar="PLATE", help="stage this plate while training, into NAME.run")
    parser.add_argument("--preview-every", type=int, default=100, metavar="STEPS", help="(default: %(default)s)")
    parser.add_argument("--mlflow", metavar="ADDRESS", help="tracking server that has the curves too: http://host:5000")
    parser.add_argument("--workers", type=int, default=0, help="processes that read shards")
    add_config(parser, FitConfig)


def run(args: argparse.Namespace) -> int:
    """Trains one style, or each; keeps checkpoints and curves beside it."""
    if args.workers < 0:
        raise BadInputError(f"{args.workers} is not usable", remedy="at least 0", where="--workers")
    read_config(args, FitConfig)  # refuses bad values before torch is loaded
    # Imported here: torch and its company would cost `--help` seconds.
    from lightning.fabric import Fabric
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    from training.fit import groups
    from training.provenance import depth_source
    from training.shards import index, validate_shards

    like = _follow(args)
    if not args.shards:
        raise BadInputError("no shards are named", remedy="name their folders, or --like STYLE", where="fit")
    _validate_folders(args.shards)
    config = read_config(args, FitConfig, like or RECIPES[args.recipe])
    entries = [entry for folder in args.shards for entry in index(folder)]
    for folder in args.shards:
        validate_shards(folder)
    args.shown = _preview(args, depth_source(args.shards))
    try:
        fabric = Fabric(
            accelerator=args.accelerator,
            devices=_devices(args.devices),
            precision=config.precision,
        )
    except (RuntimeError, TypeError, ValueError, MisconfigurationException) as error:
        raise BadInputError(f"{args.accelerator} {args.devices}: {error}", where="--accelerator, --devices",
                            remedy="leave both out, or say cpu or cuda, and how many") from error  # fmt: skip
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    fabric.launch()
    if args.each:
        found = [(args.out / f"{style}.style", style_entries, style) for style, style_entries in groups(entries)]
    else:
        found = [(args.out, [entry for entry in entries if args.group in ("", entry.row["style"])], args.group)]
    for out, _, _ in found:
        _validate_out(out)
    for out, style_entries, group in found:
        _one(args, config, fabric, out, style_entries, group=group)
    return 0


def _validate_folders(folders: Sequence[Path]) -> None:
    seen = [folder.resolve() for folder in folders]
    for folder in folders:
        if seen.count(folder.resolve()) > 1:
            raise BadInputError("is named twice, so its pairs would count twice", where=str(folder),
                                remedy="name every folder once")  # fmt: skip


def _validate_out(out: Path) -> None:
    """Refuses, before anything is trained, a file that cannot be the style's, and a run that cannot lie beside it."""
    from art3d_node.models.style_file import is_style_name

    if out.suffix != ".style" or out.is_dir():
        raise BadInputError("a style is written to NAME.style", where=str(out), remedy="or use --each with a folder")
    if not is_style_name(out.stem):
        raise BadInputError(f"a style cannot be called {out.stem!r}", where=str(out),
                            remedy="take at most 64 of a-z, A-Z, 0-9, _, -, . and spaces between them")  # fmt: skip
    folder = out.with_suffix(".run")
    if folder.exists() and not folder.is_dir():
        raise BadInputError("is a file, where checkpoints are kept", where=str(folder), remedy="move it away")


def _preview(args: argparse.Namespace, depth: str) -> PlatePreview | None:
    from training.plate_preview import plate_preview

    if args.preview_every < 1:
        raise BadInputError(f"{args.preview_every} is not usable", remedy="at least 1", where="--preview-every")
    return plate_preview(args.preview, depth, args.preview_every) if args.preview else None


def _mlflow(args: argparse.Namespace, folder: Path, config: FitConfig, fabric: Fabric) -> MLflowRun | None:
    from training.mlflow_run import MLflowRun

    if not args.mlflow or not fabric.is_global_zero:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return MLflowRun(folder, args.mlflow, {"recipe": args.recipe, **asdict(config)})


def _follow(args: argparse.Namespace) -> dict[str, Any]:
    """Fill what --like says into the words that were not given; returns its options, {} without it."""
    args.group = ""
    like: dict[str, Any] = {}
    if args.like:
        from art3d_node.models.style_file import load_style_file
        from training.provenance import made_from, refuse_other_shards

        card, _ = load_style_file(args.like)
        like = dict(made_from(card))
        if args.each or args.recipe:
            raise BadInputError("goes with neither --each nor --recipe", where="--like")
        args.shards = args.shards or [Path(name) for name in dict.fromkeys(row["folder"] for row in like["shards"])]
        args.group = like["group"]
        if not args.other_shards:
            refuse_other_shards(card, args.shards)
        if like["parents"] and not args.start:
            args.start = _find_parent(like["parents"][0], args.like)
    args.recipe = args.recipe or like.get("recipe", DEFAULT_RECIPE)
    args.licence = args.licence or like.get("licence", LICENCE)
    args.training_data = args.training_data or like.get("training_data", "")
    return dict(like.get("options", {}))


def _find_parent(parent: dict[str, str], like: Path) -> Path:
    """The style that a run started from, by id: beside the style, or where styles are looked for."""
    from art3d_node.models.style_file import read_card
    from art3d_node.models.styles import style_folders

    for folder in (like.parent, *style_folders()):
        for file in sorted(folder.glob("*.style")):
            try:
                if read_card(file).id == parent["id"]:
                    return file
            except StyleError:
                continue
    raise BadInputError(
        f"started from the style {parent['name']} ({parent['id']}), which is not here", remedy="name it with --from",
        where=str(like),
    )  # fmt: skip


def _devices(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def _one(
    args: argparse.Namespace, config: FitConfig, fabric: Fabric, out: Path, entries: Sequence[Entry], *, group: str
) -> None:
    from art3d_node.models.style_file import load_style_file
    from training.dataset import split_by_shot
    from training.export import validate_fields
    from training.fit import Observers, fit
    from training.provenance import Ingredients

    began = time.time()
    parent, start = load_style_file(args.start) if args.start else (None, None)
    if parent and start:
        config = replace(config, size_px=parent.input_size, width=start.width)
    train, held = split_by_shot(entries, config.held_out)
    made_of = Ingredients(
        args.recipe, config, group, args.shards, train, held, parent, args.licence, args.training_data
    )
    about = _card_fields(out, made_of)
    try:
        validate_fields(out, about, width=config.width)
    except StyleError as error:
        raise BadInputError(f"the style would not load: {error.message}", where=str(out),
                            remedy="change the option that it comes from")  from error  # fmt: skip
    mlflow = _mlflow(args, out.with_suffix(".run"), config, fabric)
    with _alone_with(out.with_suffix(".run"), fabric), progress_bar() as bar:
        task = bar.add_task(out.stem, total=None)

        def report(now: Progress) -> None:
            words = f"{out.stem} loss {now.losses['total']:.3f}"
            bar.update(task, description=words, completed=now.step, total=now.steps)

        net = fit(
            entries,
            config,
            out.with_suffix(".run"),
            fabric=fabric,
            start=start,
            workers=args.workers,
            observers=Observers(report, args.shown, mlflow),
        )
    if fabric.is_global_zero:
        _print_summary(out, _ship(out, net, made_of, about, fabric, began), made_of)


@contextlib.contextmanager
def _alone_with(folder: Path, fabric: Fabric) -> Iterator[None]:
    """Keeps a second command out of a run's folder; the processes of one command share it."""
    if not fabric.is_global_zero:
        yield
        return
    try:
        with locks.held(folder / "fit.lock", wait=False):
            yield
    except locks.BusyError:
        raise BadInputError("another process trains into this folder", where=str(folder),
                            remedy="wait for its end, or choose another output") from None  # fmt: skip


def _card_fields(out: Path, made_of: Ingredients) -> CardFields:
    """What the card says, as far as it is known before the training."""
    from art3d_node.models.style_file import MAX_TEXT
    from training.export import CardFields
    from training.provenance import depth_source, provenance

    pairs = [*made_of.train, *made_of.held]
    films = ", ".join(sorted({entry.row["film"] for entry in pairs}))
    return CardFields(
        name=out.stem,
        input_size=made_of.config.size_px,
        depth_source=depth_source(made_of.folders),
        training_data=f"{made_of.training_data} {len(pairs)} pairs of {films}".strip()[:MAX_TEXT],
        licence=made_of.licence,
        provenance=provenance(made_of),
    )


def _ship(
    out: Path, net: CameraNet, made_of: Ingredients, about: CardFields, fabric: Fabric, began: float
) -> StyleCard:
    import torch

    from training.export import thumbnail, write_style
    from training.figures import measure
    from training.provenance import made

    held, size_px = made_of.held, made_of.config.size_px
    accelerator = torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else fabric.device.type
    about = replace(
        about,
        thumbnail=thumbnail(net, [*held, *made_of.train][0], size_px),
        made=made(began, accelerator=accelerator, processes=fabric.world_size, threads=torch.get_num_threads()),
    )
    return write_style(out, net, about, rows=measure(net, held, size_px=size_px) if held else [])


def _print_summary(out: Path, card: StyleCard, made_of: Ingredients) -> None:
    pairs = len(made_of.train) + len(made_of.held)
    print(f"{out}: style {card.id}, {pairs} pairs, {len(made_of.held)} held out")
    if not made_of.held:
        print("  no shot was kept aside: its card has no figures, and only other films can judge it")
    for name in ("s_wasserstein_px", "t_wasserstein_px", "pop_out_recall", "ddc_right_eye", "ddc_right"):
        if name in card.metrics:
            print(f"  {name:18} {card.metrics[name]:.3f}")
