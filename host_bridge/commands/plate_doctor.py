"""What `art3d doctor FILE` says of a plate: what was recognised, a line each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fileseq

from host_bridge.commands.finding import Finding
from host_bridge.core.bars import active_picture, bars_of
from host_bridge.core.errors import Art3DError
from host_bridge.core.geometry import Box
from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour.interop import formula
from host_bridge.io.plates import Plate, PlateSequence, upright
from host_bridge.io.plates.logged_once import LONE_GREY, SEVERAL
from host_bridge.shot.signature import glance
from host_bridge.shot.transitions import Finder

_KINDS = {"<f2": "half", "<f4": "float", "<u4": "integer"}
LOOK_FRAMES, LOOK_S = 240, 20.0  # of a sequence or a movie, for its cuts


@dataclass(frozen=True)
class Inspection:
    """A plate that was looked at.

    Attributes:
        sequence: all its frames.
        plate: the first one that is there.
    """

    sequence: PlateSequence
    plate: Plate


def look_at(text: str, start: int | None = None) -> Iterator[Finding]:
    """What is recognised in a plate.

    Raises:
        Art3DError: it cannot be read.
    """
    sequence = PlateSequence.open(text, start=start)
    present = [n for n in sequence.frames if n not in sequence.missing]
    inspection = Inspection(sequence, sequence.read(present[0]))
    for explain in EXPLAINERS:
        yield from explain(inspection)


def frames(inspection: Inspection) -> Iterator[Finding]:
    """Which frames there are, and what a movie says of itself."""
    sequence, name = inspection.sequence, Path(inspection.sequence.pattern.text).name
    numbers = fileseq.framesToFrameRange(sequence.frames)
    message = f"{name}: frames {numbers}" if len(sequence.frames) > 1 else f"{name}: frame {numbers}"
    if sequence.film is not None:
        film = sequence.film
        message = f"{message}, movie, {float(film.rate):.5g} frames a second, {film.depth}"
        message = "; ".join((message, *film.notes))
    if not sequence.missing:
        yield Finding("plate", True, message)
        return
    gone = f"{len(sequence.missing)} of {len(sequence.frames)} frames are missing"
    yield Finding("plate", False, f"{message}; {gone}", "see --missing of `art3d render`")


def size(inspection: Inspection) -> Iterator[Finding]:
    """Windows, pixel aspect and channels."""
    frame, plate = inspection.plate.frame, inspection.plate
    details = [f"{frame.display.width}×{frame.display.height} px"]
    if frame.data != frame.display:
        details.append(f"data window {_box(frame.data)}")
    if frame.pixel_aspect != 1.0:
        details.append(f"pixel aspect {frame.pixel_aspect:.4g}")
    if turn := upright.described(plate.turn):
        details.append(f"{turn} to stand upright (orientation {plate.turn})")
    types = "/".join(dict.fromkeys(_KINDS.get(kind, kind) for kind in plate.types))
    details.append(f"{' '.join(frame.channels)} as {types}")
    others = [layer.name for layer in plate.layers]
    if others:
        more = f" and {len(others) - 6} more" if len(others) > 6 else ""
        details.append(f"further channels {', '.join(others[:6])}{more}")
    yield Finding("plate size", True, ", ".join(details))


def picture(inspection: Inspection) -> Iterator[Finding]:
    """What lies inside black bars, as this one frame tells it; a shot's analysis looks at all of them."""
    frame = inspection.plate.frame
    found = active_picture(frame)
    if found == frame.data:
        yield Finding("plate picture", True, "the whole frame, no bars")
        return
    top, bottom, left, right = bars_of(found, frame.data)
    bars = ", ".join(
        f"{px} px {side}" for px, side in ((top, "above"), (bottom, "below"), (left, "left"), (right, "right")) if px
    )
    yield Finding("plate picture", True, f"{found.width}×{found.height} px; bars of {bars}")


def colours(inspection: Inspection) -> Iterator[Finding]:
    """The input space, who says so, and what becomes of the values."""
    plate, tag = inspection.plate, inspection.plate.tag
    reason = f"by its {tag.statement}" if tag and tag.statement else "the file does not say"
    if tag and not tag.understood:
        reason = f"its {tag.statement} is not known here"
    message = f"{plate.input_space}: {reason}"
    if plate.pixel_space != plate.input_space:
        meaning = formula(plate.input_space)
        nits = ", 1.0 is 100 nits" if meaning and meaning.absolute else ""
        narrow = ", from video's narrow range" if tag and tag.narrow else ""
        message = f"{message}; decoded to {plate.pixel_space}{narrow}{nits}"
    config = colour_config.config_name()
    message = f"{message}; networks see it through {config}"
    hint = "" if tag and tag.statement and tag.understood else "--input-space names another"
    yield Finding("plate colour", True, message, hint)


def depth(inspection: Inspection) -> Iterator[Finding]:
    """The plate's own depth."""
    plate = inspection.plate
    if not plate.depth_name:
        yield Finding("plate depth", True, "none in the plate: a network estimates it", "--depth names another source")
        return
    if not plate.depth_varies:
        yield Finding("plate depth", True, f"{plate.depth_name} holds a single value, so it is not depth")
        return
    meaning = "decided against the picture" if plate.depth_meaning == "auto" else plate.depth_meaning
    yield Finding("plate depth", True, f"{plate.depth_name} ({meaning})", "--z-meaning and --depth-channel overrule it")


def views(inspection: Inspection) -> Iterator[Finding]:
    """Views and pictures of the file, and which were taken."""
    plate = inspection.plate
    details = [
        f"{', '.join(plate.views)}; taken: {plate.view}" if plate.views else "one, without a name",
        *plate.choices,
    ]
    if plate.further:
        details.append(SEVERAL)
    if plate.grey:
        details.append(LONE_GREY.format(plate.grey))
    yield Finding("plate views", True, "; ".join(details))


def cuts(inspection: Inspection) -> Iterator[Finding]:
    """Where scenes change, over as many frames as are seen in a little while."""
    sequence, finder, looked = inspection.sequence, Finder(), list[int]()
    present = [n for n in sequence.frames if n not in sequence.missing]
    if len(present) < 2:
        return
    until = time.monotonic() + LOOK_S
    for number in present[:LOOK_FRAMES]:
        try:
            finder.add(glance(sequence.read(number).frame))
        except Art3DError as error:
            yield Finding("plate frame", False, f"frame {number}: {error.message}", error.remedy)
            continue
        looked.append(number)
        if time.monotonic() > until:
            break
    changes = [change.numbered(looked) for change in finder.finish()]
    listed = ", ".join(
        f"{change.kind} {change.first}" + (f"-{change.last}" if change.last > change.first else "")
        for change in changes
    )
    message = f"{listed or 'no cut'} in frames {looked[0]}-{looked[-1]}" if looked else "no frame can be read"
    more = "" if len(looked) == len(present) else "; `art3d analyse` looks at all frames"
    yield Finding("plate cuts", bool(looked), f"{message}{more}")


def _box(box: Box) -> str:
    return f"{box.width}×{box.height} px from ({box.x0}, {box.y0})"


EXPLAINERS: tuple[Callable[[Inspection], Iterator[Finding]], ...] = (frames, size, picture, colours, depth, views, cuts)
"""What is said of a plate, in order; each may say several things or nothing."""
