"""What the review page says of pairs whose parallax is known: comfort on every screen, and what the side edges cut.

    python -m benchmarks.verdicts

Pairs are written as stereo EXRs, put on a page as `art3d review` does, and the page's own data is read back. Comfort:
for each screen one shot 0.01 % of the width within its limits, and such beyond each and both. Windows: ten scenes with
something cut by an edge, ten with nothing to complain of. Ends with exit code 1 where anything differs from what was
constructed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from host_bridge.core.frame import Array
from host_bridge.review.page import PageSettings, ShotOnPage, make_page
from host_bridge.review.page_folder import DATA, DATA_BEGINS
from host_bridge.review.source import open_stereo
from host_bridge.review.targets import TARGETS

ROWS, COLUMNS = 90, 160
BEYOND_PCT = 0.01
Box = tuple[int, int, int, int, float]
CUT: Mapping[str, tuple[Box, str]] = {
    "left edge": ((0, 30, 20, 70, -1.5), "left"),
    "left, whole height": ((0, 30, 0, 90, -0.5), "left"),
    "left, only the right eye cuts it": ((1, 30, 20, 70, -2.5), "left"),
    "left, a low thing": ((0, 20, 80, 90, -2.0), "left"),
    "left, slight": ((0, 30, 20, 70, -0.7), "left"),
    "right edge": ((130, 160, 20, 70, -1.5), "right"),
    "right, whole height": ((150, 160, 0, 90, -3.0), "right"),
    "right, a narrow one": ((157, 160, 40, 50, -1.0), "right"),
    "right, slight": ((130, 160, 20, 70, -0.2), "right"),
    "right, at the bottom": ((100, 160, 85, 90, -2.0), "right"),
}
CLEAN: Mapping[str, tuple[Box, ...]] = {
    "nothing in front": (),
    "in front, in the middle": ((50, 100, 0, 90, -3.0),),
    "behind, at the edges": ((0, 20, 0, 90, 0.5), (140, 160, 0, 90, 2.0)),
    "on the screen at the edge": ((0, 20, 0, 90, 0.0),),
    "within the threshold": ((0, 20, 0, 90, -0.09),),
    "near the left edge, whole in both eyes": ((4, 30, 20, 70, -2.0),),
    "near the right edge, whole": ((120, 157, 20, 70, -2.0),),
    "cut by the top only": ((60, 90, 0, 40, -3.0),),
    "a speck at the edge": ((0, 3, 40, 41, -2.0),),
    "unknown at the edge": ((0, 20, 0, 90, float("nan")),),
}


def scene(*boxes: Box, behind: float = 1.0) -> Array:
    """Parallax, % of width, with rectangles (x0, x1, y0, y1, parallax) before a background."""
    parallax = np.full((ROWS, COLUMNS), behind, np.float32)
    for x0, x1, y0, y1, value in boxes:
        parallax[y0:y1, x0:x1] = value
    return parallax


def main() -> int:
    """Prints two tables; 1 where a verdict is not the constructed one."""
    comfort = {f"{t.id}: {name}": (pair, t.id, told) for t in TARGETS for name, pair, told in _limits(*t.limits_pct)}
    windows = {name: (scene(box), {edge: box[4]}) for name, (box, edge) in CUT.items()}
    windows |= {name: (scene(*boxes), {}) for name, boxes in CLEAN.items()}
    shown = {**{name: pair for name, (pair, _, _) in comfort.items()}, **{n: pair for n, (pair, _) in windows.items()}}
    shots = _shown(shown)
    wrong = 0
    print(f"{'comfort, parallax in % of width':58} {'constructed':>22} {'the page says':>22}")
    for name, (pair, target, told) in comfort.items():
        said = shots[name]["judgements"][target]["verdict"]
        wrong += said != told
        print(f"{f'{name}, {pair.min():+.2f} … {pair.max():+.2f}':58} {told:>22} {said:>22}")
    print(f"\n{'window violations':58} {'constructed':>22} {'the page says':>22}")
    for name, (_, cut) in windows.items():
        said = {v["edge"]: v["parallax_pct"] for v in shots[name]["violations"].get("1", ())}
        wrong += set(said) != set(cut) or any(abs(said[edge] - cut[edge]) > 1e-3 for edge in cut)
        print(f"{name:58} {_edges(cut):>22} {_edges(said):>22}")
    print(f"\n{len(comfort) + len(windows) - wrong} of {len(comfort) + len(windows)} as constructed")
    return int(wrong > 0)


def _limits(near: float, far: float) -> list[tuple[str, Array, str]]:
    """A shot just within a screen's limits, and three just beyond them: name, parallax, verdict."""

    def halves(left: float, right: float) -> Array:
        return scene((COLUMNS // 4, COLUMNS // 2, 0, ROWS, left), behind=right)

    less, more = near - BEYOND_PCT, far + BEYOND_PCT
    return [
        ("just inside", halves(near + BEYOND_PCT, far - BEYOND_PCT), "comfortable"),
        ("nearer", halves(less, far - BEYOND_PCT), "too near"),
        ("farther", halves(near + BEYOND_PCT, more), "too far"),
        ("both", halves(less, more), "too near and too far"),
    ]


def _shown(pairs: Mapping[str, Array]) -> dict[str, Any]:
    """What the page's data says of each pair."""
    with tempfile.TemporaryDirectory(prefix="art3d-verdicts-") as made:
        folder, sources = Path(made), []
        for index, parallax in enumerate(pairs.values()):
            path = folder / f"scene{index:02d}.0001.exr"
            _write(path, parallax)
            sources.append(ShotOnPage(open_stereo(str(path)), ()))
        make_page(folder / "page", sources, PageSettings("verdicts"))
        text = (folder / "page" / DATA).read_bytes().removeprefix(DATA_BEGINS).rpartition(b")")[0]
    return dict(zip(pairs, json.loads(text)["shots"], strict=True))


def _write(path: Path, parallax: Array) -> None:
    grey = np.full((ROWS, COLUMNS, 3), 0.18, np.float16)
    across = parallax * np.float32(COLUMNS / 100.0)
    kind = {"type": OpenEXR.scanlineimage}
    parts = [OpenEXR.Part({**kind, "view": eye}, {"RGB": grey}, eye) for eye in ("left", "right")]
    measured = {"disparityR.x": across, "disparityR.y": 0 * across}
    OpenEXR.File([*parts, OpenEXR.Part({**kind, "view": "left"}, measured, "disparityR")]).write(str(path))


def _edges(cut: Mapping[str, float]) -> str:
    return ", ".join(f"{edge} {pct:+.2f} %" for edge, pct in cut.items()) or "none"


if __name__ == "__main__":
    sys.exit(main())
