"""The kinds of requests that a worker computes, one class each: validate → plan → (a worker runs it) → reply.

What the worker does for each is in `workers/engine.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from art3d_node.server.memory.plates import PlateStore
from art3d_node.server.memory.pool import Piece
from art3d_node.server.protocol.actions import Send
from art3d_node.server.protocol.requests import channels_of, request_keys, validate_keys, validate_request
from art3d_node.server.protocol.tasks import Plan, Waiter
from art3d_node.server.workers.records import SMALL_PIXELS, Ready
from host_bridge.core.errors import BadInputError, LimitError
from host_bridge.core.geometry import Box
from host_bridge.wire import messages as m
from host_bridge.wire.layout import place_planes
from host_bridge.wire.limits import Limits

MATCHED = ("disparity_left", "disparity_right")
MOST_REACH_PCT = 50.0
MOST_MATCHED_PIXELS = 1 << 22

M = TypeVar("M", contravariant=True)


@dataclass(frozen=True)
class Lent:
    """A result in memory, and the number under which it is lent."""

    piece: Piece
    loan: int


@dataclass(frozen=True)
class Outcome:
    """What a worker has made.

    Attributes:
        figures: as its engine gives them.
        known: the styles and depth sources there are now.
        lent: the pixels, where the plan has some.
    """

    plan: Plan
    figures: Mapping[str, Any]
    known: Ready
    lent: Lent | None = None


class Computed(Protocol[M]):
    """How the session treats one kind of request."""

    def validate(self, message: M, limits: Limits) -> tuple[str, ...]:
        """Proves what the message alone can prove; the keys of the frames that it needs.

        Raises:
            Art3DError: it cannot be carried out.
        """

    def plan(self, message: M, plates: PlateStore, limits: Limits) -> Plan:
        """What it needs, now that its frames are here.

        Raises:
            Art3DError: these frames cannot give it.
        """

    def reply(self, waiter: Waiter, outcome: Outcome) -> Send:
        """The answer to one who waits."""


class Tiles:
    """Pixels of a frame."""

    def validate(self, message: m.TileRequest, limits: Limits) -> tuple[str, ...]:
        """Outputs, knobs, proxy, and how many frames."""
        validate_request(message)
        keys = request_keys(message)
        validate_keys(keys, limits)
        return keys

    def plan(self, message: m.TileRequest, plates: PlateStore, limits: Limits) -> Plan:
        """Where each plane will lie."""
        channels = {layer.name: layer.channels for layer in plates.held(message.key).put.layers}
        box = message.box
        shapes = [(name, (box.height, box.width, channels_of(name, channels))) for name in message.outputs]
        planes, nbytes = place_planes([] if box.empty else shapes)
        if nbytes > limits.tile_bytes:
            raise LimitError(f"a tile of {nbytes} bytes", remedy=f"the limit tile_bytes is {limits.tile_bytes}")
        return Plan(
            same=(type(message), message.key, message.settings, message.controls, box, message.outputs),
            keys=request_keys(message), analysis=(message.key, message.settings),
            small=box.width * box.height <= SMALL_PIXELS, planes=planes, nbytes=nbytes,
        )  # fmt: skip

    def reply(self, waiter: Waiter, outcome: Outcome) -> Send:
        """The planes, in shared memory or in the message's second part."""
        return _planes(waiter, outcome, waiter.message.box)


class Matches:
    """The disparities of a pair."""

    def validate(self, message: m.Match, limits: Limits) -> tuple[str, ...]:
        """Any pair can be matched, over as much parallax as there may be."""
        if not 0.0 < message.reach_pct <= MOST_REACH_PCT:
            raise BadInputError(f"a reach of {message.reach_pct:g} %", remedy=f"ask for up to {MOST_REACH_PCT:g} %")
        return (message.key,)

    def plan(self, message: m.Match, plates: PlateStore, limits: Limits) -> Plan:
        """A plane for each eye."""
        put = plates.held(message.key).put
        size = put.display.height, put.display.width, 1
        if put.display.width * put.display.height > MOST_MATCHED_PIXELS:
            raise LimitError(f"a pair of {size[1]}×{size[0]} px", remedy="match it at half its size")
        planes, nbytes = place_planes([(name, size) for name in MATCHED])
        return Plan(
            same=(type(message), message.key, message.reach_pct), keys=(message.key,), planes=planes, nbytes=nbytes
        )

    def reply(self, waiter: Waiter, outcome: Outcome) -> Send:
        """As a tile's."""
        plane = outcome.plan.planes[0]
        return _planes(waiter, outcome, Box.of_size(plane.columns, plane.rows))


def _planes(waiter: Waiter, outcome: Outcome, box: Box) -> Send:
    """Planes in shared memory or in the message's second part."""
    plan, lent = outcome.plan, outcome.lent
    if lent is None:
        return Send(waiter.peer, waiter.id, m.TileReply(box, (), outcome.figures, 0))
    if waiter.message.transport == "memory":
        segment = lent.piece.ref(plan.nbytes)
        tile = m.TileReply(box, plan.planes, outcome.figures, plan.nbytes, segment, lent.loan)
        return Send(waiter.peer, waiter.id, tile)
    tile = m.TileReply(box, plan.planes, outcome.figures, plan.nbytes)
    return Send(waiter.peer, waiter.id, tile, lent.piece.payload(plan.nbytes), lent.loan)


class Measures:
    """The figures of a pair."""

    def validate(self, message: m.Measure, limits: Limits) -> tuple[str, ...]:
        """Any pair can be measured."""
        return (message.key,)

    def plan(self, message: m.Measure, plates: PlateStore, limits: Limits) -> Plan:
        """The pair alone."""
        return Plan(same=(type(message), message.key), keys=(message.key,))

    def reply(self, waiter: Waiter, outcome: Outcome) -> Send:
        """The figures."""
        return Send(waiter.peer, waiter.id, m.Measured(outcome.figures))


class StyleLists:
    """A fresh look at styles and depth sources."""

    def validate(self, message: m.StylesRequest, limits: Limits) -> tuple[str, ...]:
        """It needs no frame."""
        return ()

    def plan(self, message: m.StylesRequest, plates: PlateStore, limits: Limits) -> Plan:
        """One look serves all who wait."""
        return Plan(same=(type(message),))

    def reply(self, waiter: Waiter, outcome: Outcome) -> Send:
        """What that look found."""
        return Send(waiter.peer, waiter.id, m.Styles(outcome.known.styles, outcome.known.depth_sources))


COMPUTED: Mapping[type, Computed[Any]] = {
    m.TileRequest: Tiles(),
    m.Match: Matches(),
    m.Measure: Measures(),
    m.StylesRequest: StyleLists(),
}
