"""A delivery carried out: each picture made and written, or each movie encoded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from host_bridge.core.errors import Art3DError, MissingFrameError
from host_bridge.core.frame import Array
from host_bridge.core.recipe import art3d_version
from host_bridge.deliver.movie import write_movie
from host_bridge.deliver.plan import Delivery
from host_bridge.io.outputs import validate_apart, write_picture
from host_bridge.review.packing import pack
from host_bridge.review.source import StereoSource

DEEP = (".png", ".tif", ".tiff", ".dpx")
WRITERS = 2


def carry_out(
    source: StereoSource, delivery: Delivery, *, overwrite: bool = False, done: Callable[[], None] = lambda: None
) -> dict[int, Art3DError]:
    """Writes what a delivery asks for.

    Args:
        source: the stereo sequence.
        delivery: where it goes and how.
        overwrite: whether pictures that are there are made again.
        done: called for each picture that came to its end.

    Returns:
        Frame number → why it is not there; a movie is there whole or not at all.

    Raises:
        OutputError: the output is the input, or a movie cannot be written.
        PlateError: no frame, or one of a movie, can be read; or a movie's frame has no file.
    """
    files = (delivery.out.path(number, view) for number in source.numbers for view in delivery.views)
    validate_apart(dict.fromkeys(files), source.left.known_files | source.right.known_files)
    if delivery.codec:
        if source.lacking:
            raise MissingFrameError(f"a movie has no gaps: {source.lacking_text}", where=source.name,
                                    remedy="render what is missing, or name other --frames")  # fmt: skip
        _movies(source, delivery, done)
        return {}
    return _pictures(source, delivery, overwrite, done)


def _picture(source: StereoSource, delivery: Delivery, number: int, view: str) -> Array:
    """One delivered picture, (rows, columns, 3) float32 in 0..1."""
    left, right = source.shown(number, display=delivery.display, view=delivery.view)
    if delivery.codec:
        left, right = (_even(eye, delivery.layout) for eye in (left, right))
    if delivery.layout:
        return pack(left, right, delivery.layout)
    return left if view == "left" else right


def _even(eye: Array, layout: str) -> Array:
    """What of an eye a movie shows: video shares colour between two columns and two rows, which must be of one eye."""
    down, across = (4, 2) if layout == "tb-half" else (2, 4) if layout == "sbs-half" else (2, 2)
    rows, columns = (max(1, size // unit) * unit for size, unit in zip(eye.shape[:2], (down, across), strict=True))
    return eye[:rows, :columns]


def _levels(values: Array, most: int) -> Array:
    return (values * most + 0.5).astype(np.uint8 if most == 255 else np.uint16)


def _movies(source: StereoSource, delivery: Delivery, done: Callable[[], None]) -> None:
    identity = {
        "version": art3d_version(),
        "eyes": [source.content(number) for number in source.numbers],
        "space": source.input_space,
    }
    for view in delivery.views:

        def picture(number: int, view: str = view) -> Array:
            done()
            return _levels(_picture(source, delivery, number, view), 65535)

        write_movie(delivery.out.path(0, view), source.numbers, picture, delivery, identity={**identity, "view": view})


def _pictures(
    source: StereoSource, delivery: Delivery, overwrite: bool, done: Callable[[], None]
) -> dict[int, Art3DError]:
    failed: dict[int, Art3DError] = {}

    def make(number: int) -> None:
        for view in delivery.views:
            path = delivery.out.path(number, view)
            if overwrite or not path.is_file():
                values = _picture(source, delivery, number, view)
                write_picture(path, _levels(values, 65535 if path.suffix.lower() in DEEP else 255))
            done()

    with ThreadPoolExecutor(WRITERS, "art3d-deliver") as pool:
        for number, future in [(n, pool.submit(make, n)) for n in source.numbers]:
            try:
                future.result()
            except Art3DError as error:
                failed[number] = error
    if len(failed) == len(source.numbers):
        raise next(iter(failed.values()))
    return failed
