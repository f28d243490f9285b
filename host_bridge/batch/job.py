"""What a batch is asked to do, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from host_bridge.batch.clean_plate import CleanPlate
from host_bridge.batch.depth_script import DepthScript
from host_bridge.batch.matte import Matte
from host_bridge.core.errors import Art3DError, BadInputError
from host_bridge.core.floating_window import FROM_SHOT, window_of
from host_bridge.core.params import Controls
from host_bridge.core.recipe import recipe_hash
from host_bridge.core.style_track import style_at
from host_bridge.io.outputs import Writing, validate_apart
from host_bridge.io.plates import Pattern, Plate, PlateSequence
from host_bridge.io.plates.canvas import Canvas
from host_bridge.io.plates.kept import KeptPlates
from host_bridge.shot.file import Shot
from host_bridge.shot.floating import resolved
from host_bridge.wire.settings import AnalysisSettings

Missing = Literal["error", "skip", "hold"]


@dataclass(frozen=True)
class Job:
    """A plate sequence and what becomes of it.

    Attributes:
        plate: the frames.
        out: stereo EXRs.
        settings: depth source, style; the style may change over frames (`core.style_track`).
        controls: the knobs.
        writing: version, further layers and compression.
        reviews: "anaglyph" or "disparity" → where its images go.
        script: knobs that change over frames, or None.
        shot: what stays steady over the shot, or None for frames on their own.
        clean_plate: frames that show what the plate hides, or None.
        matte: where Local Sculpt acts; everywhere with None.
        input_space: colour space of the plate; None takes each file's tag.
        missing: what becomes of a frame without a readable plate.
        overwrite: whether finished frames are made again.
        canvas: the windows of the whole sequence; None where they were not looked at.
        notes: what was chosen where there was a choice, a line each, for people.
        kept: plates that an earlier pass over the sequence has read.
    """

    plate: PlateSequence
    out: Pattern
    settings: AnalysisSettings
    controls: Controls
    writing: Writing
    reviews: Mapping[str, Pattern] = field(default_factory=dict)
    script: DepthScript | None = None
    shot: Shot | None = None
    clean_plate: CleanPlate | None = None
    matte: Matte | None = None
    input_space: str | None = None
    missing: Missing = "error"
    overwrite: bool = False
    canvas: Canvas | None = None
    notes: tuple[str, ...] = ()
    kept: KeptPlates = field(default_factory=KeptPlates, compare=False)

    def check(self) -> None:
        """Proves that the frames' outputs are apart from each other and from all that is read.

        Raises:
            BadInputError: several frames would share one file, or the output is no EXR.
            OutputError: an output is an input, or is written twice.
        """
        patterns = [self.out, *self.reviews.values()]
        if self.out.path(0, "left").suffix.lower() != ".exr":
            raise BadInputError("stereo is written as EXR", where=self.out.text, remedy="end the output in .exr")
        for pattern in patterns:
            if len(self.plate.frames) > 1 and not pattern.numbered:
                raise BadInputError(
                    f"{len(self.plate.frames)} frames would share one file",
                    where=pattern.text,
                    remedy="write the frame number as ####",
                )
        behind = self.clean_plate.sources if self.clean_plate else ()
        sources = (self.plate, *behind, *([self.matte.pictures] if self.matte else []))
        written = (
            path
            for number in dict.fromkeys(self.plate.frames)
            for path in (*self.files(number), *self.review_files(number).values())
        )
        validate_apart(written, (path for source in sources for path in source.known_files))

    def check_readable(self) -> Plate:
        """Proves that at least one frame can be read, so that a plate's fault is told before a server is started.

        Returns:
            The first that can; where missing frames are skipped or held over, perhaps one that is not asked.

        Raises:
            Art3DError: what is wrong with the first frame, when there is none.
        """
        faults: list[Art3DError] = []
        for number in self._readable_first():
            try:
                return self.load(number, number, again=True)
            except Art3DError as error:
                faults.append(error)
        raise faults[0] if faults else self.plate.absent(self.plate.frames[0])

    def _readable_first(self) -> Iterator[int]:
        """The frames that are asked and have a file; those of a chunk that lies in a gap are before and behind it."""
        present = [number for number in self.plate.frames if number not in self.plate.missing]
        yield from present
        passed = list(present)
        while self.missing != "error" and (held := self.plate.held(self.plate.frames[0], without=passed)) is not None:
            yield held
            passed.append(held)

    def files(self, number: int) -> tuple[Path, ...]:
        """The stereo files of one frame."""
        if self.out.has_view:
            return self.out.path(number, "left"), self.out.path(number, "right")
        return (self.out.path(number),)

    def review_files(self, number: int) -> dict[str, Path]:
        """The review images of one frame."""
        return {name: pattern.path(number) for name, pattern in self.reviews.items()}

    def knobs(self, number: int, source: int | None = None) -> Controls:
        """The knobs of one frame; a floating window that the shot decides is described as if turned by hand.

        Args:
            number: frame number.
            source: the frame whose plate is used, where it is another.

        Raises:
            BadInputError: the shot shall decide, and there is none.
            ShotError: the shot analysis does not know.
        """

        def at(frame: int) -> Controls:
            return self.script.at(frame, self.controls) if self.script else self.controls

        controls = at(number)
        if controls.floating_window not in FROM_SHOT:
            return controls
        if self.shot is None:
            window_of(controls)
            raise AssertionError("a window that nobody decided")
        if source is None or source == number:
            return resolved(number, self.shot.frames, at)
        return resolved(source, self.shot.frames, lambda frame: controls if frame == source else at(frame))

    def recipe(self, number: int, source: int, server: Mapping[str, Any]) -> str:
        """The recipe of one frame.

        Args:
            number: frame number.
            source: the frame whose plate is used.
            server: ids of the style and depth sources that the server has.

        Raises:
            PlateError: the plate cannot be read.
        """
        parts: dict[str, Any] = {
            "plate": self.plate.content(source),
            "view": self.plate.view,
            "layer": self.plate.layer or self.plate.usual_picture,
            "input_space": self.input_space,
            "depth": self._depth(source),
            "settings": {**asdict(self.settings), "style": style_at(self.settings.style, source)},
            "controls": asdict(self.knobs(number, source)),
            "layers": self.writing.layers,
            "compression": self.writing.compression,
            "per_view": self.out.has_view,
            "server": server,
            "shot": self.shot.hash if self.shot else None,
        }
        if self.shot is not None:
            before, after = self.shot.neighbours(source) if source in self.shot.frames else ((), ())
            parts["neighbours"] = [self.plate.content(number) for number in (*before, *after)]
        if self.clean_plate is not None:
            parts["clean_plate"] = self.clean_plate.content(source)
        if self.matte is not None:
            parts["matte"] = self.matte.content(source)
        return recipe_hash(parts)

    def load(self, number: int, source: int, *, again: bool = False) -> Plate:
        """The plate of one frame, numbered as asked, with its clean plate and its matte.

        Args:
            number: frame number.
            source: the frame whose plate is used.
            again: whether it will be loaded once more.

        Raises:
            PlateError: a file that cannot be read, or shows another picture than the sequence.
        """
        plate = replace(self.kept.read(self.plate, source, self.input_space, again=again), number=number)
        if self.canvas is not None:
            self.canvas.check(plate)
            plate = self.canvas.lay(plate)
        added = self.clean_plate.layers(plate, source, self.input_space) if self.clean_plate else {}
        added |= self.matte.layers(plate, source) if self.matte else {}
        return replace(plate, frame=replace(plate.frame, layers={**plate.frame.layers, **added})) if added else plate

    def _depth(self, source: int) -> tuple[str, ...]:
        """What tells one depth from elsewhere from another."""
        return (self.plate.depth.channel, self.plate.depth.content(source))
