"""Which channel of an EXR belongs to which view, and which of them are disparity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from host_bridge.core.geometry import Box

EYES = ("left", "right")
_EYE_WORDS = {"left": "left", "l": "left", "right": "right", "r": "right"}
_ID_WORDS = frozenset(("id", "ids", "hash"))
_ID_STARTS = (
    *("crypto", "objectid", "objid", "materialid", "matid", "primid", "primitiveid", "instid", "instanceid", "deepid"),
    *("nodeid", "assetid", "meshid", "faceid", "particleid", "elementid", "groupid", "renderid", "indexob", "indexma"),
    "puzzlematte",
)
_COLOURS = frozenset(("r", "g", "b", "a", "y", "ry", "by", "red", "green", "blue", "alpha"))
# `rgba_left`, `CoronaBeauty` and `ViewLayer.Combined` alike, and letters of every script.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


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
        part_name: the part's name; "" in a file that is one part.
    """

    part: int
    stored: str
    name: str
    view: str | None
    dtype: str
    window: Box
    sampling: tuple[int, int] = (1, 1)
    part_name: str = ""

    @property
    def layer(self) -> str:
        """The name before the last dot; "" without one."""
        return self.name.rpartition(".")[0]

    @property
    def component(self) -> str:
        """The name after the last dot."""
        return self.name.rpartition(".")[2]

    @property
    def group(self) -> tuple[int, str]:
        """What makes channels one picture: the same part and the same layer."""
        return self.part, self.layer


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in lower case: `Key_Light.left` is key, light, left."""
    return tuple(word.lower() for word in _WORD.findall(text))


def eye_of(view: str) -> str:
    """The eye that a view's name speaks of, as `RIGHT`, `R` and `cam_right` do; "" for none, or for both."""
    eyes = {_EYE_WORDS[word] for word in words_of(view) if word in _EYE_WORDS}
    return eyes.pop() if len(eyes) == 1 else ""


def without_words(text: str, unwanted: Iterable[str]) -> str:
    """A name without some of its words and the separators that held them: `rgba.left` without left is `rgba`."""
    dropped = {word.lower() for word in unwanted}
    kept = _WORD.sub(lambda found: "" if found.group().lower() in dropped else found.group(), text)
    return text if kept == text else re.sub(r"([._\s-])[._\s-]+", r"\1", kept).strip("._ -")


def eyes_among(views: Iterable[str]) -> tuple[str, str] | None:
    """The views of the left and the right eye, as they are spelled; None where either is not there, or several are."""
    listed = tuple(views)
    found = []
    for eye in EYES:
        named = [eye] if eye in listed else [view for view in listed if eye_of(view) == eye]
        if len(named) != 1:
            return None
        found += named
    return found[0], found[1]


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
    """The channels of one view, in file order; those of no view fill in where the view has none of that name."""
    listed = list(channels)
    own = {c.name for c in listed if c.view == view}
    return tuple(c for c in listed if c.view == view or (c.view is None and c.name not in own))


def is_id(name: str, dtype: str) -> bool:
    """Whether a channel holds ids: a mean of two of them, or one that lost a bit, is the id of nothing."""
    words = {*words_of(name), *re.split(r"[._\s-]+", name.lower())}
    return dtype.startswith("<u") or any(word in _ID_WORDS or word.startswith(_ID_STARTS) for word in words)


def apart(channels: Sequence[Channel], picked: Sequence[Channel]) -> tuple[Channel, ...]:
    """Channels under names of which no two are equal, nor equal to those of the picture.

    Convention:
        Nuke's: a plain name such as `R` in another part than the picture's is a channel of the layer that the part
        names, `albedo.R`. A plain name that is no colour and that no other part has keeps itself, such as `Z`. The
        picture's own channels go out under plain names; plain colour beside such a layer becomes `plain.R`.

    Args:
        channels: of one view.
        picked: those that are the picture.
    """
    part = picked[0].part
    if picked[0].layer:
        channels = [
            replace(c, name=f"plain.{c.name}") if c.part == part and c.name.lower() in _COLOURS else c for c in channels
        ]
    plain = [c for c in channels if c.part != part and not c.layer]
    taken = {c.name for c in channels if c.part == part}
    shared = {c.name for c in plain if sum(other.name == c.name for other in plain) > 1}
    picture_parts = {c.part for c in plain if c.name in taken | shared or c.name.lower() in _COLOURS}
    seen: set[str] = set()
    found = []
    for channel in sorted(channels, key=lambda c: c.part != part):
        name = (
            f"{_layer_of(channel)}.{channel.name}"
            if channel in plain and channel.part in picture_parts
            else channel.name
        )
        if name in seen:
            layer, _, component = name.rpartition(".")
            name = f"{layer or 'layer'}_{channel.part}.{component}"
        seen.add(name)
        found.append(replace(channel, name=name))
    return tuple(found)


def _layer_of(channel: Channel) -> str:
    named = without_words(channel.part_name, {*EYES, channel.view or ""})
    return named or channel.part_name or f"part{channel.part}"


def pick_disparity(channels: Sequence[Channel], *, toward: str) -> Channel | None:
    """Horizontal disparity that points to the view `toward` ("left" or "right"), in Nuke's names; None without."""
    layer = {"left": "disparityL", "right": "disparityR"}[toward]
    return next((c for c in channels if c.layer == layer and c.component in ("x", "X", "u")), None)
