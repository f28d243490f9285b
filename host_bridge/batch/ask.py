"""One plate to the server and back: the box to ask for, the outputs, and the answer as a `Result`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from host_bridge.client import Client
from host_bridge.client.pending import Pending
from host_bridge.core.floating_window import masks_picture
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.outputs import Result
from host_bridge.io.outputs.result import EYES
from host_bridge.io.plates import Plate
from host_bridge.shot.depth_provenance import depth_fields, settings_for
from host_bridge.wire.outputs import as_half
from host_bridge.wire.settings import AnalysisSettings

# Half of what a server grants a tile, so that two of them fit.
TILE_BYTES = 512 << 20


@dataclass(frozen=True)
class FrameRequest:
    """A plate under way; `answer` waits for it.

    Attributes:
        plate: the plate.
        controls: the knobs.
        settings: what was asked before the plate had its say.
        box: all the pixels asked.
        bands: the requests, top to bottom.
    """

    plate: Plate
    controls: Controls
    settings: AnalysisSettings
    box: Box
    bands: tuple[Pending, ...]


def convert(
    client: Client,
    plate: Plate,
    settings: AnalysisSettings | None = None,
    controls: Controls | None = None,
    *,
    layers: tuple[str, ...] = (),
) -> Result:
    """One plate in stereo: uploaded, staged and rendered by the server, waited for.

    Args:
        client: of the server that computes.
        plate: as `read_plate` gives it.
        settings: depth source, style and what else the staging depends on; the defaults where None.
        controls: the knobs; at rest where None.
        layers: further planes of the analysis: inverse_depth, scale, shift, disparity_local.

    Returns:
        Both views, disparity on either grid in px, occlusion; `write_stereo` writes it.

    Raises:
        Art3DError: as `Client.submit` and `Client.result`.
    """
    return answer(client, ask(client, plate, settings or AnalysisSettings(), controls or Controls(), layers=layers))


def new_view_box(frame: Frame, controls: Controls, *, reach_px: float | None = None) -> Box:
    """The pixels that a new view can cover: the data window, grown by the depth budget inside the display window.

    Args:
        frame: the plate.
        controls: their depth budget bounds every disparity.
        reach_px: the largest disparity where it is known better.
    """
    budget = max(controls.limits_pct) / 100 * frame.picture_width
    # What moves farther than both windows together lies in neither.
    reach = math.ceil(min(budget if reach_px is None else reach_px, frame.data.width + frame.display.width)) + 2
    return frame.data.grow(reach, 0).intersect(frame.data.union(frame.display))


def outputs_for(frame: Frame, controls: Controls, layers: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the wire outputs that a stereo frame needs."""
    hero = controls.hero
    new = [eye for eye in EYES if eye != hero]
    # Under a floating window the hero's picture is no longer the plate's own.
    window_outputs = [hero] if hero in EYES and masks_picture(controls) else []
    masks = (
        [f"window_{eye}" for eye in EYES] if controls.floating_window != "off" and not masks_picture(controls) else []
    )
    extra = [f"{eye}_extra" for eye in new if "extra" in frame.layers]
    filled = [f"occlusion_{eye}" for eye in new]
    return (*new, *window_outputs, *extra, "disparity_left", "disparity_right", *filled, *masks, *layers)


def rounded(plate: Plate, names: Sequence[str]) -> tuple[str, ...]:
    """The same outputs, in half floats where the file holds no more: masks, and views and layers of half plates."""
    types = {layer.name: layer.pixels.dtype.str for layer in plate.layers}
    halves = {name for name in names if name.startswith(("occlusion_", "window_"))}
    halves |= set(EYES) if set(plate.types) == {"<f2"} else set()
    halves |= {f"{eye}_extra" for eye in EYES} if {types.get(name) for name in plate.extra} == {"<f2"} else set()
    return tuple(as_half(name) if name in halves else name for name in names)


def ask(
    client: Client,
    plate: Plate,
    settings: AnalysisSettings,
    controls: Controls,
    *,
    layers: tuple[str, ...] = (),
    reach_px: float | None = None,
    neighbours: Sequence[Frame] = (),
) -> FrameRequest:
    """Uploads a plate and asks for its stereo, without waiting.

    Raises:
        Art3DError: as `Client.submit`.
    """
    frame, settled = plate.frame, settings_for(plate, settings)
    box = new_view_box(plate.shown, controls, reach_px=reach_px)
    names = outputs_for(frame, controls, layers)
    extra = frame.layers["extra"].shape[2] if "extra" in frame.layers else 0
    planes = sum(len(frame.channels) if n in EYES else extra if n.endswith("_extra") else 1 for n in names)
    rows = max(1, TILE_BYTES // (4 * planes * box.width))
    bands = tuple(
        client.submit(frame, settled, controls, band, rounded(plate, names), neighbours=neighbours)
        for band in box.tiles(box.width, rows)
    )
    return FrameRequest(plate, controls, settings, box, bands)


def answer(client: Client, request: FrameRequest, recipe: str = "") -> Result:
    """Waits for a plate's stereo.

    Raises:
        Art3DError: as `Client.result`.
    """
    tiles = [client.result(band) for band in request.bands]
    planes = dict(tiles[0].planes)
    if len(tiles) > 1:
        planes = {name: np.concatenate([tile.planes[name] for tile in tiles]) for name in planes}
    stats = {**tiles[0].stats, **depth_fields(request.plate, request.settings, tiles[0].stats)}
    return Result(request.plate, request.controls.hero, request.box, planes, stats, recipe)
