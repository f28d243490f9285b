"""A real Chromium, and the page of a constructed shot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--disable-component-update", "--disable-quic"]  # fmt: skip
ROWS, COLUMNS = 90, 160
FRAMES = (1001, 1002, 1003, 1004)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; the tests are skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def write_stereo_frame(path: Path, number: int, made: str = "right") -> None:
    """Two noisy views, a bar in front that the left edge cuts, half of the made view filled."""
    noise = np.random.default_rng(number)
    found = []
    for eye in ("left", "right"):
        color = noise.uniform(0, 1, (ROWS // 10, COLUMNS // 10, 3)).repeat(10, 0).repeat(10, 1).astype(np.float32)
        header = {"type": OpenEXR.scanlineimage, "view": eye}
        found.append(OpenEXR.Part(header, {"RGB": color}, eye))
    across = np.full((ROWS, COLUMNS), 1.6, np.float32)
    across[20:70, :30] = -3.2
    header = {"type": OpenEXR.scanlineimage, "view": "left"}
    found.append(OpenEXR.Part(header, {"disparityR.x": across, "disparityR.y": across * 0}, "disparityR"))
    mask = np.zeros((ROWS, COLUMNS), np.float16)
    mask[:, COLUMNS // 2 :] = 1
    header = {"type": OpenEXR.scanlineimage, "view": made}
    found.append(OpenEXR.Part(header, {"occlusion.mask": mask}, f"occlusion.{made}"))
    OpenEXR.File(found).write(str(path))


@pytest.fixture(scope="session")
def stereo_frame() -> Callable[..., None]:
    """Writes one frame as those of the page's shots."""
    return write_stereo_frame


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review page of two shots."""
    made = tmp_path_factory.mktemp("review")
    for name in ("one", "two & 'more'"):
        for number in FRAMES:
            write_stereo_frame(made / f"{name}.{number}.exr", number)
    shots = [str(made / "one.####.exr"), str(made / "two & 'more'.####.exr")]
    words = ["review", *shots, "-o", str(made / "page"), "--title", "A </script><b>title</b>"]
    assert main(words) == 0
    return made / "page"


@pytest.fixture
def page(chromium: Any, folder: Path) -> Iterator[Any]:
    """The open page; a console error, a page error or a request that leaves the folder fails the test."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    tab, faults = context.new_page(), []
    tab.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda e: faults.append(str(e)))
    inside = folder.as_uri()
    tab.on("request", lambda r: None if r.url.startswith((inside, "data:", "blob:")) else faults.append(r.url))
    tab.goto(f"{inside}/index.html")
    tab.wait_for_function("window.art3dReview && art3dReview.frame()")
    yield tab
    context.close()
    assert faults == []
