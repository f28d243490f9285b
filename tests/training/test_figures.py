"""Figures of a style: known answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from art3d_node.models.camera_net import CameraNet
from training import figures
from training.config import REPORT_WIDTH_PX, FitConfig
from training.dataset import Pairs
from training.figures import FrameFigures, carry_right, measure, pop_outs, right_eye, summary
from training.report import Judged, text_table, write_report
from training.shards import Entry

ROW = FrameFigures("film", 0, 0, (12.0, -8.0), (12.0, -8.0), 0.9, 0.9, 0.9, 0.8, 0.95, 1, 1, 1, 1)


def test_neutral_is_measured_as_neutral(entries: list[Entry]) -> None:
    rows = measure(CameraNet(4), entries[:2], size_px=128)
    for row in rows:
        assert row.style_fit == pytest.approx((0.020 * REPORT_WIDTH_PX, -0.013 * REPORT_WIDTH_PX), abs=0.05)
        assert row.film_fit == pytest.approx(
            [entries[0].row["figures"][f"fit_{k}_px"] for k in ("scale", "shift")], rel=0.25
        )
        assert row.pulled == 0 and row.ddc_left > 0.99 and row.ddc_right > 0.7


def test_carrying_to_the_right_eye() -> None:
    disparity = torch.zeros(2, 100)
    disparity[:, 40:60] = 5.0
    carried, seen = carry_right(disparity)
    assert bool((carried[:, 35:55] == 5).all()) and bool((carried[:, 60:] == 0).all())
    assert not seen[:, 55:60].any() and bool(seen[:, :55].all())


def test_the_third_channel_speaks_where_only_the_right_eye_sees() -> None:
    disparity = torch.zeros(2, 100)
    disparity[:, 40:60] = 5.0
    carried, seen = carry_right(disparity)
    whole = right_eye(carried, seen, torch.full((2, 100), -3.0))
    assert bool((whole[:, 55:60] == -3).all()) and bool((whole[:, :55] == carried[:, :55]).all())
    assert int((whole == -3).sum()) == 2 * 5


def test_no_figure_of_the_right_view_looks_beyond_m_global(entries: list[Entry]) -> None:
    """What the film does not tell there, blank walls above all, changes none of them."""
    pairs = Pairs(entries[:1], FitConfig(size_px=128), augment=False)
    (left, right), net = pairs.eyes(0), CameraNet(4)
    off = ~(right.masks[0] & ~right.masks[1])
    assert bool(off.any())
    other = replace(right, maps=torch.where(off, 0.123, right.maps))
    with torch.no_grad():
        first, second = (figures._one(net, (left, eye), entries[0], "layers") for eye in (right, other))
    assert first == second


def test_pop_outs_are_counted_by_region() -> None:
    film = np.zeros((100, 200), np.float32)
    local = np.zeros((100, 200), bool)
    for x in (20, 120):
        local[30:70, x : x + 30] = True
    film[local] = 1.5
    style = np.zeros_like(film)
    style[30:70, 20:50] = 1.2
    style[5:25, 160:190] = 1.2
    rgb = torch.zeros(3, 100, 200, dtype=torch.uint8)
    assert pop_outs(film, style, np.ones_like(local), local, rgb) == (2, 1, 2, 1)
    assert pop_outs(film, np.zeros_like(film), np.ones_like(local), local, rgb) == (2, 0, 0, 0)


def test_summary_of_known_rows() -> None:
    rows = [replace(ROW, frame=n, film_fit=(10.0 + n, -8.0), style_fit=(12.0, -9.0)) for n in range(3)]
    table = summary(rows)
    assert table["s_film_mean_px"] == 11 and table["s_style_std_px"] == 0
    assert table["s_wasserstein_px"] == pytest.approx(1.0) and table["t_wasserstein_px"] == pytest.approx(1.0)
    assert table["pop_out_recall"] == 1 and table["jitter_film_px"] == 0.5 and table["jitter_style_px"] == 0


def test_figures_with_nothing_to_stand_on() -> None:
    table = summary([replace(ROW, pop_outs=0, popped=0, pulled=0, pulled_right=0)])
    assert (
        np.isnan(table["pop_out_recall"]) and np.isnan(table["pop_out_precision"]) and np.isnan(table["jitter_film_px"])
    )


def test_report_files(entries: list[Entry], tmp_path: Path) -> None:
    nets = {"neutral": CameraNet(4)}
    table = {"neutral": measure(nets["neutral"], entries[:2], size_px=64)}
    table["neutral"][0] = replace(table["neutral"][0], trained=True)
    write_report(tmp_path, Judged(table, nets, entries[:2], 64, "layers", ("old",)))
    facts = json.loads((tmp_path / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert facts["ddc_reading"] == "layers" and len(facts["frames"]["neutral"]) == 2
    assert text_table(table, reading="layers") in (tmp_path / "evaluation.txt").read_text()
    assert "LEARNED FROM 1 of these 2 pairs" in facts["caveats"][0] and "old: its card" in facts["caveats"][1]
    assert facts["trained_on"]["neutral"] == [entries[0].row["film"]] == [facts["films"][0]["film"]]
    assert facts["summary"]["neutral"]["jitter_film_px"] is None or facts["summary"]["neutral"]["jitter_film_px"] >= 0
    page = (tmp_path / "index.html").read_text()
    assert page.count("<tr class=bad>") == 1
    assert page.count("data:image/png;base64,") == 2
