"""The CUDA launches of the new view: which thread does what. The arithmetic is the CPU's own source.

Targets, holes and samples take a thread each; an outline is taken apart by one thread per row, as it
concerns few pixels of each. The nearest surface wins by two passes of atomic maxima, first over the
disparity, then over the sample's number among those that reach it, so the result does not depend on
the order in which threads run.
"""

from __future__ import annotations

from typing import Any

from numba import cuda

from art3d_node.stereo.compose import compose_pixel
from art3d_node.stereo.edges import survey_row
from art3d_node.stereo.fill import fill_pixel
from art3d_node.stereo.holes import background_of
from art3d_node.stereo.jit import Arguments, FloatArray, IndexArray, MaskArray, Real, f32
from art3d_node.stereo.mixed import BandArrays
from art3d_node.stereo.outline_band import BAND, LOOK, is_cut
from art3d_node.stereo.outline_softness import gather_cells, settle_row, softness
from art3d_node.stereo.scanline import (
    cell_fraction,
    cell_targets,
    end_position,
    end_target,
    has_cell,
    sample,
)
from art3d_node.stereo.scatter import NOTHING
from art3d_node.stereo.soft_row import cover_at, drop_inner, is_behind, lay_rows, lay_under
from art3d_node.stereo.warp import MixedArrays

CELL, RIGHT_END, LEFT_END = 0, 1, 2  # what of a sample reaches a target


@cuda.jit  # type: ignore[untyped-decorator]
def scatter(
    d: FloatArray,
    s: Real,
    first: int,
    left: int,
    naming: bool,
    nearest: FloatArray,
    depth: FloatArray,
    code: IndexArray,
) -> None:
    """One thread per sample: raise ``depth`` where it reaches, or name the sample that equals it.

    Args:
        d: (h, W) disparity of the window's rows, px.
        s: +1 towards the right eye, -1 towards the left.
        first: first sample to carry.
        left: plate column of the first target.
        naming: False for the pass over disparities, True for the pass over names.
        nearest: (h, w) only what lies behind this takes part, see `soft_row.is_behind`; no rows at all: everything.
        depth: (h, w) -inf at first.
        code: (h, w) -1 at first; 4 x + what of sample x reaches the target.
    """
    i, r = cuda.grid(2)
    x = i + first
    if r >= d.shape[0] or x >= d.shape[1] or not abs(d[r, x]) < f32(3.4e38):
        return
    row, d0 = d[r], d[r, x]
    low, high = f32(left - x), f32(left + depth.shape[1] - 1 - x)
    if has_cell(row, x):
        d1 = d[r, x + 1]
        k_first, k_last = cell_targets(d0, d1, s, low, high)
        for k in range(k_first, k_last + 1):
            value = d0 + cell_fraction(k, d0, d1, s) * (d1 - d0)
            offer(r, k + x - left, value, 4 * x + CELL, naming, nearest, depth, code)
    else:
        k, found = end_target(d0, s, 1, low, high)
        if found:
            offer(r, k + x - left, d0, 4 * x + RIGHT_END, naming, nearest, depth, code)
    if not has_cell(row, x - 1):
        k, found = end_target(d0, s, -1, low, high)
        if found:
            offer(r, k + x - left, d0, 4 * x + LEFT_END, naming, nearest, depth, code)


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def offer(
    r: int, k: int, value: Real, name: int, naming: bool, nearest: FloatArray, depth: FloatArray, code: IndexArray
) -> None:
    """Enter one sample for one target."""
    if nearest.shape[0] > 0 and not is_behind(value, nearest[r, k]):
        return
    if not naming:
        cuda.atomic.max(depth, (r, k), value)
    elif value == depth[r, k]:
        cuda.atomic.max(code, (r, k), name)


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def position(row: FloatArray, s: Real, name: int, target: int) -> tuple[int, Real]:
    """Position of the named sample that the target shows: sample left of it, and fraction."""
    x, kind = name >> 2, name & 3
    if kind == CELL:
        return x, cell_fraction(target - x, row[x], row[x + 1], s)
    return end_position(x, target - x, row[x], s, 1 if kind == RIGHT_END else -1)


@cuda.jit  # type: ignore[untyped-decorator]
def resolve(
    image: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    s: Real,
    left: int,
    alpha: int,
    code: IndexArray,
    out: FloatArray,
    out_extra: FloatArray,
    index: IndexArray,
) -> None:
    """One thread per target: read the winner's position of the plate."""
    k, r = cuda.grid(2)
    if r >= out.shape[0] or k >= out.shape[1]:
        return
    if code[r, k] < 0:
        for c in range(out.shape[2]):
            out[r, k, c] = f32(0.0)
        for c in range(out_extra.shape[2]):
            out_extra[r, k, c] = f32(0.0)
        return
    x, a = position(d[r], s, code[r, k], k + left)
    index[r, k] = x
    sample(image[r], extra[r], d[r], x, a, alpha, False, out[r, k], out_extra[r, k])


@cuda.jit  # type: ignore[untyped-decorator]
def veil_soft(
    d: FloatArray,
    cover: FloatArray,
    s: Real,
    left: int,
    code: IndexArray,
    soft_depth: FloatArray,
    depth: FloatArray,
    veil: FloatArray,
) -> None:
    """One thread per target: how much of it the soft outlines in front of ``depth`` cover."""
    k, r = cuda.grid(2)
    if r >= veil.shape[0] or k >= veil.shape[1]:
        return
    veil[r, k] = f32(0.0)
    if code[r, k] >= 0 and not is_behind(soft_depth[r, k], depth[r, k]):
        x, a = position(d[r], s, code[r, k], k + left)
        veil[r, k] = cover_at(cover[r], d[r], x, a)


@cuda.jit  # type: ignore[untyped-decorator]
def veil_behind(
    d: FloatArray,
    cover: FloatArray,
    s: Real,
    left: int,
    code: IndexArray,
    soft_depth: FloatArray,
    depth: FloatArray,
    colours: FloatArray,
    veil: FloatArray,
    out: FloatArray,
) -> None:
    """One thread per target; see `soft_row.sample_behind`. ``colours`` are those behind, ``out`` those in front."""
    k, r = cuda.grid(2)
    if r >= veil.shape[0] or k >= veil.shape[1] or code[r, k] < 0 or is_behind(soft_depth[r, k], depth[r, k]):
        return
    if f32(0.0) < veil[r, k] < f32(1.0):
        x, a = position(d[r], s, code[r, k], k + left)
        under = cover_at(cover[r], d[r], x, a)
        if under > 0:
            veil[r, k] = lay_under(veil[r, k], under, colours[r, k], out[r, k])


@cuda.jit  # type: ignore[untyped-decorator]
def mark_holes(depth: FloatArray, veil: FloatArray, reach: int, hole: MaskArray, beyond: MaskArray) -> None:
    """One thread per target; see `holes.find_holes`."""
    k, r = cuda.grid(2)
    if r >= depth.shape[0] or k >= depth.shape[1]:
        return
    hole[r, k], beyond[r, k] = False, False
    if not is_open(depth, veil, r, k):
        return
    hole[r, k] = True
    for step in (-1, 1):
        at, away = k, 0
        while away <= reach and 0 <= at < depth.shape[1] and is_open(depth, veil, r, at):
            at += step
            away += 1
        if away > reach or at < 0 or at >= depth.shape[1]:
            beyond[r, k] = True


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def is_open(depth: FloatArray, veil: FloatArray, r: int, k: int) -> bool:
    """Tell whether nothing covers most of the target."""
    return depth[r, k] == NOTHING and not (veil.shape[0] > 0 and veil[r, k] >= f32(0.5))


@cuda.jit  # type: ignore[untyped-decorator]
def fill_holes(
    image: FloatArray,
    plate_extra: FloatArray,
    d: FloatArray,
    s: Real,
    origin: tuple[int, int],
    flat_out: FloatArray,
    flat_extra: FloatArray,
    flat_depth: FloatArray,
    depth: FloatArray,
    index: IndexArray,
    rays: IndexArray,
    first: int,
    columns: tuple[int, int],
    scratch: FloatArray,
    ground: FloatArray,
) -> None:
    """Threads take the targets in turns, each with its own ``scratch`` (threads, C); see `fill.fill_pixel`."""
    me, width = cuda.grid(1), depth.shape[1]
    for i in range(me, ground.shape[0] * width, cuda.gridsize(1)):
        row, k = i // width, i % width
        r, y = row + first, row + first + origin[1]
        ground[row, k] = depth[r, k]
        if depth[r, k] != NOTHING or k < columns[0] or k >= columns[1]:
            continue
        start, end = k, k + 1
        while start > 0 and depth[r, start - 1] == NOTHING:
            start -= 1
        while end < width and depth[r, end] == NOTHING:
            end += 1
        behind = background_of(depth[r], index[r], d[y], s, start, end)
        ground[row, k] = behind[2]
        seen: Arguments = (flat_out, flat_extra, flat_depth, (depth.shape[0], width), rays, scratch[me])
        fill_pixel(r, k, (start, end), behind, image[y], plate_extra[y], d[y], s, origin[0], *seen)


@cuda.jit  # type: ignore[untyped-decorator]
def edge_distance(d: FloatArray, top: int, left: int, near: Any) -> None:
    """One thread per pixel; see `outline_band.edge_distance`."""
    k, r = cuda.grid(2)
    if r >= near.shape[0] or k >= near.shape[1]:
        return
    nearest = BAND + 1
    for dy in range(-BAND, BAND + 1):
        y = min(max(r + top + dy, 0), d.shape[0] - 1)
        for dx in range(-BAND, BAND + 1):
            x, away = k + left + dx, max(abs(dx), abs(dy))
            if away < nearest and 0 <= x < d.shape[1] and touches_edge(d, y, x):
                nearest = away
    near[r, k] = nearest


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def touches_edge(d: FloatArray, y: int, x: int) -> bool:
    """Tell whether a neighbour of the pixel lies on another surface."""
    return (
        (x + 1 < d.shape[1] and is_cut(d[y, x], d[y, x + 1]))
        or (x > 0 and is_cut(d[y, x - 1], d[y, x]))
        or (y + 1 < d.shape[0] and is_cut(d[y, x], d[y + 1, x]))
        or (y > 0 and is_cut(d[y - 1, x], d[y, x]))
    )


@cuda.jit  # type: ignore[untyped-decorator]
def count_band(near: Any, count: IndexArray) -> None:
    """One thread per row; see `outline_band.count_band`."""
    r = cuda.grid(1)
    if r < count.shape[0]:
        total = 0
        for k in range(LOOK, near.shape[1] - LOOK):
            if near[r + LOOK, k] <= BAND:
                total += 1
        count[r] = total


@cuda.jit  # type: ignore[untyped-decorator]
def survey(
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: Any,
    corner: tuple[int, int],
    columns: tuple[int, int],
    neighbours: IndexArray,
    weights: FloatArray,
    band: BandArrays,
    scratch: FloatArray,
) -> None:
    """One thread per row; see `edges.survey_row`."""
    r = cuda.grid(1)
    if r < scratch.shape[0]:
        kind, noise, spread, start, count, column, spot, front, back, depths, other = band
        found = (kind, noise, spread, start, count, column, spot, front, back, depths, other)
        survey_row(r, image, d, size, near, corner, columns, neighbours, weights, *found, scratch[r])


@cuda.jit  # type: ignore[untyped-decorator]
def gather(top: int, corner: tuple[int, int], band: BandArrays, sums: FloatArray) -> None:
    """One thread per row of cells; see `outline_softness.gather_cells`."""
    row = cuda.grid(1)
    if row < sums.shape[0]:
        kind, noise, _, start, count, column, spot, _, _, _, _ = band
        gather_cells(row, top, corner, start, count, column, kind, spot, noise, sums)


@cuda.jit  # type: ignore[untyped-decorator]
def soften(sums: FloatArray, soft: FloatArray) -> None:
    """One thread per cell; see `outline_softness.softness`."""
    q, row = cuda.grid(2)
    if row < sums.shape[0] and q < sums.shape[1]:
        soft[row, q] = softness(sums, row, q)


@cuda.jit  # type: ignore[untyped-decorator]
def settle(
    y: int,
    image: FloatArray,
    width: int,
    columns: tuple[int, int],
    corner: tuple[int, int],
    soft: FloatArray,
    doubt: FloatArray,
    matte: int,
    band: BandArrays,
    rows: int,
) -> None:
    """One thread per row, ``rows`` of them; see `outline_softness.settle_row`."""
    r = cuda.grid(1)
    if r < rows:
        kind, noise, spread, start, count, column, alpha, front, back, depths, other = band
        found = (kind, noise, spread, start, count, column, alpha, front, back, depths, other)
        settle_row(r, y + r, image, width, columns, corner, soft, doubt, matte, *found)


@cuda.jit  # type: ignore[untyped-decorator]
def lay(
    d: FloatArray,
    top: int,
    mixed: MixedArrays,
    extra: FloatArray,
    base: FloatArray,
    base_extra: FloatArray,
    base_d: FloatArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_d: FloatArray,
    cover: FloatArray,
) -> None:
    """One thread per row of the window; see `warp.lay_rows`. All but ``d`` and ``extra`` are (h, W, ...)."""
    start, count, column, alpha, front, back, depths, other = mixed
    r = cuda.grid(1)
    if r < base.shape[0] and count[r] > 0:
        lay_rows(
            d[r + top],
            0,
            (start[r], start[r] + count[r]),
            column,
            alpha,
            front,
            back,
            depths,
            other,
            extra,
            base[r],
            base_extra[r],
            base_d[r],
            soft[r],
            soft_extra[r],
            soft_d[r],
            cover[r],
        )
        drop_inner(soft_d[r], cover[r], base_d[r])


@cuda.jit  # type: ignore[untyped-decorator]
def compose(
    filled: bool,
    out: FloatArray,
    out_extra: FloatArray,
    ground: FloatArray,
    hole: MaskArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
) -> None:
    """One thread per pixel of the inner rows; see `compose.compose_pixel`."""
    k, r = cuda.grid(2)
    if r < ground.shape[0] and k < ground.shape[1]:
        compose_pixel(r, k, filled, out, out_extra, ground, hole, soft, soft_extra, soft_depth, veil)
