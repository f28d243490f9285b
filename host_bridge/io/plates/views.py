"""Which view of an EXR is read."""

from __future__ import annotations

from host_bridge.core.errors import PlateError
from host_bridge.io.plates.choice import choose_picture, lone_grey, pictures
from host_bridge.io.plates.exr import ExrFile
from host_bridge.io.plates.naming import Channel, of_view


def view_of(file: ExrFile, view: str) -> tuple[str, tuple[Channel, ...]]:
    """The asked view's name and channels; raises as `choose_view`."""
    chosen = choose_view(file, view)
    return chosen, of_view(file.channels, chosen) if chosen else file.channels


def choose_view(file: ExrFile, view: str) -> str:
    """The asked view of a file, or its first that shows a picture; a file that names no views has whichever is asked.

    Raises:
        PlateError: the file names its views, and this is none of them.
    """
    if not file.views:
        return ""
    if view and view not in file.views:
        raise PlateError(
            f"no view {view!r}", where=str(file.path), remedy=f"its views are {', '.join(file.views)}; see --view"
        )
    return view or first_view(file)


def first_view(file: ExrFile) -> str:
    """The first view that shows a picture, else the first; "" for a file that names none."""

    def shows(view: str) -> bool:
        channels = of_view(file.channels, view)
        return (choose_picture(pictures(channels)) or lone_grey(channels)) is not None

    return next((view for view in file.views if shows(view)), file.views[0] if file.views else "")
