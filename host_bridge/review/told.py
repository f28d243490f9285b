"""How one picture holds both eyes: what a person, its file's name and its own tag say, and whether they agree."""

from __future__ import annotations

from pathlib import Path

from host_bridge.core.errors import Art3DError, BadInputError
from host_bridge.io.plates import PlateSequence
from host_bridge.io.plates.exr import MAGIC
from host_bridge.io.plates.film_stereo import EyesInPicture, is_squeezed
from host_bridge.io.plates.guard import first_bytes
from host_bridge.io.plates.logged_once import log_once
from host_bridge.review.packing import named_layout, named_order, says_size, validate_layout

_BOTH = "name both as LEFT::RIGHT or with %V, or say how one picture holds them with --layout"
_KINDS = {"sbs": "side by side", "tb": "over-under"}


def layout_told(sequence: PlateSequence, text: str, layout: str) -> tuple[str, bool]:
    """How the pictures of a sequence hold both eyes, and whether the right one is the left or upper one.

    A person goes before a name, and a name before a tag, which says nothing of eyes at half their size; but a name
    and a tag that contradict each other are refused, since either may be wrong. Which eye comes first a tag alone says,
    or a name such as `_LR`.

    Args:
        sequence: the pictures.
        text: what they were named by.
        layout: one of `packing.LAYOUTS` from a person; "" without.

    Raises:
        BadInputError: nothing says it, or name and tag contradict each other.
        PlateError: a movie's first frame cannot be decoded.
    """
    refuse_layers(sequence)
    tag = sequence.film.eyes if sequence.film is not None else None
    name = Path(text).stem
    if layout:
        return validate_layout(layout), _right_first(tag, name, layout)
    packed = named_layout(name)
    if not packed:
        if tag is None or not tag.layout:
            holds = (
                f"no second eye is found: the movie says that {tag.arrangement}" if tag else "no second eye is found"
            )
            raise BadInputError(holds, where=text, remedy=_BOTH)
        return tag.layout, tag.right_first
    if tag is not None:
        _validate_agreed(tag, packed, name, text)
    elif not says_size(name):
        _doubt_size(sequence, packed)
    return packed, _right_first(tag, name, packed)


def validate_pair(left: PlateSequence, right: PlateSequence) -> None:
    """Proves that two sequences can be the eyes of one picture, and says what is odd about them.

    Raises:
        BadInputError: a movie with an eye in a layer of its own.
    """
    for eye in (left, right):
        refuse_layers(eye)
    first, other = (eye.path(eye.frames[0]) for eye in (left, right))
    if first == other and left.view == right.view:
        log_once(first, "both eyes are this one picture: nothing will have depth")
    if left.film is not None and right.film is not None and left.film.rate != right.film.rate:
        rates = [f"{float(film.rate):.6g}" for film in (left.film, right.film)]
        log_once(first, f"the eyes have {rates[0]} and {rates[1]} frames a second: they are paired frame by frame")


def refuse_layers(sequence: PlateSequence) -> None:
    """Refuses a movie with an eye in a layer of its own, of which only the other one would be seen.

    Raises:
        BadInputError: it is one.
    """
    if sequence.film is not None and sequence.film.layered:
        raise BadInputError(
            "the second eye is in a layer of its own (MV-HEVC), which nothing here reads",
            where=str(sequence.film.path),
            remedy="export it side by side, or each eye as a movie",
        )


def _right_first(tag: EyesInPicture | None, name: str, layout: str) -> bool:
    """Which eye comes first: as the movie says, else its name, where they are of such a layout."""
    if tag is not None and tag.layout:
        return tag.right_first and _kind(tag.layout) == _kind(layout)
    return bool(named_order(name)) and _kind(named_layout(name)) == _kind(layout)


def _validate_agreed(tag: EyesInPicture, packed: str, name: str, text: str) -> None:
    kind = _KINDS[_kind(packed)]
    if _kind(tag.layout) != _kind(packed):
        raise BadInputError(
            f"its name says that both eyes are {kind}, the movie itself that {tag.arrangement}",
            where=text,
            remedy="say which with --layout",
        )
    order = named_order(name)
    if order is not None and order != tag.right_first:
        one, other = ("right", "left") if order else ("left", "right")
        raise BadInputError(
            f"its name says that the {one} eye comes first, the movie itself that the {other} one does",
            where=text,
            remedy=f"rename it: {_kind(packed).upper()} alone leaves the order to the movie",
        )


def _kind(layout: str) -> str:
    return layout.partition("-")[0]


def _doubt_size(sequence: PlateSequence, packed: str) -> None:
    """Says when eyes that are taken at their full size have the shape of squeezed ones."""
    number = min(n for n in sequence.frames if n not in sequence.missing)
    path = sequence.path(number)
    try:
        # What players and broadcasters take is squeezed; EXRs are of every shape.
        if sequence.film is None and first_bytes(path, 4) == MAGIC:
            return
        window = sequence.windows(number)[0]
    except Art3DError:
        return  # the frame itself tells of it
    aspect = window.width * (sequence.film.aspect if sequence.film is not None else 1.0) / window.height
    if is_squeezed(packed, aspect):
        log_once(path, f"its eyes look squeezed and are shown as they are; if so, give --layout {packed}-half")
