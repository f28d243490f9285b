"""Which of the pictures in an EXR is the picture: the beauty, and alpha from beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from host_bridge.io.plates.depth_channels import depth_channels, names_depth, names_vector
from host_bridge.io.plates.naming import EYES, Channel, is_id, without_words, words_of

COLOR_SETS = (("r", "g", "b"), ("red", "green", "blue"))
LUMA, LUMA_CHROMA = "Y", ("Y", "RY", "BY")
ALPHAS = ("a", "alpha")
PLAIN = "the plain channels"
# What renderers and people call the picture itself, the surest first.
BEAUTY = ("rgba", "rgb", "beauty", "combined", "main", "ci", "c", "color", "colour", "image", "final", "composite",
          "master", "primary", "default", "bty")  # fmt: skip
# These say so beside other words too, as in `fg.Combined`; unless one of those words is an ingredient's.
SURE = ("rgba", "rgb", "beauty", "combined", "bty")
INGREDIENTS = frozenset(
    """albedo ao coat col crypto cryptomatte depth diff diffuse dir direct emission emit gloss glossy id ind indirect
    light lights mask matte motion n noise noisy normal normals occlusion p position raw reflection refraction shadow
    sheen spec specular sss texture trans transmission uv variance vector velocity volume""".split()  # noqa: SIM905
)
# The words of a container, which say nothing about what is in it.
_CONTAINERS = frozenset(("view", "render", "layer", *EYES))


@dataclass(frozen=True)
class Picture:
    """Colour channels that belong together.

    Attributes:
        channels: red, green and blue, or `LUMA_CHROMA`, or luminance; then alpha when there is one.
        label: what a person may call it.
    """

    channels: tuple[Channel, ...]
    label: str

    @property
    def part(self) -> int:
        """Number of its part."""
        return self.channels[0].part


def pictures(channels: Sequence[Channel]) -> tuple[Picture, ...]:
    """Every complete set of colour channels, in file order; alpha only of the same part and layer."""
    found = []
    for group in dict.fromkeys(c.group for c in channels):
        members = [c for c in channels if c.group == group]
        color = _color_of(members, in_layer=group[1] != "")
        if color:
            alpha = [c for name in ALPHAS for c in members if c.component.lower() == name]
            found.append(Picture((*color, *alpha[:1]), _label(color[0])))
    return tuple(found)


def _color_of(channels: Sequence[Channel], *, in_layer: bool) -> tuple[Channel, ...]:
    """The colour channels among those of one part and layer; () without a complete set."""
    there = {c.component: c for c in channels}
    # `Red` and `RED` are red; of `R` and `r`, which may be two pictures, the capitals are the first.
    folded = {c.component.lower(): c for c in sorted(channels, key=lambda c: c.component, reverse=True)}
    for names in COLOR_SETS:
        if all(name in folded for name in names):
            return tuple(folded[name] for name in names)
    if all(name in there for name in LUMA_CHROMA):
        return tuple(there[name] for name in LUMA_CHROMA)
    # A lone Y of a layer, or one beside X and Z, is a coordinate.
    grey = LUMA in there and not in_layer and not {"x", "z"} <= folded.keys()
    return (there[LUMA],) if grey else ()


def choose_picture(found: Sequence[Picture], layer: str = "") -> Picture | None:
    """The beauty among pictures, or the one that a person named.

    Args:
        found: the pictures of one view.
        layer: name of a layer or a part; "" chooses by name, else the first part's.

    Returns:
        None when there is none, or none of that name.
    """
    named = [p for p in found if (layer.casefold() in _names(p) if layer else not is_data(p))]
    return min(named, key=_rank, default=None)


def is_data(picture: Picture) -> bool:
    """Whether the name of a picture's layer or part says that it shows none: depth, vectors or ids as colours.

    Such a one is the picture only where a person names it.
    """
    first = picture.channels[0]
    names = [name for name in (first.layer, first.part_name) if name]
    return any(names_depth(name) or names_vector(f"{name}.R") or is_id(name, "") for name in names)


def says_picture(label: str) -> bool:
    """Whether a picture's label is that of plain channels, or of nothing but words for the picture itself."""
    return label == PLAIN or all(word in BEAUTY for word in words_of(label) if word not in _CONTAINERS)


def lone_grey(channels: Sequence[Channel], layer: str = "") -> Picture | None:
    """The only channel there is beside alpha, ids, depth and vectors: a matte or a luminance under another name than Y.

    Args:
        channels: of one view.
        layer: name of a layer or a part; "" looks at all of them.
    """
    named = [c for c in channels if not layer or layer.casefold() in _names(Picture((c,), _label(c)))]
    other = {(d.channel.part, d.channel.stored) for d in depth_channels(named)}
    lone = [
        c
        for c in named
        if c.component.lower() not in ALPHAS
        and (c.part, c.stored) not in other
        and c.sampling == (1, 1)
        and not is_id(c.name, c.dtype)
        and not names_vector(c.name)
    ]
    if len(lone) != 1:
        return None
    alpha = [
        c for c in named if c.component.lower() in ALPHAS and c.group == lone[0].group and c.window == lone[0].window
    ]
    return Picture((lone[0], *alpha[:1]), _label(lone[0]))


def _label(channel: Channel) -> str:
    if not channel.part_name:
        return channel.layer or PLAIN
    inside = channel.layer and channel.layer.casefold() != channel.part_name.casefold()
    return f"{channel.part_name}/{channel.layer}" if inside else channel.part_name


def _names(picture: Picture) -> set[str]:
    first = picture.channels[0]
    names = {picture.label, first.layer, first.part_name, without_words(first.part_name, {*EYES, first.view or ""})}
    return {text.casefold() for text in names if text}


def _rank(picture: Picture) -> tuple[int, int, bool, int]:
    """Order of preference, least first: by name, plain channels before layers, then in file order."""
    first = picture.channels[0]
    ignored = _CONTAINERS | set(words_of(first.view or ""))
    words = [w for w in words_of(f"{first.part_name}.{first.layer}") if w not in ignored]
    best = min((BEAUTY.index(w) for w in words if w in BEAUTY), default=-1)
    if first.component == "Y" and not any(c.component == "RY" for c in picture.channels):
        tier = 4
    elif all(w in BEAUTY for w in words):
        tier = 0
    elif any(w in SURE for w in words) and not INGREDIENTS.intersection(words):
        tier = 1
    else:
        # An unknown name, `fg`, is rather the picture than an ingredient's.
        tier, best = 3 if INGREDIENTS.intersection(words) else 2, 0
    return tier, best, bool(first.layer), first.part


def infer_views(channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """Views of a file that names none but has the eye in the beauty's name: `rgba_left.R`, `Combined.left.R`.

    Other layers follow where both eyes have them, or where there is one eye only.
    """
    if any(c.view for c in channels):
        return tuple(channels)
    found = pictures(channels)
    eyes = [eye for p in found if (eye := _eye(p.channels[0])) and _rank(p)[0] == 0]
    plain = any(_rank(p)[0] == 0 and not _eye(p.channels[0]) for p in found)
    views = set(eyes)
    if plain or not views:
        return tuple(channels)
    sides: dict[tuple[str, str], set[str]] = {}
    for channel in channels:
        if eye := _eye(channel):
            sides.setdefault(_sideless(channel), set()).add(eye)
    return tuple(
        replace(c, name=_sideless(c)[1], view=_eye(c))
        if _eye(c) in views and len(sides[_sideless(c)]) == len(views)
        else c
        for c in channels
    )


def _eye(channel: Channel) -> str:
    """The only eye among the words of a channel's part and layer; "" without one."""
    eyes = {w for w in words_of(f"{channel.part_name}.{channel.layer}") if w in EYES}
    return eyes.pop() if len(eyes) == 1 else ""


def _sideless(channel: Channel) -> tuple[str, str]:
    layer = without_words(channel.layer, EYES)
    name = f"{layer}.{channel.component}" if layer else channel.component
    return without_words(channel.part_name, EYES), name
