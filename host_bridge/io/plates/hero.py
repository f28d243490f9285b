"""Which view of a plate is staged, and which eye it is: views keep their own names."""

from __future__ import annotations

from dataclasses import replace

from host_bridge.core.errors import Art3DError
from host_bridge.io.plates import guard
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.naming import EYES, eye_of
from host_bridge.io.plates.sequence import PlateSequence
from host_bridge.io.plates.views import first_view


def settle_hero(sequence: PlateSequence, hero: str | None) -> tuple[PlateSequence, str]:
    """The sequence with its view settled, and the hero eye.

    Convention:
        Who names a view has that view, who names an eye has the view of that name where there is one; else it is the
        file's first. A view called left or right (or `L`, `RIGHT`, `cam_right`) is that eye, whatever comes first,
        unless `hero` says otherwise.

    Args:
        sequence: the whole sequence, whatever frames are asked: one answer for every chunk of it.
        hero: the eye that a person named; None for none.
    """
    views, first = _views(sequence)
    of_hero = next((v for v in views if v == hero), "") or next((v for v in views if hero and eye_of(v) == hero), "")
    view = sequence.view or of_hero or first
    return replace(sequence, view=view), hero or eye_of(view) or EYES[0]


def _views(sequence: PlateSequence) -> tuple[tuple[str, ...], str]:
    """The views of the first frame that can be read, and the first that shows a picture; none of other formats."""
    for number in sequence.frames:
        if number in sequence.missing:
            continue
        try:
            path = sequence.path(number)
            if guard.first_bytes(path, 4) != MAGIC:
                return (), ""
            file = open_exr(path)
            return file.views, first_view(file)
        except Art3DError:
            continue
    return (), ""
