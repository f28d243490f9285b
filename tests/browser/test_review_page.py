"""The review page in a real browser: every mode and overlay draws what it says."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from host_bridge.cli import main
from host_bridge.io.colour import curves
from host_bridge.io.outputs.review import _LEFT, _RIGHT

LUMA = np.array([0.2126, 0.7152, 0.0722])
SEES = {"red/cyan": (1, 0, 0), "green/magenta": (0, 1, 0), "amber/blue": (1, 1, 0)}


def views(page: Any) -> tuple[np.ndarray, np.ndarray]:
    """The views as the browser decoded them: (rows, columns, 3) int."""
    raw = page.evaluate("""async () => { const s = art3dReview.state, n = A3D.page.shots[s.shot].numbers[s.index];
        const f = await A3D.frame(s.shot, n);
        return [f.left, f.right].map((v) => [v.width, v.height, Array.from(v.data)]); }""")
    left, right = (np.array(data).reshape(height, width, 4)[..., :3] for width, height, data in raw)
    return left, right


def drawn(page: Any) -> np.ndarray:
    raw = page.evaluate("""() => { const c = document.getElementById("canvas");
        return [c.width, c.height, Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data)]; }""")
    return np.array(raw[2]).reshape(raw[1], raw[0], 4)[..., :3]


def put(page: Any, **choices: Any) -> None:
    page.evaluate("async (c) => { for (const [k, v] of Object.entries(c)) await art3dReview.set(k, v); }", choices)


def anaglyph(left: np.ndarray, right: np.ndarray, glasses: str, of_left: Any, of_right: Any) -> np.ndarray:
    a, b = of_left(left), of_right(right)
    return np.asarray(np.where(np.array(SEES[glasses], bool), a, b))


def grey(view: np.ndarray) -> np.ndarray:
    return np.asarray((view @ LUMA)[..., None].repeat(3, 2))


def strong(view: np.ndarray) -> np.ndarray:
    return (0.7 * view[..., 1] + 0.3 * view[..., 2])[..., None].repeat(3, 2)


def dubois(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    linear = [curves.srgb_to_linear(v / 255) for v in (left, right)]
    return curves.linear_to_srgb((linear[0] @ _LEFT.T + linear[1] @ _RIGHT.T).clip(0, 1)) * 255


def woven(left: np.ndarray, right: np.ndarray, step: int) -> np.ndarray:
    y, x = np.mgrid[: left.shape[0], : left.shape[1]]
    return np.where(((y + step * x) % 2)[..., None], right, left)


SIMPLE: dict[str, Callable[..., Any]] = {
    "left": lambda le, ri: le,
    "right": lambda le, ri: ri,
    "parallel": lambda le, ri: np.concatenate([le, ri], 1),
    "cross-eyed": lambda le, ri: np.concatenate([ri, le], 1),
    "over-under": lambda le, ri: np.concatenate([le, ri], 0),
    "difference": lambda le, ri: np.abs(le - ri),
    "checkerboard": lambda le, ri: woven(le, ri, 1),
    "rows": lambda le, ri: woven(le, ri, 0),
}


@pytest.mark.parametrize("mode", SIMPLE)
def test_a_mode_draws_what_it_says(page: Any, mode: str) -> None:
    left, right = views(page)
    put(page, mode=mode)
    assert np.abs(drawn(page) - SIMPLE[mode](left, right)).max() == 0
    put(page, swap=True)
    assert np.abs(drawn(page) - SIMPLE[mode](right, left)).max() == 0


@pytest.mark.parametrize("glasses", SEES)
def test_anaglyphs(page: Any, glasses: str) -> None:
    left, right = views(page)
    for mode, of_left, of_right in (
        ("anaglyph-grey", grey, grey),
        ("anaglyph-half", grey, lambda v: v),
        ("anaglyph-optimised", strong, lambda v: v),
    ):
        put(page, mode=mode, glasses=glasses)
        assert np.abs(drawn(page) - anaglyph(left, right, glasses, of_left, of_right)).max() <= 1, mode
    put(page, mode="anaglyph-dubois")
    if glasses == "red/cyan":
        # Near black the tone curve is steeper than the table that the page looks it up in.
        assert np.percentile(np.abs(drawn(page) - dubois(left, right)), 99) <= 1.5
    else:
        assert drawn(page).std() > 5


def test_what_a_view_cannot_show_is_said(page: Any) -> None:
    put(page, mode="left", overlay="filled")
    assert "right eye" in page.inner_text("#legend") and "shows nothing" in page.inner_text("#legend")
    assert page.locator("#glasses").is_disabled()
    put(page, mode="anaglyph-grey")
    assert "shows nothing" not in page.inner_text("#legend") and page.locator("#glasses").is_enabled()


def test_a_left_view_that_was_made_shows_what_was_filled(
    chromium: Any, tmp_path: Path, stereo_frame: Callable[..., None]
) -> None:
    stereo_frame(tmp_path / "s.1.exr", 1, made="left")
    assert main(["review", str(tmp_path / "s.#.exr"), "-o", str(tmp_path / "page")]) == 0
    tab = chromium.new_page(viewport={"width": 1366, "height": 768})
    tab.goto((tmp_path / "page/index.html").as_uri())
    tab.wait_for_function("window.art3dReview && art3dReview.frame()")
    left, right = views(tab)
    put(tab, mode="left", overlay="filled")
    assert ((drawn(tab) != left).any(axis=2) == (np.arange(160) >= 80)).mean() > 0.999
    assert "shows nothing" not in tab.inner_text("#legend")
    put(tab, mode="right")
    assert (drawn(tab) == right).all() and "left eye" in tab.inner_text("#legend")
    tab.close()


def test_wiggle_shows_one_eye_and_then_the_other(page: Any) -> None:
    put(page, mode="wiggle")
    seen = set()
    for _ in range(20):
        seen.add(drawn(page).tobytes())
        page.wait_for_timeout(60)
    left, right = views(page)
    assert seen == {left.tobytes(), right.tobytes()}


def test_convergence_moves_the_views_apart(page: Any) -> None:
    left, right = views(page)
    put(page, mode="parallel", nudge=2.5)  # 4 px of 160
    picture = drawn(page)
    assert (picture[:, :158] == left[:, 2:]).all() and (picture[:, 158:160] == 0).all()
    assert (picture[:, 162:] == right[:, :-2]).all() and (picture[:, 160:162] == 0).all()


def test_overlays_mark_what_they_name(page: Any) -> None:
    left, right = views(page)

    def changed(mode: str, overlay: str, before: np.ndarray) -> np.ndarray:
        put(page, mode=mode, overlay=overlay)
        return np.asarray((drawn(page) != before).any(axis=2))

    bar = np.zeros(left.shape[:2], bool)
    bar[20:70, :30] = True
    orange, blue = drawn_colour(page, "left", "disparity", (45, 10)), drawn_colour(page, "left", "disparity", (5, 100))
    assert orange[0] > orange[2] + 50 and blue[2] > blue[0] + 50
    window = changed("left", "window", left)
    assert window[45, :3].all() and not window[:, 30:].any() and not window[:20].any()
    edge = changed("right", "window", right)
    assert edge[20:70, 0].all() and not edge[:, 3:].any() and not edge[:20].any()
    assert (changed("right", "filled", right) == (np.arange(160) >= 80)).mean() > 0.999
    put(page, overlay="budget")
    assert not changed("left", "budget", left)[bar].any()  # −2 % is within the cinema's near limit
    assert changed("left", "budget", left)[~bar].mean() > 0.99  # +1 % at 10 m is wider than the eyes


def drawn_colour(page: Any, mode: str, overlay: str, at: tuple[int, int]) -> np.ndarray:
    put(page, mode=mode, overlay=overlay)
    return np.asarray(drawn(page)[at])


def test_frames_are_small(folder: Path) -> None:
    """Views are JPEG inside scripts, the measurements PNG."""
    script = (folder / "frames/0/1001.js").read_text("ascii")
    assert script.startswith("A3D.put(0,1001,") and len(script) < 250_000
    found = re.findall('"(.)": "data:image/(.+?);base64,(.+?)"', script)
    assert [(key, kind) for key, kind, _ in found] == [("l", "jpeg"), ("r", "jpeg"), ("d", "png")]
    for _, kind, code in found:
        assert Image.open(io.BytesIO(base64.b64decode(code))).format == kind.upper()
