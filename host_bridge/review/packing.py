"""How two eyes share one picture."""

from __future__ import annotations

import re

import numpy as np

from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Array

LAYOUTS = ("sbs", "sbs-half", "tb", "tb-half")
# Names that players and sellers of films use, the longer ones first.
_NAMES = (
    (r"h-?sbs|half-?sbs|sbs-?half", "sbs-half"),
    (r"h-?(?:tb|ou)|half-?(?:tb|ou)|tb-?half|ou-?half", "tb-half"),
    (r"f(?:ull)?-?sbs|sbs|lr|rl|left-?right|right-?left|side-?by-?side|3dh", "sbs"),
    (r"f(?:ull)?-?(?:tb|ou)|tb|bt(?!-\d)|ou|top-?bottom|bottom-?top|over-?under|3dv", "tb"),
)
_LEFT_FIRST, _RIGHT_FIRST = r"lr|left-?right", r"rl|right-?left|bt(?!-\d)|bottom-?top"


def named_layout(name: str) -> str:
    """The layout that a file's name tells, such as `film_Full_SBS.mp4`; "" when it tells none."""
    plain = _plain(name)
    for pattern, layout in _NAMES:
        if re.search(rf"(?:^|-)(?:{pattern})(?:-|$)", plain):
            return layout
    return ""


def named_order(name: str) -> bool | None:
    """Whether a file's name says that the right eye is the left or upper one, as `_RL` does; None without."""
    for pattern, right_first in ((_LEFT_FIRST, False), (_RIGHT_FIRST, True)):
        if re.search(rf"(?:^|-)(?:{pattern})(?:-|$)", _plain(name)):
            return right_first
    return None


def says_size(name: str) -> bool:
    """Whether a file's name says if its eyes are at half their size: `_HSBS`, `_Full_SBS`."""
    is_full = re.search(r"(?:^|-)(?:f(?:ull)?-?(?:sbs|tb|ou)|(?:sbs|tb|ou)-?full)(?:-|$)", _plain(name))
    return named_layout(name).endswith("-half") or bool(is_full)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.lower())


def validate_layout(layout: str) -> str:
    """The layout, when it is one.

    Raises:
        BadInputError: it is none.
    """
    if layout not in LAYOUTS:
        raise BadInputError(f"no layout {layout!r}", where="--layout", remedy=f"choose one of: {', '.join(LAYOUTS)}")
    return layout


def unpack(picture: Array, layout: str) -> tuple[Array, Array]:
    """Left and right eye of a packed picture; half-size eyes come out at their full size by repetition.

    Args:
        picture: (rows, columns, channels); of an odd size the middle line is left out.
        layout: one of `LAYOUTS`.
    """
    rows, columns = picture.shape[:2]
    if layout.startswith("sbs"):
        left, right = picture[:, : columns // 2], picture[:, columns - columns // 2 :]
        axis = 1
    else:
        left, right = picture[: rows // 2], picture[rows - rows // 2 :]
        axis = 0
    if layout.endswith("half"):
        left, right = np.repeat(left, 2, axis), np.repeat(right, 2, axis)
    return left, right


def pack(left: Array, right: Array, layout: str) -> Array:
    """Both eyes in one picture; half layouts take the mean of neighbouring columns or rows.

    Args:
        left, right: (rows, columns, channels) of one size; a last odd line is left out of half layouts.
        layout: one of `LAYOUTS`.
    """
    axis = 1 if layout.startswith("sbs") else 0
    if layout.endswith("half"):
        left, right = (_halved(eye, axis) for eye in (left, right))
    return np.concatenate([left, right], axis)


def _halved(eye: Array, axis: int) -> Array:
    count = eye.shape[axis] // 2 * 2
    first, second = (eye.take(range(start, count, 2), axis).astype(np.float32) for start in (0, 1))
    mean = (first + second) / 2
    return np.asarray(mean.round().astype(eye.dtype) if eye.dtype.kind == "u" else mean.astype(eye.dtype))
