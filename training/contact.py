"""What curation kept and what it left out, to look at: a sheet, and a page to browse every pair by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from training.decisions import DROPPED, FORMAT
from training.explain import study
from training.finish import PREVIEWS
from training.preview import PANELS
from training.shards import manifests_there, write_atomically

Image = npt.NDArray[np.uint8]
Row = dict[str, Any]
SHEET, PAGE, DATA = "contact.jpg", "index.html", "pairs.js"
_WIDTH_PX, _ACROSS, _MOST = 560, 2, 24
_LINE_PX = 16
_KEPT, _REJECT, _TEXT = (90, 160, 100), (40, 150, 220), (230, 230, 230)


def contact_sheet(folder: Path) -> Path:
    """Draw FOLDER/contact.jpg over the parts that are there: kept pairs and rejects, each with figures and reason.

    Raises:
        ShardError: no part is finished.
    """
    manifests = manifests_there(folder)
    kept, rejects = (_spread([row for m in manifests for row in m[name]]) for name in ("samples", "rejects"))
    parts = [_bar("kept", _KEPT), *_grid(kept, folder), _bar("rejected", _REJECT), *_grid(rejects, folder)]
    path = folder / SHEET
    write_atomically(path, cv2.imencode(".jpg", np.vstack(parts), (cv2.IMWRITE_JPEG_QUALITY, 85))[1].tobytes())
    return path


def pairs_page(folder: Path) -> Path:
    """Write FOLDER/index.html, which opens from disk and shows every pair of the parts that are there.

    Raises:
        ShardError: no part is finished.
    """
    manifests = manifests_there(folder)
    rows = [row for m in manifests for row in [*m["samples"], *m["rejects"]]]
    decisions = {
        verdict: sorted({k for m in manifests for k in m["decisions"][verdict]}) for verdict in ("drop", "force")
    }
    data = {
        "rows": sorted(rows, key=lambda row: str(row["key"])),
        "decisions": decisions,
        "study": study(rows),
        "panels": PANELS,
        "format": FORMAT,
        "dropped": DROPPED,
    }
    # "</" would end the script element.
    text = json.dumps(data, sort_keys=True).replace("</", "<\\/")
    write_atomically(folder / DATA, f"window.ART3D_PAIRS = {text};\n".encode())
    write_atomically(folder / PAGE, files("training").joinpath("web/pairs.html").read_bytes())
    return folder / PAGE


def _spread(rows: Sequence[Row]) -> list[Row]:
    """As many as a sheet holds, spread over all; of rejects each reason in turn."""
    by_reason: dict[str, list[Row]] = {}
    for row in rows:
        by_reason.setdefault(row.get("reason", ""), []).append(row)
    share = -(-_MOST // max(1, len(by_reason)))
    chosen = []
    for rejected in by_reason.values():
        chosen += [rejected[int(i)] for i in np.linspace(0, len(rejected) - 1, min(share, len(rejected))).round()]
    return chosen[:_MOST]


def _grid(rows: Sequence[Row], folder: Path) -> Iterator[Image]:
    cells = [_cell(row, folder) for row in rows]
    for start in range(0, len(cells), _ACROSS):
        line = cells[start : start + _ACROSS]
        height = max(cell.shape[0] for cell in line)
        sheet = np.zeros((height, _WIDTH_PX * _ACROSS, 3), np.uint8)
        for i, cell in enumerate(line):
            sheet[: cell.shape[0], i * _WIDTH_PX : (i + 1) * _WIDTH_PX] = cell
        yield sheet


def _cell(row: Row, folder: Path) -> Image:
    """The preview, and under it which pair it is, its figures and the reason against it."""
    image = cv2.imread(str(folder / PREVIEWS / f"{row['key']}.jpg"))
    if image is None:
        image = np.zeros((1, _WIDTH_PX, 3), np.uint8)
    height = max(1, round(_WIDTH_PX * image.shape[0] / image.shape[1]))
    small = cv2.resize(image, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    reason = row.get("reason") or (f"forced, in spite of: {row['overruled']}" if "overruled" in row else "")
    names = (("s", "fit_scale_px"), ("t", "fit_shift_px"), ("ddc", "ddc"), ("agree", "consistent"), ("valid", "valid"))
    figures_line = "  ".join(f"{short} {row['figures'][name]:.2f}" for short, name in names if name in row["figures"])
    return np.vstack([small, _line(f"{row['key']}  {reason}"), _line(figures_line)])


def _line(words: str) -> Image:
    strip = np.zeros((_LINE_PX, _WIDTH_PX, 3), np.uint8)
    return np.asarray(cv2.putText(strip, words, (3, 12), cv2.FONT_HERSHEY_PLAIN, 0.8, _TEXT, 1, cv2.LINE_AA))


def _bar(words: str, colour: tuple[int, int, int]) -> Image:
    strip = np.full((20, _WIDTH_PX * _ACROSS, 3), colour, np.uint8)
    return np.asarray(cv2.putText(strip, words, (4, 15), cv2.FONT_HERSHEY_PLAIN, 1.1, (0, 0, 0), 1, cv2.LINE_AA))
