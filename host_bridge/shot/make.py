"""A plate sequence becomes a shot: read, surveyed, written where every render finds it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from host_bridge.core.errors import DepthSourceError, PlateError, ShotError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.io.plates import Plate, PlateSequence
from host_bridge.io.plates.canvas import Canvas, canvas_of
from host_bridge.io.plates.kept import KeptPlates
from host_bridge.shot.depth import AUTO, outdated, settle, spread
from host_bridge.shot.depth_provenance import depth_words
from host_bridge.shot.file import SUFFIX, Shot, load_shot, save_shot
from host_bridge.shot.survey import Plan, SurveySource, survey
from host_bridge.shot.tile_source import TileSource
from host_bridge.wire.settings import AnalysisSettings

_log = logging.getLogger(__name__)
READ_AHEAD = 2


@dataclass(frozen=True)
class Reading:
    """How the plates of a shot are read.

    Attributes:
        input_space: colour space of the plate.
        strict: whether a frame that cannot be read is an error; else it is noted in the shot.
        plates: gives the plates, and keeps them for whoever comes next.
        later: the frames that somebody wants next.
    """

    input_space: str | None = None
    strict: bool = True
    plates: KeptPlates = field(default_factory=KeptPlates)
    later: frozenset[int] = frozenset()


def make_shot(
    sequence: PlateSequence,
    server: TileSource,
    settings: AnalysisSettings,
    plan: Plan,
    reading: Reading | None = None,
    *,
    done: Callable[[int], None] | None = None,
) -> Shot:
    """Surveys a sequence.

    Args:
        sequence: the plate.
        server: who analyses.
        settings: depth source, style and meaning of Z.
        plan: how to steady.
        reading: how the plates are read.
        done: told each frame that came to its end.

    Raises:
        PlateError: a frame cannot be read, and `reading` is strict.
        ShotError: as `survey`.
    """
    missing = list(sequence.missing)
    canvas = canvas_of(sequence)
    present = [n for n in sequence.frames if n not in sequence.missing]

    reading = reading or Reading()
    input_space, plates = reading.input_space, reading.plates
    plates_seen = list(looked_at(sequence, input_space, plates))

    def read(number: int) -> Frame:
        plate = plates.read(sequence, number, input_space, again=number in reading.later)
        if canvas is not None:
            canvas.check(plate)
            plate = canvas.lay(plate)
        # The key costs a pass over the pixels; here it is paid beside the server's work.
        _ = plate.frame.key
        return plate.frame

    def frames(readers: Executor) -> Iterator[tuple[int, Frame]]:
        for number, future in _ahead(readers, read, present):
            try:
                yield number, future.result()
            except (PlateError, DepthSourceError) as error:
                if reading.strict:
                    raise
                _log.warning("left out of the shot: %s", error)
                missing.append(number)

    name = Path(sequence.pattern.text).name
    depth = settle(plates_seen, server, settings)
    plates_seen.clear()
    depth = replace(depth, pictures=sequence.depth.named[0], channel=sequence.depth.named[1])
    asking = replace(settings, depth=depth.source or settings.depth, z_meaning=depth.meaning or settings.z_meaning)
    with ThreadPoolExecutor(READ_AHEAD, "art3d-read") as readers:
        shot = survey(frames(readers), server, asking, plan, SurveySource(name, missing, read), done=done)
    depth_line = depth_words({"depth_source": shot.depth_source, **depth.fields()})
    shot = replace(shot, z_meaning=settings.z_meaning, depth=depth, reasons=(depth_line, *shot.reasons))
    return _on(canvas, shot) if canvas else shot


def _on(canvas: Canvas, shot: Shot) -> Shot:
    shot = replace(shot, display=canvas.display.as_tuple())
    if canvas.data is None:
        return shot
    reason = "data windows change: frames are laid on what they cover together"
    return replace(shot, canvas=canvas.data.as_tuple(), reasons=(*shot.reasons, reason))


def canvas_in(shot: Shot) -> Canvas | None:
    """The windows that a shot was analysed on; None where it does not say."""
    if shot.display is None:
        return None
    return Canvas(Box(*shot.display), Box(*shot.canvas) if shot.canvas else None)


def looked_at(sequence: PlateSequence, input_space: str | None, plates: KeptPlates) -> Iterator[Plate]:
    """A few plates over the whole shot, for their depth; one that cannot be read has nothing to say."""
    for number in spread([n for n in sequence.frames if n not in sequence.missing]):
        try:
            yield plates.read(sequence, number, input_space, again=True)
        except (PlateError, DepthSourceError) as error:
            _log.info("not looked at for its depth: %s", error)


def _ahead(
    readers: Executor, read: Callable[[int], Frame], numbers: Sequence[int]
) -> Iterator[tuple[int, Future[Frame]]]:
    """Frames in order, read a few ahead; one that nobody takes any more is not begun."""
    ahead: deque[tuple[int, Future[Frame]]] = deque()
    try:
        for number in numbers:
            ahead.append((number, readers.submit(read, number)))
            if len(ahead) > READ_AHEAD:
                yield ahead.popleft()
        while ahead:
            yield ahead.popleft()
    finally:
        for _, future in ahead:
            future.cancel()


def beside(out: Path, plate: str) -> Path:
    """Where a render keeps the shot file that it makes itself: beside its output, named after the plate."""
    return out.parent / (Path(plate).name.partition(".")[0] + SUFFIX)


def fits(shot: Shot, sequence: PlateSequence, settings: AnalysisSettings) -> str:
    """Why a shot does not serve these frames and settings; "" when it does."""
    if settings.depth not in (*AUTO, shot.depth_source):
        return f"it was analysed with depth {shot.depth_source}, not {settings.depth}"
    if sequence.depth.named != (shot.depth.pictures, shot.depth.channel):
        return f"it was analysed with depth from {shot.depth.read_from or shot.depth_source}: see --depth"
    if settings.style != shot.style:
        return f"it was analysed for style {shot.style}, not {settings.style}"
    if settings.z_meaning != shot.z_meaning:
        return f"it was analysed with Z meaning {shot.z_meaning}, not {settings.z_meaning}"
    absent = sorted(set(sequence.frames) - set(sequence.missing) - set(shot.frames) - set(shot.missing))
    return f"it does not hold frame {absent[0]}" if absent else ""


def open_shot(path: Path, sequence: PlateSequence, settings: AnalysisSettings) -> Shot:
    """The shot file that a person named.

    Raises:
        ShotError: unreadable, or made for other frames or settings.
    """
    shot = load_shot(path)
    reason = fits(shot, sequence, settings)
    if reason:
        raise ShotError(
            f"the shot file does not fit this render: {reason}", where=str(path), remedy="analyse the plate again"
        )
    return shot


def kept_shot(
    path: Path,
    sequence: PlateSequence,
    settings: AnalysisSettings,
    make: Callable[[], Shot],
    *,
    look: Callable[[], Iterable[Plate]],
    ready: Collection[str] = (),
) -> Shot:
    """The shot that a render keeps for itself: what lies at `path` when it serves, else made and written there.

    Args:
        path: where it is kept.
        sequence: the plate.
        settings: what the render asks.
        make: makes the shot.
        look: reads a few of the shot's plates.
        ready: depth sources that the server can use now.

    Raises:
        ShotError: what lies there has cuts that a person named, and does not serve.
        PlateError, OutputError: as making and writing one.
    """
    found = _kept_at(path)
    if found is not None:
        reason = fits(found, sequence, settings) or outdated(found.depth, settings, look, ready)
        if not reason:
            return found
        if any(change.by == "user" for change in found.transitions):
            raise ShotError(
                f"the shot file beside the output has cuts that somebody named, and does not fit: {reason}",
                where=str(path),
                remedy="analyse it again with those cuts, or move it away",
            )
        _log.info("analysing the shot again: %s", reason)
    shot = make()
    save_shot(shot, path)
    return shot


def _kept_at(path: Path) -> Shot | None:
    """The shot file that lies there; None without one that can be read."""
    if not path.is_file():
        return None
    try:
        return load_shot(path)
    except ShotError as error:
        _log.info("analysing the shot again: %s", error)
        return None
