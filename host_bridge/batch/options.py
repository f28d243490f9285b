"""What a render is asked for, before any file is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_bridge.batch.job import Missing
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings


@dataclass(frozen=True)
class RenderOptions:
    """A render in its user's words; `assemble.job_of` makes the `Job` of it.

    Attributes:
        plate: file, pattern or movie.
        out: stereo EXRs.
        settings: depth source as it was named (a network, or pictures of depth), style.
        controls: the knobs; `hero` of them counts only when `hero` below says so.
        frames: range; None for all there are.
        view, layer, start: which picture of the plate, and the number of a movie's first frame.
        hero: the hero eye; None for the plate's own.
        depth_channel: channel that holds depth; "" for its usual names.
        clean_plate: frames that show what the plate hides.
        clean_depth: pictures of their depth.
        sculpt_matte: pictures of a matte, where Local Sculpt acts.
        input_space: colour space of the plate; None takes each file's tag.
        layers: float layers to add, separated by commas.
        compression: of the EXRs.
        anaglyph, disparity_image: where review images go.
        script: a depth script.
        shot: a shot file, "auto" or "none".
        beside: the output that a shot file is kept beside, where that is not `out`.
        missing, overwrite: as of `Job`.
    """

    plate: str
    out: str
    settings: AnalysisSettings
    controls: Controls
    frames: str | None = None
    view: str = ""
    layer: str = ""
    start: int | None = None
    hero: str | None = None
    depth_channel: str = ""
    clean_plate: str | None = None
    clean_depth: str | None = None
    sculpt_matte: str | None = None
    input_space: str | None = None
    layers: str = ""
    compression: str = "auto"
    anaglyph: str | None = None
    disparity_image: str | None = None
    script: Path | None = None
    shot: str = "auto"
    beside: str = ""
    missing: Missing = "error"
    overwrite: bool = False
