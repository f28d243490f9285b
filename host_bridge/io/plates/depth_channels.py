"""Which channel of a picture is depth: renderers' usual names, our own, and one that a person names.

Convention:
    Only depth is depth. A Z beside X and Y is the third component of a vector (normals, positions, motion), or of
    a colour; a Z in a layer of such a name is no depth either, though it stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from host_bridge.core.errors import PlateError
from host_bridge.io.plates.naming import Channel, words_of

# The last word of a layer or a channel, in lower case without signs: the better name first.
DEPTH_WORDS = ("depth", "z", "zdepth", "depthz", "vrayzdepth", "zbuffer", "zpass", "depthpass", "zdepthpass", "deep")
# Where a depth layer holds its value: the better component first.
COMPONENTS = ("Z", "X", "V", "R", "Y", "depth", "distance")
VECTORS = frozenset({"n", "ns", "ng", "nn", "p", "pos", "pref", "uv", "uvw", "st", "xyz"})
_VECTOR_STEMS = ("normal", "motion", "velocity", "position", "vector", "world", "tangent", "forward", "backward",
                 "flow")  # fmt: skip
# In a layer of these words a Z is another thing's, unless the name says depth too, as `noisy_depth` does.
_OTHERS = frozenset(
    """alpha ao coverage crypto curvature diffuse id light mask matte normal occlusion samples shadow spec specular
    tangent variance weight""".split()  # noqa: SIM905
)
INVERSE_DEPTH = "inverse_depth"


@dataclass(frozen=True)
class DepthChannel:
    """A channel that holds depth.

    Attributes:
        channel: where it is stored.
        meaning: what its name says of its values, one of the knob Z Meaning; "auto" where it says nothing.
        sign: −1 where the stored values are the negative of what the meaning speaks of.
    """

    channel: Channel
    meaning: str = "auto"
    sign: float = 1.0


def depth_channels(channels: Sequence[Channel]) -> list[DepthChannel]:
    """The channels that hold depth by their names, the most likely first.

    Args:
        channels: those of one view.
    """
    named = [(_full_name(c), c) for c in channels if c.sampling == (1, 1)]
    layers: dict[str, dict[str, Channel]] = {}
    for name, channel in named:
        layer, _, component = name.rpartition(".")
        layers.setdefault(layer, {}).setdefault(component, channel)
    found: list[tuple[tuple[int, int, str], DepthChannel]] = []
    for layer, members in layers.items():
        word = _word(layer)
        if word in DEPTH_WORDS and not _is_vector(members):
            value = next((c for wanted in COMPONENTS for c in members if c.lower() == wanted.lower()), None)
            if value is not None:
                found.append(((DEPTH_WORDS.index(word), 0, layer), DepthChannel(members[value])))
            continue
        other = _is_vector(members) or _named_vector(word) or _of_another(layer)
        for component, channel in members.items():
            if _word(component) in DEPTH_WORDS and not other:
                found.append(((DEPTH_WORDS.index(_word(component)), 1, layer), DepthChannel(channel)))
        if word == _word(INVERSE_DEPTH):
            only = next(iter(members.values()))
            found.append(((len(DEPTH_WORDS), 0, layer), DepthChannel(only, "near-is-white")))
    return [depth for _, depth in sorted(found, key=lambda one: one[0])]


def named_channel(channels: Sequence[Channel], name: str, *, where: str) -> DepthChannel:
    """The channel that a person names: as stored, without its view, with its part's name, or by its layer alone.

    Raises:
        PlateError: there is none; says what there is.
    """
    wanted = name.lower()
    for channel in channels:
        names = {channel.stored, channel.name, _full_name(channel)}
        if wanted in {n.lower() for n in names}:
            return _meant(channel)
    of_layer = [c for c in channels if wanted == _full_name(c).rpartition(".")[0].lower()]
    for component in COMPONENTS:
        for channel in of_layer:
            if channel.component.lower() == component.lower():
                return _meant(channel)
    listed = ", ".join(sorted({_full_name(c) for c in channels}))
    raise PlateError(f"no channel {name!r}", where=where, remedy=f"name one of {listed} with --depth-channel")


def _meant(channel: Channel) -> DepthChannel:
    layer = _full_name(channel).rpartition(".")[0]
    if layer == "disparityR":
        return DepthChannel(channel, "near-is-white", -1.0)
    is_ours = layer == "disparityL" or _word(layer) == _word(INVERSE_DEPTH)
    return DepthChannel(channel, "near-is-white") if is_ours else DepthChannel(channel)


def _full_name(channel: Channel) -> str:
    """The channel's name, led by its part's where it has no layer of its own and the part is named for depth."""
    part, bare = channel.part_name, "." not in channel.name
    word = _word(part)
    is_depth_word = word in (*DEPTH_WORDS, _word(INVERSE_DEPTH)) or _named_vector(word)
    return f"{part}.{channel.name}" if bare and is_depth_word else channel.name


def _word(name: str) -> str:
    """The last word of a dotted name without its signs and number: `View Layer.Z-Depth_1` is `zdepth`."""
    last = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())
    return last.rstrip("0123456789") or last


def _is_vector(members: dict[str, Channel]) -> bool:
    """Whether a layer's channels are three components. A depth that a compositor copied to R, G and B is none."""
    names = {name.lower() for name in members}
    return {"x", "y", "z"} <= names


def names_depth(layer: str) -> bool:
    """Whether a layer's name, or a part's, is depth's; a beauty of a deep render may say deep."""
    return _word(layer) in DEPTH_WORDS and _word(layer) != "deep"


def names_vector(name: str) -> bool:
    """Whether a channel's name, or its layer's, is a vector's: a lone one is a part of no picture."""
    layer, _, component = name.rpartition(".")
    return _named_vector(_word(layer)) or _named_vector(_word(component))


def _of_another(layer: str) -> bool:
    words = set(words_of(layer))
    other = bool(words & _OTHERS) or any(word.endswith(("mask", "matte")) for word in words)
    return other and not words & {"depth", "zdepth"}


def _named_vector(word: str) -> bool:
    return word in VECTORS or any(stem in word for stem in _VECTOR_STEMS)
