"""The review page: what making it costs beside reading its frames, what it weighs, how fast a browser scrubs it.

    python -m benchmarks.review_page [--stereo stereo.####.exr] [--frames 8] [--grain 0.02] [--steps 48]

Without --stereo frames are made, at most 8 different ones: 1080p stereo EXRs as `art3d render` writes them, with grain
of that part of each value, and as much unrest in their disparity as a network's has. Reading is what `art3d render`
counts as such (the file's identity for the recipe, once a file; picture; content key), by as many threads, for both
views of each frame: the page shows both. The page reads the disparity and what was filled too. It is told the cuts, as
by a shot file beside the frames. Of wall time only ratios of one quiet machine mean anything; CPU time is changed
little by other work. A step's CPU time is that of the page's own thread.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from host_bridge.batch.pace import FULL
from host_bridge.core.warm_memory import keep_freed_memory
from host_bridge.io.plates import PlateSequence
from host_bridge.review.page import PageSettings, ShotOnPage, make_page
from host_bridge.review.source import StereoSource, open_stereo

ROWS, COLUMNS = 1080, 1920
DIFFERENT = 8
UNREST = 1e-3
MODES = ("left", "parallel", "anaglyph-dubois", "anaglyph-half", "difference", "checkerboard")
OVERLAYS = ("disparity", "rivalry")
FLAGS = ["--no-sandbox", "--disable-gpu"]


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stereo", default="", metavar="PATTERN")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--grain", type=float, default=0.02, metavar="PART")
    parser.add_argument("--steps", type=int, default=48)
    args = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory(prefix="art3d-page-") as made:
        folder, pattern = Path(made), args.stereo
        if not pattern:
            pattern = str(folder / "s.####.exr")
            for number in range(1, args.frames + 1):
                path = folder / f"s.{number:04d}.exr"
                if number <= DIFFERENT:
                    write_frame(path, number, args.grain)
                else:
                    path.hardlink_to(folder / f"s.{(number - 1) % DIFFERENT + 1:04d}.exr")
        source = open_stereo(pattern)
        source = replace(source, left=_cut(source.left, args.frames), right=_cut(source.right, args.frames))
        reading, page = costs(source, folder / "page")
        weight = sum(path.stat().st_size for path in (folder / "page").rglob("*") if path.is_file()) / 1e6
        print(f"{len(source.numbers)} frames, ms a frame; the page has {weight:.2f} MB")
        print(f"{'':6} {'reading':>10} {'the page':>10} {'ratio':>8}")
        for name, read_s, page_s in zip(("wall", "CPU"), reading, page, strict=True):
            each = [1000 * seconds / len(source.numbers) for seconds in (read_s, page_s)]
            print(f"{name:6} {each[0]:10.1f} {each[1]:10.1f} {page_s / read_s:8.2f}")
        rows = scrubbing(folder / "page", args.steps)
        if rows:
            print("\nscrubbing, every frame decoded anew")
            print(f"{'view':18} {'overlay':10} {'CPU ms a step':>14} {'steps a second':>15}")
            for mode, overlay, cpu_ms, rate in rows:
                print(f"{mode:18} {overlay:10} {cpu_ms:14.1f} {rate:15.1f}")


def write_frame(path: Path, number: int, grain: float) -> None:
    """Two views with detail at every size and grain, disparity, and a filled strip."""
    chance = np.random.default_rng(number)
    layers = [np.kron(chance.random((ROWS // s, COLUMNS // s, 3)), np.ones((s, s, 1))) for s in (120, 40, 8)]
    soft = np.mean(layers, axis=0)
    left = np.asarray(soft * (1 + grain * chance.standard_normal((ROWS, COLUMNS, 3))), np.float16)
    across = np.tile(np.linspace(-40, 30, COLUMNS, dtype=np.float32), (ROWS, 1))
    if grain:
        across *= 1 + UNREST * chance.standard_normal(across.shape, np.float32)
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, 900:930] = 1
    views, measures = (
        {"type": OpenEXR.scanlineimage, "compression": packed}
        for packed in (OpenEXR.ZIP_COMPRESSION, OpenEXR.PXR24_COMPRESSION)
    )
    left_eye, right_eye = {"view": "left", "art3d/hero": "left"}, {"view": "right", "art3d/hero": "left"}
    across_r = {"disparityR.x": across, "disparityR.y": 0 * across}
    parts = [
        OpenEXR.Part({**views, **left_eye}, {"RGB": left}, "left"),
        OpenEXR.Part({**views, **right_eye}, {"RGB": np.roll(left, 12, 1)}, "right"),
        OpenEXR.Part({**measures, **left_eye}, across_r, "disparityR"),
        OpenEXR.Part({**measures, **right_eye}, {"disparityL.x": -across, "disparityL.y": 0 * across}, "disparityL"),
        OpenEXR.Part({**measures, **right_eye}, {"occlusion.mask": mask}, "occlusion.right"),
    ]
    OpenEXR.File(parts).write(str(path))


def _cut(sequence: PlateSequence, count: int) -> PlateSequence:
    return replace(sequence, frames=sequence.frames[:count])


def costs(source: StereoSource, page: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Wall and CPU seconds of reading all frames as `art3d render` reads plates, both views, and of making the page."""

    def read(plate: tuple[PlateSequence, int]) -> str:
        sequence, number = plate
        sequence.content(number)
        return sequence.read(number).frame.key

    def reading() -> None:
        plates = [(sequence, number) for sequence in (source.left, source.right) for number in source.numbers]
        with ThreadPoolExecutor(FULL.read_ahead) as pool:
            for _ in pool.map(read, plates):
                pass

    def making() -> None:
        make_page(page, [ShotOnPage(source, ())], PageSettings("benchmark"))

    making()  # files in memory, and what is loaded once
    return _taken(reading), _taken(making)


def _taken(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


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
            tab.evaluate(
                "async ([m, o]) => { await art3dReview.set('mode', m); await art3dReview.set('overlay', o); }",
                [mode, overlay],
            )
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
