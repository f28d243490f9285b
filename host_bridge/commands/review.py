"""`art3d review SHOT … -o PAGE`: a page to look at stereo and to judge it, without a network or a server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.client import Client
from host_bridge.client.tile import Tile
from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES, BadInputError
from host_bridge.core.frame import Array
from host_bridge.core.warm_memory import keep_freed_memory
from host_bridge.review.packing import LAYOUTS
from host_bridge.review.page import PageSettings, ShotOnPage, Suggestion, make_page
from host_bridge.review.shot_names import names_apart
from host_bridge.review.source import BETWEEN, open_stereo
from host_bridge.shot.file import SUFFIX, Shot, load_shot

NAME = "review"
_USUAL_FPS = 24.0
HELP = "a page to look at stereo and judge it: views, charts, comfort on real screens, notes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Stereo sequences, and where the page goes."""
    parser.add_argument(
        "shots",
        nargs="+",
        metavar="SHOT",
        help="stereo.####.exr with both views, view.%%V.####.png, LEFT::RIGHT, or what holds both eyes",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="PAGE", help="folder of the page")
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    parser.add_argument("--layout", default="", metavar="|".join(LAYOUTS), help="how one picture holds both eyes")
    parser.add_argument("--input-space", metavar="NAME", help="colour space of the views; default: their own tag")
    parser.add_argument(
        "--shot", type=Path, metavar="FILE", help="shot file with the cuts; default: the one beside the frames"
    )
    parser.add_argument("--fps", type=float, metavar="N", help="frames a second; default: a movie's own, else 24")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="notes of an earlier page, as it exported them")
    parser.add_argument(
        "--no-match",
        action="store_true",
        help="leave frames that bring no disparity without charts: matching takes time",
    )
    parser.add_argument("--server", metavar="ADDRESS", help="compute server that matches; default: this user's own")
    parser.add_argument("--title", default="", metavar="TEXT", help="heading of the page")


def run(args: argparse.Namespace) -> int:
    """Makes the page and prints where it is and what it found.

    Returns 4 where frames are missing or could not be read; they are named.
    """
    if args.fps is not None and not 1 <= args.fps <= 240:
        raise BadInputError(f"{args.fps:g} frames a second", where="--fps", remedy="give 1 to 240")
    keep_freed_memory()
    names = names_apart([Path(text.partition(BETWEEN)[0]) for text in args.shots])
    shots = [_shot_on_page(text, name, args) for text, name in zip(args.shots, names, strict=True)]
    title = args.title or ", ".join(shot.source.name for shot in shots[:3])
    notes = _notes(args.notes)
    total = sum(len(shot.source.numbers) for shot in shots)
    columns = (TextColumn("review"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        closing(_Matching(args.server)) as matching,
        Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar,
    ):
        settings = PageSettings(title, args.fps or _rate(shots), notes, None if args.no_match else matching.match)
        task = bar.add_task("review", total=total)
        page = make_page(args.out, shots, settings, done=lambda: bar.advance(task))
    for name, verdicts in page.judgements.items():
        for judgement in verdicts.values():
            print(f"{name}: {judgement.target.name}: {judgement.verdict}")
    if notes is not None:
        _warn_of_others(notes, list(page.judgements))
    for name in page.swapped:
        print(f"{name}: the eyes look swapped")
    for (name, number), error in page.failed.items():
        print(f"art3d: {name} frame {number}: {error}", file=sys.stderr)
    lacking = [shot.source for shot in shots if shot.source.lacking]
    for source in lacking:
        print(f"art3d: {source.name}: {source.lacking_text}", file=sys.stderr)
    print(f"open {page.index}")
    return EXIT_SOME_FRAMES if page.failed or lacking else EXIT_OK


def _rate(shots: Sequence[ShotOnPage]) -> float:
    """Frames a second of the first movie among the shots; the usual 24 without one."""
    films = (shot.source.left.film for shot in shots)
    rate = next((float(film.rate) for film in films if film is not None), _USUAL_FPS)
    return min(max(rate, 1.0), 240.0)


class _Matching:
    """A server once the first frame without a disparity asks for it: a page of our own renders needs none."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._client: Client | None = None

    def match(self, left: Array, right: Array) -> Tile:
        """As `Client.match`."""
        if self._client is None:
            self._client = Client(self._address)
        return self._client.match(left, right)

    def close(self) -> None:
        """Leaves the server, if there is one."""
        if self._client is not None:
            self._client.close()


def _shot_on_page(text: str, name: str, args: argparse.Namespace) -> ShotOnPage:
    source = open_stereo(text, layout=args.layout, frames=args.frames, input_space=args.input_space)
    source = replace(source, name=name)
    shot = _shot_file(text, args.shot)
    if shot is None:
        return ShotOnPage(source)
    return ShotOnPage(source, shot.cuts, Suggestion(shot.depth_gain, shot.zero_plane))


def _shot_file(text: str, named: Path | None) -> Shot | None:
    """The shot file that was named, or the only one that lies beside the frames."""
    if named is not None:
        return load_shot(named)
    beside = sorted(Path(text.partition(BETWEEN)[0]).parent.glob(f"*{SUFFIX}"))
    return load_shot(beside[0]) if len(beside) == 1 else None


def _notes(path: Path | None) -> Mapping[str, Any] | None:
    if path is None:
        return None
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        entries, decisions = notes["notes"], notes.get("decisions", {})
        if notes["format"] != "art3d-notes" or not isinstance(entries, list) or not isinstance(decisions, dict):
            raise ValueError
        for entry in entries:
            if not all(isinstance(entry[key], kind) for key, kind in (("shot", str), ("frame", int), ("text", str))):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError("no notes of a review", where=str(path), remedy="export them from its page") from error
    return dict(notes)


def _warn_of_others(notes: Mapping[str, Any], shots: Sequence[str]) -> None:
    named = {entry["shot"] for entry in notes["notes"]} | set(notes.get("decisions", {}))
    others = sorted(named - set(shots))
    if others:
        print(f"art3d: the notes speak of shots that are not on this page: {', '.join(others)}", file=sys.stderr)
