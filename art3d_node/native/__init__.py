"""The compiled kernels: everything that is done once per pixel, on numpy arrays.

Built by `make native` beside its sources. Kernels release the interpreter, share the cores that `set_threads` allows
the calling thread, and in the main thread let signals stop them between two chunks of rows.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from art3d_node.native.stamp import sources_hash

try:
    from art3d_node.native import _native
except ImportError as error:
    raise ImportError(f"art3d_node.native is not built in this checkout; run: make native ({error})") from error
if sources_hash() != _native.SOURCES:
    raise ImportError("art3d_node.native was built from other sources than lie beside it; run: make native")

from art3d_node.native._native import (
    CleanPlate,
    KnobTurn,
    Limit,
    Plate,
    Request,
    Targets,
    Window,
    chunk_pixels,
    cores,
    enlarge,
    fill_unknown,
    isa,
    look_around,
    make_look,
    match_pair,
    nearness,
    neighbourhood,
    refine,
    render,
    resolve_ramps,
    rows_around,
    set_chunk_pixels,
    set_threads,
    settle_opinions,
    settle_outlines,
    shrink_guide,
    shrink_look,
    snap_mixed,
    take_from_opaque,
    threads,
    turn,
)

FloatArray: TypeAlias = npt.NDArray[np.float32]
ByteArray: TypeAlias = npt.NDArray[np.uint8]
MaskArray: TypeAlias = npt.NDArray[np.bool_]

APRON_PX = _native.APRON_PX
"""Rows and columns around a pixel of the new view that its fill may depend on."""
OUTLINE_PX = _native.OUTLINE_PX
"""Rows and columns of the plate that a mixed pixel's colours depend on."""
LOOK_PX = _native.LOOK_PX
"""Pixels around a mixed one that tell the colours of its two surfaces."""
SLOPE_PX = _native.SLOPE_PX
"""Columns of background beside a hole that say how its disparity goes on."""
CELL_PX = _native.CELL_PX
CELL_SUMS = _native.CELL_SUMS
"""Size of the cells of the plate in which the softness of outlines is learnt."""
LANES = _native.LANES
"""`match_pair` searches a multiple of so many disparities."""
UNLIKE = _native.UNLIKE
"""Weights that `settle_outlines` takes: one for each sum of three channels' differences."""

__all__ = [
    "APRON_PX",
    "CELL_PX",
    "CELL_SUMS",
    "LANES",
    "LOOK_PX",
    "OUTLINE_PX",
    "SLOPE_PX",
    "UNLIKE",
    "ByteArray",
    "CleanPlate",
    "FloatArray",
    "KnobTurn",
    "Limit",
    "MaskArray",
    "Plate",
    "Request",
    "Targets",
    "Window",
    "chunk_pixels",
    "cores",
    "enlarge",
    "fill_unknown",
    "isa",
    "look_around",
    "make_look",
    "match_pair",
    "nearness",
    "neighbourhood",
    "refine",
    "render",
    "resolve_ramps",
    "rows_around",
    "set_chunk_pixels",
    "set_threads",
    "settle_opinions",
    "settle_outlines",
    "shrink_guide",
    "shrink_look",
    "snap_mixed",
    "take_from_opaque",
    "threads",
    "turn",
]
