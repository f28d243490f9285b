"""What a GPU kernel takes: the structs of `view.h`, `matte.h`, `softness.h` and `device.cuh`, field by field."""

from __future__ import annotations

import ctypes
from typing import Any, TypeAlias

Pointer: TypeAlias = int | None
_Field: TypeAlias = tuple[str, Any]


def _pointers(*names: str) -> list[_Field]:
    return [(name, ctypes.c_void_p) for name in names]


def _ints(*names: str) -> list[_Field]:
    return [(name, ctypes.c_int) for name in names]


class Span(ctypes.Structure):
    """First and one past the last of a range."""

    _fields_ = _ints("first", "last")


class Plate(ctypes.Structure):
    """Colours, extra layers, disparity; alpha -1: none."""

    _fields_ = [
        *_pointers("colours", "extra", "disparity"),
        *_ints("height", "width", "channels", "layers", "alpha"),
    ]


class Planes(ctypes.Structure):
    """What is made."""

    _fields_ = [*_pointers("colours", "extra", "disparity"), *_ints("height", "width", "channels", "layers")]


class MixedPixels(ctypes.Structure):
    """The pixels of the band, or the mixed ones among them."""

    _fields_ = [
        *_pointers("start", "count", "column", "foreground_alpha", "front", "back", "disparities", "other"),
        *_pointers("kind", "noise", "off_line"),
    ]


class Reaches(ctypes.Structure):
    """Whole px to the nearest depth edge, and where they lie."""

    _fields_ = [*_pointers("at"), *_ints("height", "width", "top", "left")]


class CellSums(ctypes.Structure):
    """What the pixels at an edge say in each cell."""

    _fields_ = [*_pointers("at"), *_ints("rows", "columns", "top", "left")]


class DeviceJob(ctypes.Structure):
    """What all kernels take; each reads what it needs."""

    _fields_ = [
        ("plate", Plate),
        *_pointers("clean"),
        ("rows", Plate),
        *_pointers("rows_cover"),
        ("other_rows", Plate),
        ("view", Planes),
        *_pointers("code", "index", "nearest"),
        ("soft", Planes),
        ("behind", Planes),
        ("clean_view", Planes),
        *_pointers("behind_code", "cover", "filled_disparity", "hole", "beyond"),
        ("band", MixedPixels),
        ("mixed", MixedPixels),
        ("reaches", Reaches),
        ("cells", CellSums),
        *_pointers("learnt", "sums", "around"),
        ("sign", ctypes.c_float),
        *_ints("left", "top", "first", "widest"),
        *((name, Span) for name in ("columns", "band_columns", "settled")),
        *_ints("filled", "width", "height"),
    ]
