"""Makes the picture of docs/review.md from the project's own plate: `python docs/images/review/make.py`."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from host_bridge.cli import main

HERE = Path(__file__).resolve().parent
PLATE = HERE.parents[2] / "examples" / "plate" / "plate.####.exr"
KNOBS = ["--depth", "aov", "--style", "immersive", "--depth-gain", "1.6", "--zero-plane=-0.6"]


def make() -> None:
    """Renders the plate, makes its page and photographs it."""
    with tempfile.TemporaryDirectory(prefix="art3d-review-") as made:
        folder = Path(made)
        stereo, page = str(folder / "lantern_alley.####.exr"), folder / "page"
        if main(["render", str(PLATE), "-o", stereo, *KNOBS]) or main(
            ["review", stereo, "-o", str(page), "--title", "Lantern alley"]
        ):
            raise SystemExit("the page was not made")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1366, "height": 1000})
            tab.goto((page / "index.html").as_uri())
            tab.wait_for_function("window.art3dReview && art3dReview.frame()")
            tab.evaluate("art3dReview.set('mode', 'anaglyph-dubois')")
            tab.evaluate("art3dReview.show(6)")
            tab.wait_for_timeout(500)
            shot = Image.open(io.BytesIO(tab.screenshot()))
            browser.close()
    shot.convert("RGB").save(HERE / "page.jpg", quality=84)


if __name__ == "__main__":
    make()
