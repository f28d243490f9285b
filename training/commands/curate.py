"""`art3d-train curate`: stereo films into shards."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES, BadInputError
from training.assignment import FilmSpec, Part
from training.commands.options import add_config, read_config
from training.commands.progress import Stages, progress_bar
from training.config import CurateConfig
from training.explain import costliest
from training.layouts import LAYOUTS

EXIT_NOTHING_KEPT = 5
HELP = "curate stereo films into shards of training pairs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("films", nargs="+", metavar="FILM", help="video, still, MPO, EXR pattern, or LEFT::RIGHT")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="SHARDS")
    parser.add_argument("--style", default="style", help="style of these films; `film` makes one per film")
    parser.add_argument("--layout", default="auto", choices=("auto", *LAYOUTS))
    parser.add_argument(
        "--rights",
        action="append",
        default=[],
        metavar="TEXT",
        help="what may be done with these films, for the style's card; FILM=TEXT for one of several",
    )
    parser.add_argument(
        "--right-late", type=int, default=0, metavar="FRAMES", help="the right eye comes so late (< 0: the left)"
    )
    parser.add_argument("--swap-eyes", action="store_true", help="the right eye was delivered first")
    parser.add_argument("--input-space", default="auto", help="colour space of scene-linear plates")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="do part I of N, for a farm")
    parser.add_argument("--may-keep-nothing", action="store_true", help="keeping no pair is no failure, as of one part")
    parser.add_argument("--workers", type=int, default=0, help="pairs measured side by side (default: one a core)")
    parser.add_argument("--stereo-weights", type=Path, metavar="FILE", help="checkpoint for --stereo sea-raft")
    parser.add_argument("--mask-models", type=Path, metavar="FOLDER", help="models for --masks grounding")
    parser.add_argument("--device", default="cpu", help="torch device of the networks: depth, matcher, masks")
    add_config(parser, CurateConfig)


def run(args: argparse.Namespace) -> int:
    """Curates, draws the contact sheet, prints what was kept and why the rest was not."""
    config = read_config(args, CurateConfig)
    # Imported here: torch and its company would cost `--help` seconds.
    from training.contact import contact_sheet, pairs_page
    from training.curate import curate
    from training.depth import Depth
    from training.devices import device_named
    from training.masks import mask_source
    from training.pairs import Bench
    from training.stereo_net import stereo_net

    device = device_named(args.device)
    reach_px = round(config.reach_pct / 100 * config.size_px)
    bench = Bench(
        config,
        stereo_net(config.stereo, weights=args.stereo_weights, device=args.device, reach_px=reach_px),
        Depth(config.depth, device=device),
        mask_source(config.masks, prompts=config.prompts, folder=args.mask_models, device=args.device),
    )
    films = films_of(args)
    _refuse_beside_late(args, config)
    stages = Stages()
    with progress_bar() as bar:
        task = bar.add_task("scanning films", total=None)

        def progress(done: int, total: int) -> None:
            stages.measured(done)
            bar.update(task, description="pairs", completed=done, total=total)

        def watching(what: str, done: int, total: int | None) -> None:
            stages.looked_at(what, done)
            bar.update(task, description=what, completed=done, total=total)

        part = _part(args.part)
        manifest = curate(films, args.out, bench, part=part, workers=args.workers, progress=progress, watching=watching)
    contact_sheet(args.out)
    page = pairs_page(args.out)
    _print_summary(manifest)
    if line := stages.summary():
        print(line)
    print(f"look at every pair: {page}")
    _ask_for_rights(manifest)
    for line in manifest["faults"].values():
        print(f"art3d-train: {line}", file=sys.stderr)
    if manifest["faults"]:
        print(f"{len(manifest['faults'])} of {len(films)} films have faults; the rest was used", file=sys.stderr)
    if not manifest["samples"] and not args.may_keep_nothing:
        return EXIT_NOTHING_KEPT
    return EXIT_SOME_FRAMES if manifest["faults"] else EXIT_OK


def films_of(args: argparse.Namespace) -> list[FilmSpec]:
    """The films of a command line, each with its note of rights."""
    noted = {}
    for text in args.rights:
        film, _, note = text.partition("=")
        noted.update({film: note} if film in args.films else dict.fromkeys(args.films, text))
    return [
        FilmSpec(
            spec,
            Path(spec.split("::")[0]).stem if args.style == "film" else args.style,
            args.layout,
            args.swap_eyes,
            args.input_space,
            args.right_late,
            noted.get(spec, ""),
        )
        for spec in args.films
    ]


def _refuse_beside_late(args: argparse.Namespace, config: CurateConfig) -> None:
    if args.right_late and (config.depth == "sidecar" or config.masks == "mattes"):
        raise BadInputError(
            "depth and mattes beside a film are of frames in step",
            remedy="bring its eyes in step first",
            where="--right-late",
        )


def _ask_for_rights(manifest: dict[str, Any]) -> None:
    silent = [film["spec"] for film in manifest["films"] if not film["rights"]]
    if silent:
        more = f" and {len(silent) - 1} more" if len(silent) > 1 else ""
        print(f"no rights are noted for {silent[0]}{more}; run again with --rights TEXT for the style's card")


def _part(text: str) -> Part:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise BadInputError(f"{text!r} is not I/N with 1 <= I <= N", where="--part")
    return Part(int(found[1]), int(found[2]))


def _print_summary(manifest: dict[str, Any]) -> None:
    facts = manifest["statistics"]
    print(f"kept {facts['kept']}, rejected {facts['rejected']}: {json.dumps(facts['rejects'])}")
    for name in ("fit_scale_px", "fit_shift_px", "ddc"):
        if name in facts["figures"]:
            value = facts["figures"][name]
            print(f"{name:14} {value['mean']:8.2f} ± {value['std']:.2f}")
    if facts["pairs_at_ddc"]:
        print("pairs at DDC-IoU " + ", ".join(f"≥ {least}: {n}" for least, n in facts["pairs_at_ddc"].items()))
    if line := costliest(manifest["rejects"]):
        print(line)
    for note in manifest["notes"]:
        print(note)
