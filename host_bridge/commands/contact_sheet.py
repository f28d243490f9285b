"""`art3d contact-sheet`: many pictures at a glance, each with its depth, disparity and anaglyph."""

from __future__ import annotations

import argparse
import base64
import html
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from host_bridge.batch.ask import answer, ask
from host_bridge.client import Client
from host_bridge.commands.choices import add_depth_channel, add_picture, validate_number
from host_bridge.commands.knob_options import add_knobs, controls_of, settings_of
from host_bridge.core.atomic import replacing
from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES, Art3DError, BadInputError
from host_bridge.core.frame import Array
from host_bridge.core.params import Controls
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs import Result, anaglyph, disparity_image, validate_apart, write_picture
from host_bridge.io.outputs.result import EYES, on_window
from host_bridge.io.plates import Plate, PlateSequence, read_plate
from host_bridge.io.plates.depth_option import is_pictures, network, with_depth
from host_bridge.io.plates.naming import eye_of
from host_bridge.shot.alone import resolved_alone
from host_bridge.shot.depth_provenance import depth_words, settings_for
from host_bridge.wire.settings import AnalysisSettings

NAME = "contact-sheet"
HELP = "plate, inverse depth, disparity and anaglyph of a folder's pictures or a film's frames, as one PNG or HTML"
PICTURES = (".exr", ".sxr", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".cin", ".hdr", ".tga", ".sgi", ".bmp",
            ".webp", ".gif", ".psd", ".jp2", ".pnm", ".ppm", ".pgm")  # fmt: skip
MOST_ROWS = 10_000
CELL_PX, MARGIN_PX, TEXT_PX = 320, 8, 16
TITLES = ("plate", "inverse depth", "disparity", "anaglyph")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pictures, sheet and knobs."""
    parser.add_argument("folder", type=Path, metavar="PLATE", help="a folder of pictures, a movie or a sequence")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="SHEET", help="a .png or .html file")
    parser.add_argument(
        "--limit",
        type=int,
        default=200,
        metavar="N",
        help="at most so many pictures (default 200)",
    )
    add_picture(parser)
    add_depth_channel(parser)
    parser.add_argument("--input-space", help="colour space of the pictures")
    add_knobs(parser)
    parser.add_argument(
        "--server", metavar="ADDRESS", help="compute server; default: this user's own, started when needed"
    )


@dataclass(frozen=True)
class Subject:
    """One picture to show.

    Attributes:
        name: what its row says.
        read: gives its plate.
    """

    name: str
    read: Callable[[], Plate]


@dataclass(frozen=True)
class Row:
    """One picture.

    Attributes:
        name: its file's.
        caption: parallax range and verdict.
        cells: plate, inverse depth, disparity, anaglyph; each (rows, columns, 3) uint8.
    """

    name: str
    caption: str
    cells: tuple[Array, ...]


def run(args: argparse.Namespace) -> int:
    """Carries the command out; pictures that fail are named on stderr and left out."""
    if args.out.suffix.lower() not in (".png", ".html"):
        raise BadInputError("a sheet is PNG or HTML", where=str(args.out), remedy="end its name in .png or .html")
    validate_number("--limit", args.limit, 1, MOST_ROWS)
    pictures = pictures_of(_validated(args))
    with Client(args.server) as client:
        settings, controls = _settings_of(args), controls_of(args)
        rows = [row for picture in pictures if (row := _row(client, picture, settings, controls, args.hero))]
    if not rows:
        raise BadInputError("none of the pictures could be shown", where=str(args.folder), remedy="see the lines above")
    _write(args.out, rows)
    print(args.out)
    return EXIT_OK if len(rows) == len(pictures) else EXIT_SOME_FRAMES


def _validated(args: argparse.Namespace) -> argparse.Namespace:
    if args.input_space:
        args.input_space = colour.validate_space(args.input_space)
    return args


def pictures_of(args: argparse.Namespace) -> list[Subject]:
    """The pictures of a folder, or frames of a movie or a sequence, as far apart as the limit asks.

    Raises:
        BadInputError: nothing there, or nothing that can be read.
        OutputError: the sheet would replace one of them.
    """
    plate: Path = args.folder
    if plate.is_dir():
        if args.start is not None:
            raise BadInputError("a folder's pictures have no numbers", where="--start", remedy="leave it to movies")
        options = {"view": args.view, "layer": args.layer, "input_space": args.input_space}
        read = partial(read_plate, depth_channel=args.depth_channel, **options)
        found = pictures_in(plate)
        validate_apart([args.out], found)
        return [Subject(path.name, partial(read, path)) for path in found[: args.limit]]
    plates = PlateSequence.open(str(plate), view=args.view, layer=args.layer, start=args.start)
    sequence, _ = with_depth(plates, args.depth, args.depth_channel)
    validate_apart([args.out], sequence.known_files)
    present = [number for number in sequence.frames if number not in sequence.missing]
    count = min(len(present), args.limit)
    spread = [present[i * len(present) // count] for i in range(count)]
    look = partial(sequence.read, input_space=args.input_space)
    return [Subject(f"{plate.name} {n}", partial(look, n)) for n in spread]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder by name.

    Raises:
        BadInputError: the folder cannot be read or holds none.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _is_picture(path))
    except OSError as error:
        raise BadInputError(
            f"the folder cannot be read ({error.strerror})", where=str(folder), remedy="check the path"
        ) from error
    if not found:
        raise BadInputError(
            "no picture in the folder", where=str(folder), remedy=f"pictures end in {', '.join(PICTURES)}"
        )
    return found


def _is_picture(path: Path) -> bool:
    """By its name; hidden files are other systems' notes (`._plate.png`)."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file()


def _settings_of(args: argparse.Namespace) -> AnalysisSettings:
    """The settings of a command line.

    Raises:
        BadInputError: a value that cannot be used, or depth pictures for a folder, whose pictures have no numbers.
    """
    settings = settings_of(args)
    if not is_pictures(settings.depth):
        return replace(settings, depth="aov" if args.depth_channel else network(settings.depth))
    if args.folder.is_dir():
        raise BadInputError("depth pictures for a folder", where="--depth", remedy="name a sequence instead of it")
    return replace(settings, depth="aov")


def _row(
    client: Client, picture: Subject, settings: AnalysisSettings, controls: Controls, named_hero: str | None
) -> Row | None:
    try:
        plate = picture.read()
        hero = named_hero or eye_of(plate.view) or EYES[0]
        turned = resolved_alone(plate.frame, client, settings_for(plate, settings), replace(controls, hero=hero))
        pending = ask(client, plate, settings, turned, layers=("inverse_depth",))
        result = answer(client, pending)
    except Art3DError as error:
        if error.exit_code != BadInputError.exit_code:
            raise
        print(f"art3d: {picture.name}: {error}", file=sys.stderr)
        return None
    stats = result.stats
    low, high = stats.get("parallax_min_pct"), stats.get("parallax_max_pct")
    span = f"{low:+.2f} … {high:+.2f} %" if low is not None and high is not None else "no parallax"
    details = [span, str(stats.get("budget")), depth_words(stats)]
    return Row(picture.name, ", ".join(details), _cells(result))


def _cells(result: Result) -> tuple[Array, ...]:
    frame = result.plate.frame
    hero = result.hero if result.hero != "none" else "left"
    shown = colour.to_display(result.on_display(hero), frame.channels, result.plate.pixel_space)
    near = on_window(result.planes["inverse_depth"], result.box, frame.display)
    grey = (np.repeat(np.nan_to_num(near).clip(0, 1), 3, 2) * 255 + 0.5).astype(np.uint8)
    return tuple(_fitted(cell) for cell in (shown, grey, disparity_image(result, eye=hero), anaglyph(result)))


def _fitted(cell: Array) -> Array:
    height = max(1, round(CELL_PX * cell.shape[0] / cell.shape[1]))
    return np.asarray(Image.fromarray(cell).resize((CELL_PX, height), Image.Resampling.BOX))


def _write(path: Path, rows: Sequence[Row]) -> None:
    if path.suffix.lower() == ".png":
        write_picture(path, sheet(rows))
        return
    with replacing(path) as temporary:
        temporary.write_text("".join(_page(rows)), encoding="utf-8")


def sheet(rows: Sequence[Row]) -> Array:
    """All rows below each other, captioned; (rows, columns, 3) uint8."""
    heights = [row.cells[0].shape[0] + TEXT_PX + 2 * MARGIN_PX for row in rows]
    width = len(TITLES) * (CELL_PX + MARGIN_PX) + MARGIN_PX
    image = Image.new("RGB", (width, sum(heights) + TEXT_PX + MARGIN_PX), (28, 28, 30))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(TEXT_PX - 3)
    for column, title in enumerate(TITLES):
        draw.text((MARGIN_PX + column * (CELL_PX + MARGIN_PX), MARGIN_PX // 2), title, (150, 150, 150), font)
    top = TEXT_PX + MARGIN_PX
    for row, height in zip(rows, heights, strict=True):
        draw.text((MARGIN_PX, top), f"{row.name}   {row.caption}", (220, 220, 220), font)
        for column, cell in enumerate(row.cells):
            image.paste(Image.fromarray(cell), (MARGIN_PX + column * (CELL_PX + MARGIN_PX), top + TEXT_PX + MARGIN_PX))
        top += height
    return np.asarray(image)


def _page(rows: Sequence[Row]) -> Iterator[str]:
    yield "<!doctype html><meta charset=utf-8><title>Art3D contact sheet</title>"
    yield "<style>body{background:#1c1c1e;color:#ddd;font:13px sans-serif}td{padding:4px}img{display:block}</style>"
    yield "<table>"
    yield "<tr>" + "".join(f"<th>{title}</th>" for title in TITLES) + "</tr>"
    for row in rows:
        yield f"<tr><td colspan={len(TITLES)}>{html.escape(row.name)} &nbsp; {html.escape(row.caption)}</td></tr><tr>"
        yield from (
            f'<td><img alt="{title}" src="{_inline(cell)}"></td>' for title, cell in zip(TITLES, row.cells, strict=True)
        )
        yield "</tr>"
    yield "</table>"


def _inline(cell: Array) -> str:
    buffer = io.BytesIO()
    Image.fromarray(cell).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
