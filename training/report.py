"""The evaluation as text, JSON and a page with plots and pictures."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from art3d_node.models.camera_net import CameraNet
from training.figures import FrameFigures, summary
from training.shards import Entry
from training.strips import pictures

matplotlib.use("Agg")

ROWS = (
    ("pairs_trained", "pairs that the style learned from"),
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
    ("ddc_right_eye", "DDC-IoU, right view, of d̂_R"),
    ("ddc_right", "DDC-IoU, right view, of d_L carried there"),
    ("ddc_right_net", "DDC-IoU, right view, of the third channel alone"),
    ("ddc_left", "DDC-IoU, left view"),
    ("ddc_film", "DDC-IoU, the film's own right view"),
    ("pop_outs", "pop-outs in the film"),
    ("pop_out_recall", "pop-out recall"),
    ("pop_out_precision", "pop-out precision"),
    ("jitter_style_px", "jitter within shots (px at 512)"),
    ("jitter_film_px", "the film's own jitter"),
)
FILM_ROWS = (
    ("pairs", "pairs"),
    ("s_film_mean_px", "s, film"),
    ("s_style_mean_px", "s, style"),
    ("s_wasserstein_px", "s, W"),
    ("t_film_mean_px", "t, film"),
    ("t_style_mean_px", "t, style"),
    ("t_wasserstein_px", "t, W"),
    ("ddc_right_eye", "DDC-IoU d̂_R"),
    ("ddc_right", "DDC-IoU d_L carried"),
    ("pop_out_recall", "recall"),
    ("pop_out_precision", "precision"),
)

Table = Mapping[str, Sequence[FrameFigures]]


@dataclass(frozen=True)
class Judged:
    """An evaluation.

    Attributes:
        table: figures by style.
        nets: networks by style, for pictures.
        entries: the pairs that were measured.
        size_px: longer side the networks work at.
        reading: the DDC reading used.
        unknown: styles whose cards do not say what they learned from.
    """

    table: Table
    nets: Mapping[str, CameraNet]
    entries: Sequence[Entry]
    size_px: int
    reading: str
    unknown: Sequence[str] = ()


def text_table(table: Table, *, reading: str) -> str:
    """The figures of each style, one column each; then each film's."""
    sums = {name: summary(rows) for name, rows in table.items()}
    wide = max(len(label) for _, label in ROWS)
    across = [max(14, len(name)) for name in sums]
    lines = [f"{'':{wide}}  " + "  ".join(f"{name:>{w}}" for name, w in zip(sums, across, strict=True))]
    for key, label in ROWS:
        values = (f"{_figure(values[key]):>{w}}" for values, w in zip(sums.values(), across, strict=True))
        lines.append(f"{label:{wide}}  " + "  ".join(values))
    pairs = next(iter(sums.values()))["pairs"]
    return "\n".join([*lines, f"{pairs:.0f} pairs; DDC-IoU by {reading}", "", *_film_lines(table)])


def _film_lines(table: Table) -> Iterator[str]:
    films = sorted({row.film for rows in table.values() for row in rows})
    wide = max(len(f"{film}, {name}") for film in films for name in table)
    yield f"{'by film':{wide}}  " + "  ".join(f"{label:>11}" for _, label in FILM_ROWS)
    for film, name, figures in by_film(table):
        yield f"{film + ', ' + name:{wide}}  " + "  ".join(f"{_figure(figures[key]):>11}" for key, _ in FILM_ROWS)


def by_film(table: Table) -> Iterator[tuple[str, str, dict[str, float]]]:
    """(film, style, figures) of each film under each style."""
    for film in sorted({row.film for rows in table.values() for row in rows}):
        for name, rows in table.items():
            yield film, name, summary([row for row in rows if row.film == film])


def _figure(value: float) -> str:
    """A figure in a table; – where it has nothing to stand on."""
    return "–" if math.isnan(value) else f"{value:.0f}" if value == round(value) and abs(value) >= 1 else f"{value:.3f}"


def caveats(judged: Judged) -> list[str]:
    """Why some of these figures prove nothing: a line for each style that has seen these shots."""
    lines = []
    for name, rows in judged.table.items():
        if trained := sum(row.trained for row in rows):
            lines.append(f"{name} LEARNED FROM {trained} of these {len(rows)} pairs: its figures prove little; "
                         "curate other films, or add --unseen")  # fmt: skip
    return lines + [f"{name}: its card does not say what it learned from" for name in judged.unknown]


def write_report(folder: Path, judged: Judged) -> None:
    """Write FOLDER/evaluation.txt, evaluation.json and index.html."""
    folder.mkdir(parents=True, exist_ok=True)
    text = text_table(judged.table, reading=judged.reading)
    (folder / "evaluation.txt").write_text("\n".join([text, *caveats(judged)]) + "\n")
    facts = {
        "ddc_reading": judged.reading,
        "caveats": caveats(judged),
        "trained_on": {name: sorted({r.film for r in rows if r.trained}) for name, rows in judged.table.items()},
        "unknown_training": list(judged.unknown),
        "summary": {name: summary(rows) for name, rows in judged.table.items()},
        "films": [{"film": film, "style": name, **figures} for film, name, figures in by_film(judged.table)],
        "frames": {name: [asdict(row) for row in rows] for name, rows in judged.table.items()},
    }
    (folder / "evaluation.json").write_text(json.dumps(_strict(facts), indent=1, allow_nan=False))
    (folder / "index.html").write_text(_page(judged, text))


def _strict(value: Any) -> Any:
    """The same without what JSON has no word for: null stands for a figure that has nothing to stand on."""
    if isinstance(value, dict):
        return {key: _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_STYLE = (
    "body{font:14px sans-serif;max-width:80em;margin:2em auto;padding:0 1em}img{max-width:100%}"
    "pre{font-size:12px;overflow-x:auto}.bad{color:#b00;font-weight:bold}table{border-collapse:collapse;font-size:12px}"
    "td,th{padding:1px 8px;text-align:right;border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}"
)


def _page(judged: Judged, text: str) -> str:
    shown = pictures(judged.nets, judged.entries, judged.size_px)
    parts = [
        f"<!doctype html><meta charset=utf-8><title>Art3D evaluation</title><style>{_STYLE}</style><h1>Evaluation</h1>",
        *(f"<p class=bad>{html.escape(line)}</p>" for line in caveats(judged)),
        f"<pre>{html.escape(text)}</pre>",
        _embed(_scatter(judged.table), "s and t of every pair"),
        _embed(shown, "pictures"),
        "<p>Orange stands in front of the screen, blue behind it; green outlines M_local. The right view of the film is"
        " its own.</p>",
        _pair_table(judged.table),
    ]
    return "".join(parts)


def _pair_table(table: Table) -> str:
    """Every picture's figures; red where the style has learned from it."""
    labels = ("pair", "style", "s film", "s", "t film", "t", "DDC-IoU d̂_R", "d_L carried", "film", "pop-outs",
              "found", "pulled", "rightly")  # fmt: skip
    lines = []
    for name, rows in table.items():
        for row in rows:
            cells = [f"{row.film} {row.shot} {row.frame}", name]
            fits = (row.film_fit[0], row.style_fit[0], row.film_fit[1], row.style_fit[1])
            cells += [f"{v:.2f}" for v in (*fits, row.ddc_right_eye, row.ddc_right, row.ddc_film)]
            cells += [str(n) for n in (row.pop_outs, row.popped, row.pulled, row.pulled_right)]
            mark = " class=bad" if row.trained else ""
            lines.append(f"<tr{mark}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
    head = "".join(f"<th>{label}</th>" for label in labels)
    return f"<h2>Every pair</h2><table><tr>{head}</tr>{''.join(lines)}</table>"


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
