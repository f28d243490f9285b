"""One depth for a whole shot: which source, and what its Z means, settled before the frames are analysed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from host_bridge.core.errors import DepthSourceError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.io.plates import Plate
from host_bridge.shot.depth_choice import ShotDepth
from host_bridge.shot.depth_provenance import ASKED, DECIDED, STATED, depth_from
from host_bridge.shot.tile_source import TileSource
from host_bridge.wire.depth_values import Decision, Evidence, decide
from host_bridge.wire.settings import AnalysisSettings

LOOKED_AT = 5
"""Frames, spread over the shot, that settle it."""
CLEAR = 0.5
"""Agreement with a network's order from which a frame's word on its Z needs no other frame's."""
AUTO = ("auto", "auto+people")
_NOTHING = Box(0, 0, 0, 0)


def spread(numbers: Sequence[int], count: int = LOOKED_AT) -> list[int]:
    """At most `count` of these numbers, evenly over the whole."""
    if len(numbers) <= count:
        return list(numbers)
    return [numbers[(2 * index + 1) * len(numbers) // (2 * count)] for index in range(count)]


def settle(plates: Sequence[Plate], server: TileSource, settings: AnalysisSettings) -> ShotDepth:
    """Settles the depth of a shot by a few of its plates.

    Raises:
        DepthSourceError: Z was asked for, and none of the plates has any.
    """
    if settings.style == "given":
        return ShotDepth(asked=settings.depth)
    with_depth = [plate for plate in plates if plate.depth_varies]
    named = [plate for plate in plates if plate.depth_name]
    found = ShotDepth(asked=settings.depth, plate_z="depth" if with_depth else "one value" if named else "none")
    from_z = settings.depth == "aov" or (settings.depth in AUTO and _mostly_z(plates))
    if not from_z:
        return replace(found, source=_network(plates[0], server, settings) if plates else settings.depth)
    if not with_depth:
        problem = f"{named[0].depth_name} holds one value in every frame looked at" if named else "no depth channel"
        raise DepthSourceError(problem, where=str(plates[0].path) if plates else "--depth aov",
                               remedy="name it with --depth-channel, or take a network's: --depth auto")  # fmt: skip
    found = replace(found, source="aov", read_from=depth_from(with_depth[0]))
    stated = next((plate.depth_meaning for plate in with_depth if plate.depth_meaning != "auto"), "")
    if settings.z_meaning != "auto":
        return replace(found, meaning=settings.z_meaning, how=ASKED)
    if stated:
        return replace(found, meaning=stated, how=STATED)
    decision = _decided([plate.frame for plate in with_depth], server, settings)
    return replace(found, meaning=decision.meaning, how=DECIDED, agreement=round(decision.agreement, 4))


def _network(plate: Plate, server: TileSource, settings: AnalysisSettings) -> str:
    """The network that "auto" stands for where there is no Z."""
    if settings.depth not in AUTO:
        return settings.depth
    layers = {name: array for name, array in plate.frame.layers.items() if name != "depth"}
    frame = plate.frame if "depth" not in plate.frame.layers else replace(plate.frame, layers=layers)
    return str(server.result(server.submit(frame, settings, Controls(), _NOTHING, ())).stats["depth_source"])


def _decided(frames: Sequence[Frame], server: TileSource, settings: AnalysisSettings) -> Decision:
    """What Z means, by every other frame; by all of them where those are of two minds, or not clear."""
    asking = replace(settings, depth="aov", z_meaning="auto")

    def evidence(of: Sequence[Frame]) -> list[Evidence]:
        pending = [server.submit(frame, asking, Controls(), _NOTHING, ()) for frame in of]
        return [Evidence.from_wire(server.result(one).stats["z_evidence"]) for one in pending]

    found = evidence(frames[::2])
    alone = [decide([one]) for one in found]
    if len({one.meaning for one in alone}) > 1 or min(one.agreement for one in alone) < CLEAR:
        found += evidence(frames[1::2])
    return decide(found)


def _mostly_z(plates: Sequence[Plate]) -> bool:
    return 2 * sum(plate.depth_varies for plate in plates) >= len(plates) > 0


def outdated(
    depth: ShotDepth, settings: AnalysisSettings, plates: Callable[[], Iterable[Plate]], ready: Collection[str]
) -> str:
    """Why a shot that a render kept for itself no longer has the depth that it would come to now; "" when it has.

    Args:
        depth: the shot's.
        settings: what the render asks.
        plates: reads a few plates of the shot; the first is enough where it looks as it did.
        ready: depth sources that the server can use now.
    """
    if settings.depth != depth.asked and (settings.depth in AUTO or settings.depth != depth.source):
        return f"depth {depth.asked} was asked for then, {settings.depth} now"
    if settings.depth not in AUTO:
        return ""
    if depth.source.startswith("mini") and "da2-small" in ready:
        return "da2-small was not there then"
    remaining = iter(plates())
    first = next(remaining, None)
    was_z = depth.source == "aov"
    if first is None or first.depth_varies == was_z or _mostly_z([first, *remaining]) == was_z:
        return ""
    return "the plate had depth then" if was_z else "the plate had no depth then"
