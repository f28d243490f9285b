"""What requests need and may ask for: pure functions of the message."""

from __future__ import annotations

from host_bridge.core.errors import BadInputError, LimitError, PlateError
from host_bridge.core.frame import LEAST_ASPECT, MOST_ASPECT
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.layout import validate_layers
from host_bridge.wire.limits import Limits
from host_bridge.wire.outputs import OUTPUTS, bare
from host_bridge.wire.settings import PROXIES


def request_keys(request: m.TileRequest) -> tuple[str, ...]:
    """The frames a request needs: its own first, then its neighbours."""
    shot = request.settings.shot
    return tuple(dict.fromkeys((request.key, *(shot.before + shot.after if shot else ()))))


def validate_request(request: m.TileRequest) -> None:
    """Proves outputs, knobs and proxy.

    Raises:
        BadInputError: an unknown or repeated output, a knob outside its range, or a proxy that cannot be made.
    """
    outputs = [bare(name) for name in request.outputs]
    if not OUTPUTS.keys() >= set(outputs) or len(set(outputs)) != len(outputs):
        raise BadInputError(f"outputs {', '.join(request.outputs)}", remedy=f"choose from {', '.join(OUTPUTS)}")
    controls: Controls = request.controls
    controls.checked()
    first, last = PROXIES
    if not first <= request.settings.proxy <= last:
        raise BadInputError(f"a proxy of every {request.settings.proxy}-th pixel", remedy=f"ask for {first} to {last}")
    if request.settings.proxy > 1 and request.settings.style == "given":
        raise BadInputError("a proxy of a given disparity", remedy="name a style, or ask for the whole plate")


def channels_of(output: str, layers: dict[str, int]) -> int:
    """How many channels an output has for a frame with these layers.

    Raises:
        BadInputError: the frame has nothing to make it from.
    """
    source = {"left": "color", "right": "color", "left_extra": "extra", "right_extra": "extra"}.get(bare(output))
    if source is None:
        return 1
    if source not in layers:
        raise BadInputError(f"{output} was asked of a frame without layer {source!r}", remedy="upload that layer")
    return layers[source]


def validate_keys(keys: tuple[str, ...], limits: Limits) -> None:
    """Proves the number of frames that one request names.

    Raises:
        LimitError: too many.
    """
    if len(keys) > limits.keys_per_request:
        raise LimitError(f"{len(keys)} frames in one request",
                         remedy=f"the limit keys_per_request is {limits.keys_per_request}")  # fmt: skip


def validate_put(put: m.PutFrame, limits: Limits) -> None:
    """Proves that the description of a frame is possible.

    Raises:
        ProtocolError, LimitError, PlateError: as `validate_layers` and `Frame`.
    """
    validate_layers(put.layers, put.nbytes, limit_bytes=limits.frame_bytes)
    if put.data.empty or put.display.empty or not LEAST_ASPECT <= put.pixel_aspect <= MOST_ASPECT:
        raise PlateError("the frame has no pixels or no usable pixel aspect", remedy="check the plate's windows")
    size = (put.data.height, put.data.width)
    for layer in put.layers:
        if layer.name != "look" and (layer.rows, layer.columns) != size:
            raise PlateError(f"layer {layer.name!r} has another size than the data window", remedy="give it that size")
        if layer.name == "color" and layer.channels != len(put.channels):
            raise PlateError("color and its channel names differ in number", remedy="name every channel")
