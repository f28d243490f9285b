"""A floating window for a picture that belongs to no shot."""

from __future__ import annotations

from dataclasses import replace

from host_bridge.core.floating_window import FROM_SHOT
from host_bridge.core.frame import Frame
from host_bridge.core.params import Controls
from host_bridge.shot.floating import resolved
from host_bridge.shot.frame_survey import look_at
from host_bridge.shot.survey import edges_seen, own_entry
from host_bridge.shot.tile_source import TileSource
from host_bridge.wire.settings import AnalysisSettings


def resolved_alone(frame: Frame, server: TileSource, settings: AnalysisSettings, controls: Controls) -> Controls:
    """The knobs of a picture, the window that it needs by itself described as if it were turned by hand.

    Args:
        frame: the plate.
        server: analyses it, small, where the knobs leave the window to an analysis.
        settings: as it is staged.
        controls: the knobs.

    Raises:
        Art3DError: the server cannot analyse it.
    """
    if controls.floating_window not in FROM_SHOT:
        return controls
    (survey,) = look_at([(0, frame)], server, settings)
    entry = own_entry(survey)
    return resolved(0, {0: replace(entry, edges=edges_seen(survey, entry))}, lambda _: controls)
