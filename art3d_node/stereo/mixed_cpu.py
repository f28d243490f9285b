"""Find the mixed pixels of the plate's outlines on the CPU."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np

from art3d_node.stereo import edges, outline_softness
from art3d_node.stereo.jit import Arguments, ByteArray, FloatArray, IndexArray, bands, cpu_kernel, deal
from art3d_node.stereo.mixed import Band, Mixed
from art3d_node.stereo.outline_band import LOOK, count_band, edge_distance
from art3d_node.stereo.outline_softness import CELL, SUMS


def find_mixed(image: FloatArray, d: FloatArray, rows: tuple[int, int], columns: tuple[int, int], matte: int) -> Mixed:
    """Find the mixed pixels of some rows and columns of the plate.

    Args:
        image: (H, W, C) plate.
        d: (H, W) disparity, px.
        rows: first and one past the last row.
        columns: first and one past the last column.
        matte: index of the alpha channel, -1 if there is none.
    """
    (height, width), threads = d.shape, numba.get_num_threads()
    (first, last), (left, right) = outline_softness.cells(*rows, height), outline_softness.cells(*columns, width)
    top, wide = first * CELL, (left * CELL, min(right * CELL, width))
    corner, tall = (top - LOOK, wide[0] - LOOK), min(last * CELL, height) - top
    near = np.empty((tall + 2 * LOOK, wide[1] - wide[0] + 2 * LOOK), np.uint8)
    edge_distance(d, *corner, near)
    count = np.empty(tall, np.int32)
    count_band(near, LOOK, near.shape[1] - LOOK, count)
    band = Band.room(count, image.shape[2])
    flat, size = image.reshape(-1, image.shape[2]), (height, width)
    tables = (wide, edges.neighbourhood(width, near.shape[1]), edges.WEIGHTS)
    for part in bands(tall, near.shape[1]):  # between two of these the work can be stopped
        around = near[part.start : part.stop + 2 * LOOK].reshape(-1), (corner[0] + part.start, corner[1])
        surveyed: Arguments = (flat, d.reshape(-1), size, *around, *tables, *band.rows(part), threads)
        edges.survey(*surveyed)
    cells = np.empty((last - first, right - left, SUMS), np.float32)
    soft, found, wanted = np.empty(cells.shape[:2], np.float32), band.mixed, slice(rows[0] - top, rows[1] - top)
    learn(top, (first, left), found.start, found.count, found.column, band.kind, found.alpha, band.noise, cells, soft)
    learned = (columns, (first, left), soft, outline_softness.DOUBT)
    settled: Arguments = (rows[0], flat, width, *learned, matte, *band.rows(wanted), threads)
    settle(*settled)
    return replace(found, start=found.start[wanted], count=found.count[wanted])


@cpu_kernel
def learn(
    top: int,
    corner: tuple[int, int],
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    kind: ByteArray,
    spot: FloatArray,
    noise: FloatArray,
    sums: FloatArray,
    soft: FloatArray,
) -> None:
    """Gather the cells into ``sums``, and how ``soft`` their outlines are from these, see `outline_softness`."""
    for row in numba.prange(sums.shape[0]):
        outline_softness.gather_cells(row, top, corner, start, count, column, kind, spot, noise, sums)
    for row in numba.prange(sums.shape[0]):
        for q in range(sums.shape[1]):
            soft[row, q] = outline_softness.softness(sums, row, q)


@cpu_kernel
def settle(
    y: int,
    image: FloatArray,
    width: int,
    columns: tuple[int, int],
    corner: tuple[int, int],
    soft: FloatArray,
    doubt: FloatArray,
    matte: int,
    kind: ByteArray,
    noise: FloatArray,
    spread: FloatArray,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    alpha: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    threads: int,
) -> None:
    """Run `outline_softness.settle_row` over all rows from plate row ``y`` on, dealt out among ``threads``."""
    share = -(-count.shape[0] // threads)
    for i in numba.prange(share * threads):
        r = deal(i, share, threads)
        if r < count.shape[0]:
            outline_softness.settle_row(
                r,
                y + r,
                image,
                width,
                columns,
                corner,
                soft,
                doubt,
                matte,
                kind,
                noise,
                spread,
                start,
                count,
                column,
                alpha,
                front,
                back,
                depths,
                other,
            )
