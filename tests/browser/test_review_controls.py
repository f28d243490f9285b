"""The review page's controls in a real browser: keys, touch, ruler, charts, notes, small screens."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from host_bridge.cli import main


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
        # Of the table's words only a shot's name may be broken.
        broken = page.evaluate("""() => [...document.querySelectorAll("#shots :is(th, td):not(:first-child)")].flatMap(
            (cell) => [...cell.textContent.matchAll(/\\S+/g)].filter((word) => {
                const range = document.createRange();
                range.setStart(cell.firstChild, word.index);
                range.setEnd(cell.firstChild, word.index + word[0].length);
                return range.getClientRects().length > 1;
            }).map((word) => word[0]))""")
        assert broken == []
