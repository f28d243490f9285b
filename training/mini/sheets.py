"""Contact sheets of what a depth source sees: ``python -m training.mini.sheets --out FOLDER``.

No figure says whether a stereographer would sign a depth picture. These sheets put each picture of the plates without
truth (film frames, photographs, EXR photographs) beside its inverse depth, bright is near, for the eye to count.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from art3d_node.library import Library
from training.mini.evaluate import Estimator, estimator
from training.plate_source import open_plates

FOLDERS = ("film_frames", "kodak", "photos_free", "exr_photos")
_KINDS = (".png", ".jpg", ".exr")
_HEIGHT_PX = 216
_WIDTH_PX = 324
_COLUMNS = 3
_ROWS = 6


def pictures(plates: Path, folders: Sequence[str] = FOLDERS) -> Iterator[Path]:
    """The pictures of the folders in the order of their names."""
    for folder in folders:
        yield from sorted(path for path in (plates / folder).rglob("*") if path.suffix in _KINDS)


def as_look(path: Path) -> np.ndarray:
    """``(h, w, 3)`` uint8: what depth networks see of a plate."""
    return next(open_plates(path)[0].pictures(frozenset({0})))[1]


def panel(look: np.ndarray, name: str, estimate: Estimator) -> np.ndarray:
    """A picture beside its inverse depth, with its name, ``(_HEIGHT_PX, 2 · _WIDTH_PX, 3)`` RGB."""
    scale = min(_WIDTH_PX / look.shape[1], _HEIGHT_PX / look.shape[0])
    size = round(look.shape[1] * scale), round(look.shape[0] * scale)
    depth = estimate(look)
    low, high = np.quantile(depth, [0.01, 0.99])
    grey = ((depth - low) / max(float(high - low), 1e-6)).clip(0, 1) * 255
    made = np.zeros((_HEIGHT_PX, 2 * _WIDTH_PX, 3), np.uint8)
    for i, shown in enumerate((look, np.repeat(grey.astype(np.uint8)[..., None], 3, 2))):
        made[: size[1], i * _WIDTH_PX : i * _WIDTH_PX + size[0]] = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    cv2.putText(made, name[:44], (4, _HEIGHT_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 220, 0), 1, cv2.LINE_AA)
    return made


def sheets(panels: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """The panels, ``_ROWS`` by ``_COLUMNS`` a sheet."""
    per_sheet = _ROWS * _COLUMNS
    for start in range(0, len(panels), per_sheet):
        some = list(panels[start : start + per_sheet])
        some += [np.zeros_like(some[0])] * (-len(some) % _COLUMNS)
        yield np.vstack([np.hstack(some[i : i + _COLUMNS]) for i in range(0, len(some), _COLUMNS)])


def main() -> None:
    """Write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--out", type=Path, required=True, help="a folder for sheet1.png, sheet2.png …")
    parser.add_argument("--depth", default="mini+people", help="the depth source (default: %(default)s)")
    args = parser.parse_args()
    torch.set_num_threads(2)
    args.out.mkdir(parents=True, exist_ok=True)
    estimate = estimator(Library().depth(args.depth))
    panels = [panel(as_look(path), f"{i + 1} {path.name}", estimate) for i, path in enumerate(pictures(args.plates))]
    for number, sheet in enumerate(sheets(panels), 1):
        cv2.imwrite(str(args.out / f"sheet{number}.png"), sheet[..., ::-1])
    print(f"{len(panels)} pictures on {-(-len(panels) // (_ROWS * _COLUMNS))} sheets in {args.out}")


if __name__ == "__main__":
    main()
