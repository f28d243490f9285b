"""The compiled module; see `bindings.cpp`. Arrays are contiguous; what is written to is changed in place."""

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float32]
_Bytes = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]
_Pair = tuple[int, int]

SOURCES: str
APRON_PX: int
OUTLINE_PX: int
LOOK_PX: int
SLOPE_PX: int
CELL_PX: int
CELL_SUMS: int
DEVICE_JOB_BYTES: int
LANES: int
UNLIKE: int

def isa() -> str: ...
def cores() -> int: ...
def threads() -> int: ...
def set_threads(count: int) -> None: ...
def chunk_pixels() -> int: ...
def set_chunk_pixels(count: int) -> None: ...

class Plate:
    """Colours (H, W, C), extra layers (H, W, K), disparity (H, W) in px; alpha -1: none."""

    def __init__(self, colours: _Floats, extra: _Floats, disparity: _Floats, alpha: int) -> None: ...

class Targets:
    """Of a window colours (h, w, C), extra layers (h, w, K) and disparity (h, w); of its inner rows (inner, w) the
    filled disparity, the holes, and those beyond the border."""

    def __init__(
        self,
        colours: _Floats,
        extra: _Floats,
        disparity: _Floats,
        filled_disparity: _Floats,
        hole: _Mask,
        beyond: _Mask,
    ) -> None: ...

class Window:
    """Plate column and row of its first pixel; columns of the plate that reach it; its rows and columns that are shown;
    the widest hole, px."""

    def __init__(self, origin: _Pair, samples: _Pair, inner: _Pair, columns: _Pair, widest: int) -> None: ...

class Request:
    """Sign +1 is towards the right eye."""

    def __init__(self, sign: float, soft: bool, fill: bool) -> None: ...

class CleanPlate:
    """Colours (H, W, C) of the plate without what stands in front, their disparity (H, W) in px, and the columns of
    them that can reach the window."""

    def __init__(self, colours: _Floats, disparity: _Floats | None, samples: _Pair) -> None: ...

def render(
    plate: Plate, window: Window, request: Request, targets: Targets, clean: CleanPlate | None = None
) -> None: ...
def look_around(plate: Plate, rows: _Pair, columns: _Pair) -> tuple[float, float, float] | None: ...
def rows_around(disparity: _Floats, columns: _Pair) -> _Pair: ...

class Limit:
    """One side of the depth budget: where it ends, where the knee begins, and what lies between."""

    def __init__(self, limit: float, knee: float, room: float) -> None: ...

class KnobTurn:
    """Knobs away from rest (None: at rest), the global layer, and what the result is multiplied by."""

    def __init__(
        self, gain: float | None, sculpt: float | None, away: float | None, scale: float, shift: float, share: float
    ) -> None: ...

def turn(
    disparity: _Floats,
    inverse_depth: _Floats,
    matte: _Floats | None,
    by: KnobTurn,
    limits: tuple[Limit, Limit],
    at: tuple[_Pair, _Pair],
    out: _Floats,
) -> None: ...
def resolve_ramps(disparity: _Floats, sign: float, reach: _Pair, rows: _Pair, columns: _Pair, out: _Floats) -> None: ...
def shrink_guide(guide: _Floats, out: _Floats) -> None: ...
def refine(values: _Floats, guide: _Floats, out: _Floats, radius: int, step: int, sharp: float) -> None: ...
def enlarge(values: _Floats, small_guide: _Floats, guide: _Floats, out: _Floats, sharp: float) -> None: ...
def nearness(z: _Floats, inverse: bool, out: _Floats, valid: _Mask) -> None: ...
def snap_mixed(depth: _Floats, step: float, out: _Floats) -> None: ...
def take_from_opaque(depth: _Floats, alpha: _Floats) -> None: ...
def fill_unknown(depth: _Floats, known: _Mask, out: _Floats) -> None: ...
def make_look(light: _Floats, look: _Bytes, brightest: float, least: _Floats, first: _Bytes) -> None: ...
def shrink_look(look: _Bytes, out: _Floats) -> None: ...
def settle_opinions(values: _Floats, weights: _Floats, median: _Floats, mean: _Floats) -> None: ...
def match_pair(
    left: _Bytes, right: _Bytes, first: int, count: int, disparity: _Floats, margin: _Floats, rise: _Floats
) -> None: ...
def settle_outlines(
    picture: _Bytes,
    disparity: _Floats,
    outline: _Mask,
    likeness: npt.NDArray[np.uint16],
    range: _Pair,
    out: _Floats,
    share: _Floats,
) -> None: ...
def stand_in(kernel: str, job: bytes) -> None: ...
def neighbourhood(plate_width: int, reach_width: int) -> bytes: ...
