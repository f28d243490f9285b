"""Which channel of an EXR belongs to which view, and which of them are colour, depth and disparity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from host_bridge.geometry import Box

COLOR_SETS = (("R", "G", "B"), ("r", "g", "b"), ("red", "green", "blue"), ("Y", "RY", "BY"), ("Y",))
ALPHAS = ("A", "a", "alpha")
COLOR_LAYERS = ("", "rgba", "rgb", "combined", "beauty", "image")
DEPTH_LAYERS = ("depth", "z", "zdepth", "deep", "")


@dataclass(frozen=True)
class Channel:
    """Where one channel is stored.

    Attributes:
        part: number of the part.
        stored: the name in the file.
        name: the name without its view.
        view: the view it belongs to; None for one that belongs to no view in particular.
        dtype: numpy spelling of its type.
        window: the pixels it covers.
        sampling: columns and rows per sample; (1, 1) but for subsampled chroma.
    """

    part: int
    stored: str
    name: str
    view: str | None
    dtype: str
    window: Box
    sampling: tuple[int, int] = (1, 1)

    @property
    def layer(self) -> str:
        """The name before the last dot; "" without one."""
        return self.name.rpartition(".")[0]

    @property
    def component(self) -> str:
        """The name after the last dot."""
        return self.name.rpartition(".")[2]


def split_view(stored: str, views: Sequence[str]) -> tuple[str, str | None]:
    """Name and view of a channel in a part with a `multiView` attribute.

    Convention:
        OpenEXR's: a name without a dot belongs to the first view; in `layer.view.channel` the view is the last
        but one; any other name belongs to no view in particular.
    """
    words = stored.split(".")
    if len(words) == 1:
        return stored, views[0]
    if words[-2] in views:
        return ".".join([*words[:-2], words[-1]]), words[-2]
    return stored, None


def of_view(channels: Iterable[Channel], view: str) -> tuple[Channel, ...]:
    """The channels of one view; those of no view fill in where the view has none of that name."""
    chosen: dict[str, Channel] = {}
    for channel in channels:
        ours, known = channel.view == view, channel.name in chosen
        if ours or (channel.view is None and not known):
            chosen[channel.name] = channel
    return tuple(chosen.values())


def _rank(layer: str, order: Sequence[str]) -> int:
    last = layer.rpartition(".")[2].lower()
    return order.index(last) if last in order else len(order)


def pick_color(channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """The colour channels, alpha last when there is one; empty when the picture has no colour."""
    layers = sorted({c.layer for c in channels}, key=lambda layer: (_rank(layer, COLOR_LAYERS), layer))
    for layer in layers:
        there = {c.component: c for c in channels if c.layer == layer}
        for names in COLOR_SETS:
            if all(name in there for name in names) and (layer == "" or len(names) > 1):
                first = there[names[0]]
                alpha = [there[a] for a in ALPHAS if a in there and there[a].window == first.window]
                return (*(there[name] for name in names), *alpha[:1])
    return ()


def pick_depth(channels: Sequence[Channel]) -> Channel | None:
    """The channel that holds distance or nearness; None without one."""
    found = [c for c in channels if c.component in ("Z", "z") or c.name.lower() == "depth"]
    return min(found, key=lambda c: (_rank(c.layer, DEPTH_LAYERS), c.name), default=None)


def pick_disparity(channels: Sequence[Channel], *, toward: str) -> Channel | None:
    """Horizontal disparity that points to the view `toward` ("left" or "right"), in Nuke's names; None without."""
    layer = {"left": "disparityL", "right": "disparityR"}[toward]
    return next((c for c in channels if c.layer == layer and c.component in ("x", "X", "u")), None)
