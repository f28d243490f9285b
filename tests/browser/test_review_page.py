"""The review page in a real browser: every mode draws what it says, keys and notes work, nothing leaves the page."""

from __future__ import annotations

import base64
import csv
import io
import json
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


def test_two_fingers_zoom_and_one_moves(page: Any) -> None:
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *xs: float) -> None:
        points = [{"x": each, "y": y, "id": i} for i, each in enumerate(xs)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def placed() -> tuple[float, float]:
        scale, left = page.evaluate("[+canvas.dataset.sx, +canvas.dataset.x]")
        return scale, left

    scale, left = placed()
    touch("touchStart", x - 40, x + 40)
    touch("touchMove", x - 80, x + 80)
    touch("touchEnd")
    wide = placed()[0]
    assert wide == pytest.approx(2 * scale, rel=0.02)
    left = placed()[1]
    touch("touchStart", x)
    touch("touchMove", x + 30)
    touch("touchEnd")
    assert placed()[0] == wide and placed()[1] == pytest.approx(left + 30, abs=1)


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


def test_the_ruler_reads_parallax_in_every_unit(page: Any) -> None:
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    page.wait_for_function(
        "document.getElementById('readout').innerText !== ''"
    )  # a move is told with the next picture
    said = page.inner_text("#readout")
    assert "1.6 px" in said and "1.00 %" in said and "0.100 m" in said and "behind" in said


def test_keys_and_scrubbing(page: Any) -> None:
    def now() -> int:
        page.wait_for_function("""() => art3dReview.frame().number ===
            A3D.page.shots[art3dReview.state.shot].numbers[art3dReview.state.index]""")
        return int(page.evaluate("art3dReview.frame().number"))

    page.keyboard.press("ArrowRight")
    assert now() == 1002
    page.keyboard.press("End")
    assert now() == 1004
    page.keyboard.press("Home")
    assert now() == 1001
    page.fill("#scrub", "2")
    assert now() == 1003
    page.locator("body").click(position={"x": 5, "y": 5})
    for key, name, value in (("v", "mode", "right"), ("o", "overlay", "disparity"), ("x", "swap", True)):
        page.keyboard.press(key)
        assert page.evaluate(f"art3dReview.state.{name}") == value
    page.keyboard.press("PageDown")
    assert page.evaluate("art3dReview.state.shot") == 1
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.locator("#help-close").click()
    page.locator("#help").wait_for(state="hidden")
    page.keyboard.press(" ")
    page.wait_for_function("art3dReview.state.index > 0")
    page.keyboard.press(" ")
    assert page.evaluate("art3dReview.state.playing") is False


def test_a_click_on_a_chart_goes_to_its_frame(page: Any) -> None:
    page.locator("#charts svg").first.click(position={"x": 1300, "y": 40})
    page.wait_for_function("art3dReview.frame().number === 1004")


def test_charts_show_everything_over_time(page: Any) -> None:
    titles = page.evaluate("[...document.querySelectorAll('#charts svg')].map((svg) => svg.getAttribute('aria-label'))")
    assert titles == ["Parallax", "Suggested knobs", "On the screen plane", "Steadiness and cuts", "Window violations"]
    said = page.inner_text("#charts figure:nth-child(2) figcaption")
    assert "Global Depth" in said and "Zero Plane" in said
    assert page.locator("#charts figure:nth-child(2) path").count() == 2


def test_no_number_of_a_chart_is_cut_off(page: Any) -> None:
    """A minus that leaves the drawing would make a wrong figure."""
    outside = page.evaluate("""() => [...document.querySelectorAll('#charts svg text')].filter((text) => {
        const box = text.getBBox(), view = text.ownerSVGElement.viewBox.baseVal;
        return box.x < 0 || box.x + box.width > view.width; }).map((text) => text.textContent)""")
    assert outside == []
    assert page.locator("#charts svg text", has_text="-").count() > 0


def test_what_is_not_known_is_not_called_clean(chromium: Any, tmp_path: Path) -> None:
    """Pairs without disparity, a title and a name that know no end."""
    name = "long" * 40 + "_LR"
    for number in (1, 2):
        Image.new("RGB", (64, 20), (90, 80, 70)).save(tmp_path / f"{name}.{number:04d}.png")
    shot = str(tmp_path / f"{name}.####.png")
    assert main(["review", "--no-match", shot, "-o", str(tmp_path / "page"), "--title", "title" * 200]) == 0
    tab = chromium.new_page(viewport={"width": 1366, "height": 768})
    tab.goto((tmp_path / "page/index.html").as_uri())
    tab.wait_for_function("window.art3dReview && art3dReview.frame()")
    assert "clean" not in tab.inner_text("body")
    assert "nothing is known" in tab.inner_text("#charts figure:last-child")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1366
    assert tab.evaluate("document.getElementById('stage').getBoundingClientRect().top") < 200
    tab.close()


def test_notes_go_out_and_come_back(page: Any, tmp_path: Path, chromium: Any, folder: Path) -> None:
    page.fill("#note-name", "Ada")
    page.fill("#note-text", '=HYPERLINK("x") hand, "too" near')
    page.locator("#note-form button[type=submit]").click()
    page.locator("#approve").click()
    files = {}
    for button in ("#export-json", "#export-csv"):
        with page.expect_download() as got:
            page.locator(button).click()
        files[button] = tmp_path / got.value.suggested_filename
        got.value.save_as(files[button])
    notes = json.loads(files["#export-json"].read_text("utf-8"))
    assert notes["notes"][0]["frame"] == 1001 and notes["decisions"] == {"one.####.exr": "approved"}
    rows = list(csv.DictReader(io.StringIO(files["#export-csv"].read_text("utf-8"))))
    assert rows[0]["name"] == "Ada" and rows[0]["text"].startswith("'=") and rows[0]["decision"] == "approved"
    page.evaluate("localStorage.clear()")
    page.reload()
    page.wait_for_function("window.art3dReview && art3dReview.frame()")
    assert page.locator("#notes li").count() == 0
    page.set_input_files("#import", str(files["#export-json"]))
    page.wait_for_function("document.querySelectorAll('#notes li').length === 1")
    assert page.get_attribute("#approve", "aria-pressed") == "true"
    page.evaluate("localStorage.clear()")


def test_every_control_has_a_name(page: Any) -> None:
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, select, input, textarea")].filter((e) =>
        !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
        .map((e) => e.id)""")
    assert unnamed == []


def test_it_fits_a_small_screen_and_a_tablet(page: Any) -> None:
    for width, height in ((1366, 768), (820, 1180)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_frames_are_small(folder: Path) -> None:
    """Views are JPEG inside scripts, the measurements PNG."""
    script = (folder / "frames/0/1001.js").read_text("ascii")
    assert script.startswith("A3D.put(0,1001,") and len(script) < 250_000
    found = re.findall('"(.)": "data:image/(.+?);base64,(.+?)"', script)
    assert [(key, kind) for key, kind, _ in found] == [("l", "jpeg"), ("r", "jpeg"), ("d", "png")]
    for _, kind, code in found:
        assert Image.open(io.BytesIO(base64.b64decode(code))).format == kind.upper()
