"""The depth of an EXR: the channel, its pixels, and whether there is any depth in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.core.params import BY_NAME
from host_bridge.io.plates.depth_channels import DepthChannel, depth_channels, named_channel
from host_bridge.io.plates.exr import ExrFile
from host_bridge.io.plates.naming import Channel
from host_bridge.io.plates.plate import Layer
from host_bridge.io.windows import relaid
from host_bridge.wire.depth_values import CERTAIN_AGREEMENT, varies

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DepthRead:
    """A channel of depth, read.

    Attributes:
        channel: where it is stored.
        pixels: (rows, columns) float over the channel's window.
        meaning: what name or metadata say of its values, one of the knob Z Meaning; "auto" where they say nothing.
        varies: whether it holds more than one value.
    """

    channel: Channel
    pixels: Array
    meaning: str
    varies: bool


def pick_varying(
    file: ExrFile, channels: Sequence[Channel], *, channel: str = "", others: Sequence[Layer] = ()
) -> DepthRead | None:
    """The depth of one view of an EXR.

    Args:
        file: the opened file.
        channels: the view's channels.
        channel: the channel that a person named; "" looks for the usual names.
        others: channels that were read already.

    Returns:
        The first channel that holds more than one value, else the first that there is; None without one.

    Raises:
        PlateError: the named channel does not exist, or its pixels are damaged.
    """
    named = [named_channel(channels, channel, where=str(file.path))] if channel else []
    candidates = named or depth_channels(channels)
    by_name = {layer.name: layer for layer in others}
    found = None
    for candidate in candidates:
        depth = _read(file, candidate, by_name.get(candidate.channel.name))
        if depth.varies:
            return depth
        _log.info("%s: %s holds a single value, so it is not depth", file.path, candidate.channel.stored)
        found = found or depth
    return found


def _read(file: ExrFile, depth: DepthChannel, layer: Layer | None) -> DepthRead:
    channel = depth.channel
    pixels = layer.pixels if layer is not None and layer.window == channel.window else file.read([channel])[0]
    floats = pixels if pixels.dtype.kind == "f" else pixels.astype("<f4")
    meaning = depth.meaning if depth.meaning != "auto" else stated_meaning(file.headers[channel.part], channel.name)
    return DepthRead(channel, floats if depth.sign > 0 else -floats, meaning, varies(floats))


def stated_meaning(header: Mapping[str, Any], name: str) -> str:
    """What a file's metadata say of its Z; "auto" where they say nothing, guessed, or spoke of another depth.

    Args:
        header: of the part that holds the channel.
        name: the channel.
    """
    meaning = str(header.get("art3d/zMeaning", "auto"))
    other = str(header.get("art3d/depthFrom", f"plate {name}")) != f"plate {name}"
    guessed = header.get("art3d/zHow") == "decided" and float(header.get("art3d/zAgreement", 1.0)) < CERTAIN_AGREEMENT
    return meaning if meaning in BY_NAME["z_meaning"].choices and not other and not guessed else "auto"


def over(pixels: Array, window: Box, data: Box) -> Array:
    """Depth of one window over another, (rows, columns, 1); 0 where there is none."""
    # Zero is what renderers and Nuke mean by "nothing here".
    return relaid(pixels, window, data)[..., None]
