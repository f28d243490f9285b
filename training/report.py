"""The evaluation as text, JSON and a page with plots and pictures."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import torch

from art3d_node.models.camera_net import CameraNet
from training.colours import coloured
from training.config import FitConfig
from training.dataset import Pairs
from training.figures import FrameFigures, predict, summary
from training.shards import Entry

matplotlib.use("Agg")

ROWS = (
    ("s_film_mean_px", "s of the film, mean (px at 512)"),
    ("s_film_std_px", "s of the film, std"),
    ("s_style_mean_px", "s of the style, mean"),
    ("s_style_std_px", "s of the style, std"),
    ("s_wasserstein_px", "s, Wasserstein distance"),
    ("t_film_mean_px", "t of the film, mean (px at 512)"),
    ("t_film_std_px", "t of the film, std"),
    ("t_style_mean_px", "t of the style, mean"),
    ("t_style_std_px", "t of the style, std"),
    ("t_wasserstein_px", "t, Wasserstein distance"),
    ("ddc_right", "DDC-IoU, right view"),
    ("ddc_right_net", "DDC-IoU, right view, d̂_R"),
    ("ddc_left", "DDC-IoU, left view"),
    ("ddc_film", "DDC-IoU, the film's own right view"),
    ("pop_outs", "pop-outs in the film"),
    ("pop_out_recall", "pop-out recall"),
    ("pop_out_precision", "pop-out precision"),
    ("jitter_style_px", "jitter within shots (px at 512)"),
    ("jitter_film_px", "the film's own jitter"),
)
_PICTURES = 6

Table = Mapping[str, Sequence[FrameFigures]]


def text_table(table: Table, *, reading: str) -> str:
    """The figures of each style, one column each."""
    sums = {name: summary(rows) for name, rows in table.items()}
    wide = max(len(label) for _, label in ROWS)
    lines = [f"{'':{wide}}  " + "  ".join(f"{name[:14]:>14}" for name in sums)]
    for key, label in ROWS:
        lines.append(f"{label:{wide}}  " + "  ".join(f"{values[key]:14.3f}" for values in sums.values()))
    pairs = next(iter(sums.values()))["pairs"]
    return "\n".join([*lines, f"{pairs:.0f} pairs; DDC-IoU by {reading}"])


def write_report(
    folder: Path, table: Table, nets: Mapping[str, CameraNet], entries: Sequence[Entry], *, size_px: int, reading: str
) -> None:
    """Write FOLDER/evaluation.txt, evaluation.json and index.html.

    Args:
        folder: where to.
        table: figures by style.
        nets: networks by style, for pictures.
        entries: the pairs that were measured.
        size_px: longer side the networks work at.
        reading: the DDC reading used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = text_table(table, reading=reading)
    (folder / "evaluation.txt").write_text(text + "\n")
    facts = {
        "ddc_reading": reading,
        "summary": {name: summary(rows) for name, rows in table.items()},
        "frames": {name: [asdict(row) for row in rows] for name, rows in table.items()},
    }
    (folder / "evaluation.json").write_text(json.dumps(facts, indent=1))
    images = [_embed(_scatter(table), "s and t of every pair"), _embed(pictures(nets, entries, size_px), "pictures")]
    page = f"<!doctype html><meta charset=utf-8><title>Art3D evaluation</title><style>{_STYLE}</style>"
    page += f"<h1>Evaluation</h1><pre>{html.escape(text)}</pre>{''.join(images)}"
    page += (
        f"<p>Rows of pictures: plate, film, {html.escape(', '.join(nets))}. Orange stands in front of the screen.</p>"
    )
    (folder / "index.html").write_text(page)


_STYLE = "body{font:14px sans-serif;max-width:70em;margin:2em auto}img{max-width:100%}pre{font-size:12px}"


def _embed(png: bytes, words: str) -> str:
    return f'<p><img alt="{words}" src="data:image/png;base64,{base64.b64encode(png).decode()}"></p>'


def _scatter(table: Table) -> bytes:
    """s against t: the film's cloud, then each style's."""
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    film = np.array([row.film_fit for row in next(iter(table.values()))])
    axis.scatter(film[:, 0], film[:, 1], s=30, marker="x", color="black", label="film")
    for name, rows in table.items():
        fits = np.array([row.style_fit for row in rows])
        axis.scatter(fits[:, 0], fits[:, 1], s=14, alpha=0.7, label=name)
    axis.set(xlabel="s, px at 512", ylabel="t, px at 512")
    axis.legend(fontsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    pyplot.close(figure)
    return stream.getvalue()


@torch.no_grad()
def pictures(nets: Mapping[str, CameraNet], entries: Sequence[Entry], size_px: int, *, count: int = _PICTURES) -> bytes:
    """PNG of some pairs: the plate, the film's disparity, each style's."""
    chosen = [entries[i] for i in np.linspace(0, len(entries) - 1, min(count, len(entries))).round().astype(int)]
    pairs = Pairs(chosen, FitConfig(size_px=size_px), augment=False)
    columns = []
    for i in range(len(chosen)):
        eye = pairs.eyes(i)[0]
        film = coloured(eye.maps[0].numpy())
        film[~eye.masks[0].numpy()] = 0
        cells = [np.ascontiguousarray(eye.rgb.permute(1, 2, 0).numpy()[..., ::-1]), film]
        cells += [coloured(predict(net, eye)[0][0].numpy()) for net in nets.values()]
        columns.append(np.vstack([_fitted(cell) for cell in cells]))
    return cv2.imencode(".png", np.hstack(columns))[1].tobytes()


def _fitted(cell: np.ndarray, width: int = 224, height: int = 126) -> np.ndarray:
    """A cell of one size; whatever its proportions, it is shown whole."""
    scale = min(width / cell.shape[1], height / cell.shape[0])
    small = cv2.resize(cell, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((height, width, 3), np.uint8)
    y, x = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return out
