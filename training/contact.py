"""A sheet to look at: what curation kept, and what it left out and why."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.export import coloured
from training.shards import Entry, ShardError, index, read_manifests, write_atomically

Image = npt.NDArray[np.uint8]
_CELL = (160, 90)
_KEPT, _ROWS_OF_REJECTS = 24, 12


def contact_sheet(folder: Path) -> Path | None:
    """Draw FOLDER/contact.jpg over the parts that are there; None while parts are missing or nothing was kept."""
    try:
        manifests, entries = read_manifests(folder), index(folder)
    except ShardError:
        return None
    chosen = [entries[int(i)] for i in np.linspace(0, len(entries) - 1, min(_KEPT, len(entries))).round()]
    cells = [_cell(entry) for entry in chosen]
    across = 6
    blank = np.zeros_like(cells[0])
    rows = [np.hstack((cells[i : i + across] + [blank] * across)[:across]) for i in range(0, len(cells), across)]
    rejects = [row for manifest in manifests for row in manifest["rejects"]][:_ROWS_OF_REJECTS]
    sheet = np.vstack([*rows, *(_line(f"{r['key']}: {r['reason']}", rows[0].shape[1]) for r in rejects)])
    path = folder / "contact.jpg"
    write_atomically(path, cv2.imencode(".jpg", sheet, (cv2.IMWRITE_JPEG_QUALITY, 88))[1].tobytes())
    return path


def _cell(entry: Entry) -> Image:
    """Plate, disparity with the local mask outlined, inverse depth; one above the other, with s and t."""
    eye = entry.load().left
    disparity = coloured(100 * eye.disparity)
    disparity[~eye.valid] = 0
    edges, _ = cv2.findContours(eye.local.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(disparity, edges, -1, (0, 200, 0), 4)
    depth = np.repeat((eye.inverse_depth.clip(0, 1) * 255).astype(np.uint8)[..., None], 3, 2)
    parts = [cv2.resize(x, _CELL, interpolation=cv2.INTER_AREA) for x in (eye.picture[..., ::-1], disparity, depth)]
    figures = entry.row["figures"]
    words = f"s {figures['fit_scale_px']:.1f} t {figures['fit_shift_px']:.1f} ddc {figures['ddc']:.2f}"
    return np.vstack([*parts, _line(words, _CELL[0])])


def _line(words: str, width: int) -> Image:
    strip = np.zeros((14, width, 3), np.uint8)
    return np.asarray(cv2.putText(strip, words, (3, 10), cv2.FONT_HERSHEY_PLAIN, 0.75, (230, 230, 230), 1, cv2.LINE_AA))
