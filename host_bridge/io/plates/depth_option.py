"""What `--depth` and `--depth-channel` say: a source, a network, or a sequence of depth pictures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from host_bridge.core.errors import BadInputError
from host_bridge.io.plates.depth_input import DepthInput
from host_bridge.io.plates.film import is_movie
from host_bridge.io.plates.sequence import PlateSequence

ENDINGS = (".exr", ".sxr", ".mxr", ".png", ".tif", ".tiff", ".pfm", ".npy", ".dpx", ".hdr", ".jpg", ".jpeg", ".webp")


def is_pictures(depth: str) -> bool:
    """Whether `--depth` names pictures, and not a source or a network."""
    return depth.lower().endswith(ENDINGS) or is_movie(Path(depth))


def network(depth: str) -> str:
    """A depth source as the server has to know it: a folder or file that is here by its whole path."""
    path = Path(depth)
    here = (path / "config.json").is_file() or (path.suffix.lower() == ".onnx" and path.is_file())
    return os.path.abspath(path) if here else depth


def with_depth(plate: PlateSequence, depth: str, channel: str = "", *, hero: str = "") -> tuple[PlateSequence, str]:
    """A plate with the depth that a command line asks for, and the depth source that this makes.

    Args:
        plate: the plate.
        depth: what `--depth` says.
        channel: what `--depth-channel` says.
        hero: the eye that the plate is, where it does not name its view.

    Raises:
        BadInputError: one depth picture for a sequence, or a channel of a network.
        MissingFrameError: no depth picture at all.
    """
    if not is_pictures(depth):
        if channel and depth not in ("auto", "auto+people", "aov"):
            raise BadInputError(f"depth from {depth} has no channels", where="--depth-channel", remedy="leave it out")
        return replace(plate, depth=DepthInput(None, channel)), "aov" if channel else network(depth)
    # A movie of depth begins with the plate, whatever its own timecode says.
    first = (plate.first if plate.film else min(plate.files or plate.frames)) if is_movie(Path(depth)) else None
    if first is not None and channel:
        raise BadInputError("a movie of depth has no channels", where="--depth-channel", remedy="leave it out")
    pictures = PlateSequence.open(depth, view=plate.view or hero, start=first)
    if not (pictures.pattern.numbered or pictures.film) and len(plate.frames) > 1:
        raise BadInputError(
            f"one depth picture for {len(plate.frames)} frames", where=depth, remedy="write its frame number as ####"
        )
    return replace(plate, depth=DepthInput(pictures, channel, plate.view or hero)), "aov"
