"""The review page: what making it costs beside reading its frames, what it weighs, how fast a browser scrubs it.

    python -m benchmarks.review_page [--frames 8] [--steps 48]

Frames are 1080p stereo EXRs as `art3d render` writes them. Costs are CPU time, which other work on the machine hardly
changes: of this process for reading and making, of the page's own thread for scrubbing.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from host_bridge.io.plates import PlateSequence
from host_bridge.review.page import PageSettings, ShotOnPage, make_page
from host_bridge.review.source import open_stereo

ROWS, COLUMNS = 1080, 1920
MODES = ("left", "parallel", "anaglyph-dubois", "anaglyph-half", "difference", "checkerboard")
OVERLAYS = ("disparity", "rivalry")
FLAGS = ["--no-sandbox", "--disable-gpu"]


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--steps", type=int, default=48)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="art3d-page-") as made:
        folder = Path(made)
        for number in range(1, args.frames + 1):
            write_frame(folder / f"s.{number:04d}.exr", number)
        read_s, page_s = costs(str(folder / "s.####.exr"), folder / "page")
        weight = sum(path.stat().st_size for path in (folder / "page").rglob("*") if path.is_file()) / 1e6
        print("CPU seconds a frame, and the page's weight")
        print(f"{'frames':>8} {'reading':>10} {'the page':>10} {'ratio':>8} {'page, MB':>10}")
        each = read_s / args.frames, page_s / args.frames
        print(f"{args.frames:8d} {each[0]:10.3f} {each[1]:10.3f} {page_s / read_s:8.2f} {weight:10.2f}")
        rows = scrubbing(folder / "page", args.steps)
        if rows:
            print("\nscrubbing, every frame decoded anew")
            print(f"{'view':18} {'overlay':10} {'CPU ms a step':>14} {'steps a second':>15}")
            for mode, overlay, cpu_ms, rate in rows:
                print(f"{mode:18} {overlay:10} {cpu_ms:14.1f} {rate:15.1f}")


def write_frame(path: Path, number: int) -> None:
    """Two views with detail at every size, disparity and a filled strip."""
    chance = np.random.default_rng(number)
    soft = sum(np.kron(chance.random((ROWS // s, COLUMNS // s, 3)), np.ones((s, s, 1))) for s in (120, 40, 8)) / 3
    left = np.asarray(soft, np.float16)
    across = np.tile(np.linspace(-40, 30, COLUMNS, dtype=np.float32), (ROWS, 1))
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, 900:930] = 1
    kind = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    parts = [
        OpenEXR.Part({**kind, "view": "left"}, {"RGB": left}, "left"),
        OpenEXR.Part({**kind, "view": "right"}, {"RGB": np.roll(left, 12, 1)}, "right"),
        OpenEXR.Part({**kind, "view": "left"}, {"disparityR.x": across, "disparityR.y": 0 * across}, "disparityR"),
        OpenEXR.Part({**kind, "view": "right"}, {"occlusion.mask": mask}, "occlusion.right"),
    ]
    OpenEXR.File(parts).write(str(path))


def costs(pattern: str, page: Path) -> tuple[float, float]:
    """CPU seconds of reading all frames as `art3d render` reads them, both views, and of making the page."""
    started = time.process_time()
    for view in ("left", "right"):
        sequence = PlateSequence.open(pattern, view=view)
        for number in sequence.frames:
            _ = sequence.read(number).frame.key
    read = time.process_time()
    make_page(page, [ShotOnPage(open_stereo(pattern))], PageSettings("benchmark"))
    return read - started, time.process_time() - read


def scrubbing(page: Path, steps: int) -> list[tuple[Any, ...]]:
    """Each view's steps through the page, the frames of a step decoded anew; empty without a Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        print("no Chromium: scrubbing is not measured")
        return []
    rows = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1366, "height": 768})
        tab.goto((page / "index.html").as_uri())
        tab.wait_for_function("window.art3dReview && art3dReview.frame()")
        tab.evaluate("A3D.KEPT = 4")
        session = tab.context.new_cdp_session(tab)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        for mode, overlay in [*((m, "none") for m in MODES), *(("left", o) for o in OVERLAYS)]:
            tab.evaluate("([m, o]) => { art3dReview.set('mode', m); art3dReview.set('overlay', o); }", [mode, overlay])
            _step(tab, 4)
            before, started = _task_s(session), time.perf_counter()
            _step(tab, steps)
            spent, wall = _task_s(session) - before, time.perf_counter() - started
            rows.append((mode, overlay, 1000 * spent / steps, steps / wall))
        browser.close()
    return rows


def _step(tab: Any, steps: int) -> None:
    tab.evaluate(
        """async (steps) => { const count = A3D.page.shots[0].numbers.length;
        for (let i = 0; i < steps; i++) await art3dReview.show(i % count); }""",
        steps,
    )


def _task_s(session: Any) -> float:
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


if __name__ == "__main__":
    main()
