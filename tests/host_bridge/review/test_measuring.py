"""What is measured of anybody's stereo, with a matcher whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from host_bridge.client.tile import Tile
from host_bridge.core.errors import BadInputError
from host_bridge.core.geometry import Box
from host_bridge.review import faults
from host_bridge.review.figures import Figures
from host_bridge.review.matched import EyeFigures, active, matched
from host_bridge.review.measuring import Measured, flat, summary
from host_bridge.review.pair import Pair
from host_bridge.review.targets import TARGETS
from host_bridge.review.windows import Seen, violations

ROWS, COLUMNS = 40, 100
STATS = {
    "trusted": 0.9, "vertical_px": 0.5, "vertical_worst_px": 0.6, "roll_deg": 0.1, "zoom_pct": 0.0,
    "colour_pct": [1.0, 0.0, -2.0], "gain": 1.02, "sharpness_stops": 0.1, "swapped_share": 0.2, "swapped_votes": 99,
}  # fmt: skip
EYES = EyeFigures(0.9, 0.5, 1.5, 0.1, 0.0, (1.0, 0.0, -2.0), 1.02, 0.1, False)


class Server:
    """Says of every pair that it has this disparity, px; remembers what it was sent."""

    def __init__(self, disparity: float = 2.0, **stats: object) -> None:
        self.disparity, self.stats = disparity, {**STATS, **stats}
        self.sent: list[Any] = []

    def match(self, left: np.ndarray, right: np.ndarray) -> Tile:
        self.sent.append(left)
        plane = np.full((*left.shape[:2], 1), self.disparity, np.float32)
        return Tile(
            Box.of_size(left.shape[1], left.shape[0]), {"disparity_left": plane, "disparity_right": plane}, self.stats
        )

    def measure(self, layers: Mapping[str, np.ndarray]) -> dict[str, object]:
        return {"parallax_p1_pct": float(-100 * layers["disparity"].max() / layers["left"].shape[1])}


def pair(number: int = 1, seed: int = 0, full_width: int = 0) -> Pair:
    noise = np.random.default_rng(seed).integers(60, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    return Pair(number, noise, noise, full_width=full_width)


def test_parallax_is_behind_when_disparity_is_negative() -> None:
    seen, eyes = matched(pair(full_width=400), Server(-3.0).match)
    assert seen.parallax is not None and (seen.parallax == 3.0).all()
    assert eyes.right_median == 3.0 and eyes.swapped is False
    assert eyes.vertical_px == 2.0 and eyes.vertical_pct == pytest.approx(1.5)


def test_a_pairs_own_parallax_stays() -> None:
    own = replace(pair(), parallax=np.full((ROWS, COLUMNS), -1.0, np.float32))
    seen, _ = matched(own, Server().match)
    assert seen.parallax is own.parallax and seen.right_parallax is None


def test_bars_are_left_out_of_both_eyes() -> None:
    plain = pair(full_width=200)
    left = plain.left.copy()
    left[:, :20] = left[:, -20:] = 0
    seen = active(replace(plain, left=left, parallax=np.full((ROWS, COLUMNS), 1.2, np.float32)))
    assert seen.left.shape == seen.right.shape == (ROWS, 60, 3) and seen.full_width == 120
    assert seen.parallax is not None and seen.parallax == pytest.approx(2.0)
    assert active(plain) is plain


def test_the_left_edge_of_a_matched_pair_is_seen_by_the_right_eye() -> None:
    left, right = (np.full((ROWS, COLUMNS), np.nan, np.float32) for _ in range(2))
    left[10:30, 40:60] = right[10:30, :20] = -2.0
    assert violations(Seen(left)) == ()
    (found,) = violations(Seen(left, right))
    assert (found.edge, found.parallax_pct, found.top) == ("left", -2.0, 0.25)


def test_faults_are_asked_by_name_and_limit() -> None:
    assert faults.parse_faults("swapped, vertical=0.2") == {"swapped": 0.0, "vertical": 0.2}
    assert faults.parse_faults(None) == {}
    assert faults.parse_faults("vertical=2,any")["vertical"] == 2 and set(faults.parse_faults("any")) == set(
        faults.FAULTS
    )
    for text in ("magic", "vertical=", "vertical=x", "vertical=-1", "vertical=nan", "any=3", "", " , "):
        with pytest.raises(BadInputError):
            faults.parse_faults(text)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"swapped": True}, "swapped"),
        ({"vertical_pct": 0.6}, "vertical"),
        ({"colour_pct": (0.0, -4.5, 0.0)}, "colour"),
        ({"gain": 1.06}, "colour"),
        ({"sharpness_stops": -0.6}, "sharpness"),
        ({"trusted": 0.01}, "unmatched"),
    ],
)
def test_each_fault_of_the_eyes_has_its_name(changes: dict[str, Any], name: str) -> None:
    limits = faults.parse_faults("any")
    fine = replace(EYES, vertical_pct=0.1)
    figures = Figures(1, p1=-0.1, p99=0.1)
    assert faults.found(faults.sizes(figures, fine, math.nan, TARGETS), limits) == []
    assert faults.found(faults.sizes(figures, replace(fine, **changes), math.nan, TARGETS), limits) == [name]


def test_what_is_not_known_is_no_fault() -> None:
    nothing = EyeFigures(0.5, *[math.nan] * 4, (math.nan,) * 3, math.nan, math.nan, None)  # type: ignore[arg-type, call-arg]
    assert faults.found(faults.sizes(Figures(1), nothing, math.nan, TARGETS), faults.parse_faults("any")) == []


def _measured(server: Server, pairs: list[Pair], **changes: object) -> Measured:
    measured = Measured(TARGETS[:1], faults.parse_faults("any"), **changes)  # type: ignore[arg-type]
    for each in pairs:
        measured.add(each, server)
    return measured


def test_records_are_plain_json() -> None:
    (record,) = _measured(Server(30.0, swapped_share=None), [pair(7, full_width=200)]).records()
    assert record["frame"] == 7 and (record["width"], record["height"]) == (200, 80)
    assert record["swapped"] is None and record["jitter_pct"] is None
    assert record["parallax_p1_pct"] == -30.0 and record["window_right_pct"] == -30.0
    assert record["comfort_cinema"] == "too near" and set(record["faults"]) == {"vertical", "window", "comfort"}
    assert flat([record])[0]["faults"] == "vertical window comfort"


def test_cuts_are_found_and_their_jumps_measured() -> None:
    server = Server(1.0)
    measured = _measured(server, [])
    for number in range(1, 13):
        if number == 7:
            server.disparity = -2.0
        shade = np.full((ROWS, COLUMNS, 3), 40 if number < 7 else 200, np.uint8) + pair(number, number).left // 16
        measured.add(Pair(number, shade, shade), server)
    records = measured.records()
    assert [r["frame"] for r in records if r["jump_pct"]] == [7]
    assert records[6]["jump_pct"] == pytest.approx(3.0) and "jump" in records[6]["faults"]
    told = _measured(Server(), [pair(n) for n in (1, 2, 3)], cuts=(2,)).records()
    assert [r["jump_pct"] for r in told] == [None, 0.0, None]


def test_the_summary_names_faults_with_their_frames() -> None:
    measured = _measured(Server(30.0, vertical_worst_px=4.0), [pair(n) for n in (3, 4)])
    said = summary(measured.records(), measured.verdicts())
    assert said["frames"] == 2 and said["faults"]["vertical"] == [3, 4]
    assert said["swapped"] is False and said["vertical_worst_pct"] == 10.0
    assert said["comfort"]["cinema"]["failing"] == [3, 4]


def test_where_the_file_has_no_pixels_is_neither_picture_nor_bar() -> None:
    """A data window that a renderer cropped does not make the picture narrower."""
    whole, crop = pair(full_width=200), Box(20, 5, 70, 35)
    rows, columns = crop.slices(whole.grid)
    left = np.zeros_like(whole.left)
    left[rows, columns] = whole.left[rows, columns]
    parallax = np.zeros((ROWS, COLUMNS), np.float32)
    parallax[rows, columns] = 1.2
    server = Server(-3.0)
    seen = active(replace(whole, left=left, parallax=parallax, data=crop))
    assert seen.left.shape == whole.left.shape and seen.full_width == 200
    assert seen.parallax is not None and np.isfinite(seen.parallax).sum() == crop.width * crop.height
    assert np.nanmin(seen.parallax) == np.float32(1.2)
    found, _ = matched(replace(seen, parallax=None), server.match)
    assert server.sent[0].shape == (30, 50, 3)
    assert found.parallax is not None and np.isnan(found.parallax[0, 0])
    assert np.nanmax(found.parallax) == pytest.approx(3.0), "percent of the picture's width, not of the crop's"
    measured = Measured(TARGETS, {})
    measured.add(replace(whole, left=left, parallax=parallax, data=crop), server)
    (record,) = measured.records()
    assert (record["width"], record["parallax_p1_pct"]) == (200, pytest.approx(1.2))


def test_bars_inside_a_cropped_data_window_are_bars() -> None:
    whole, crop = pair(full_width=100), Box(0, 0, 90, ROWS)
    left = whole.left.copy()
    left[:, 90:] = left[:6] = left[-6:] = 0
    seen = active(replace(whole, left=left, data=crop))
    assert seen.left.shape == (ROWS - 12, COLUMNS, 3) and seen.full_width == 100
    assert seen.shown == Box(0, 0, 90, ROWS - 12)
