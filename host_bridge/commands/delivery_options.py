"""The options of pictures and movies for an audience, and a delivery carried out with a bar."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES, BadInputError
from host_bridge.deliver.plan import CODECS, MOVIES, PICTURES, Delivery, plan
from host_bridge.deliver.run import carry_out
from host_bridge.deliver.signal import BT709, signal_of
from host_bridge.deliver.sound import validate_has_sound
from host_bridge.io.plates import PlateSequence
from host_bridge.review.packing import LAYOUTS
from host_bridge.review.source import StereoSource

MOST_QUALITY = 51


def add_delivery(parser: argparse.ArgumentParser) -> None:
    """How both eyes lie in an output, how it is coded, through which display."""
    group = parser.add_argument_group("delivery", "of pictures and movies; EXRs need none of it")
    group.add_argument("--layout", default="", metavar="|".join(LAYOUTS), help="default: what OUT's name tells, or sbs")
    group.add_argument("--codec", default="", metavar="|".join(CODECS), help="default: h264; .mov prores, .mxf dnxhr")
    group.add_argument("--fps", type=float, metavar="N", help="of a movie; default: the source's own, else 24")
    group.add_argument(
        "--quality", type=int, default=16, metavar="N", help="of h264 and hevc: 0 to 51, lower is better (16)"
    )
    group.add_argument("--audio", type=Path, metavar="FILE", help="whose sound is copied; default: the source's own")
    group.add_argument("--display", default="", metavar="NAME", help="of the colour config; default: its first")
    group.add_argument("--display-view", default="", metavar="NAME", help="default: un-tone-mapped where there is one")


def is_delivery(out: str) -> bool:
    """Whether a name's ending is that of a picture for an audience, or of a movie."""
    return Path(out).suffix.lower() in (*PICTURES, *MOVIES)


def delivery_of(args: argparse.Namespace, out: str, frames: int, plate: PlateSequence) -> Delivery:
    """The delivery that the options ask for.

    Args:
        args: the options.
        out: where it goes.
        frames: how many frames there are.
        plate: what the sound and the rate come from where no option says.

    Raises:
        BadInputError: options that fit neither the output nor each other.
    """
    pattern, layout, codec = plan(out, layout=args.layout, codec=args.codec, frames=frames)
    film = plate.film
    source_fps = float(film.rate) if film else 24.0
    fps = source_fps if args.fps is None else args.fps
    if not 1 <= fps <= 240 or not 0 <= args.quality <= MOST_QUALITY:
        raise BadInputError(f"{fps:g} frames a second at quality {args.quality}", where="--fps, --quality",
                            remedy="give 1 to 240, and 0 to 51")  # fmt: skip
    audio, skipped_s = args.audio, 0.0
    if audio is not None:
        validate_has_sound(audio)
    if audio is None and film is not None:
        audio, skipped_s = film.path, max(0, plate.frames[0] - plate.first) / float(film.rate)
    signal = signal_of(args.display, args.display_view) if codec else BT709
    if codec and signal.is_hdr and not codec.is_deep:
        raise BadInputError("8 bits are too few for HDR", where="--codec", remedy="take hevc, prores or dnxhr")
    return Delivery(
        pattern, layout, codec, fps, args.quality, args.display, args.display_view, audio, skipped_s, signal
    )


def deliver(source: StereoSource, delivery: Delivery, *, overwrite: bool) -> int:
    """Delivers and says what became of it; returns the exit code."""
    columns = (TextColumn("deliver"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("deliver", total=len(source.numbers) * len(delivery.views))
        failed = carry_out(source, delivery, overwrite=overwrite, done=partial(bar.advance, task))
    for number, error in failed.items():
        print(f"art3d: frame {number}: {error}", file=sys.stderr)
    if source.lacking:
        print(f"art3d: {source.name}: {source.lacking_text}", file=sys.stderr)
    made = len(source.numbers) - len(failed)
    print(f"{made} frame{'' if made == 1 else 's'} to {delivery.out.text}")
    return EXIT_SOME_FRAMES if failed or source.lacking else EXIT_OK
