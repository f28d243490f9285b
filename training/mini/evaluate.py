"""The figures of depth sources on material no training saw: ``python -m training.mini.evaluate``.

Order: random pairs of points whose true inverse depths differ by more than a
tenth; how many does a source put the right way round? Beside each source stands
the rule "lower in the picture is nearer", on the same pairs. Edges: true depth
boundaries that have a boundary of the up-sampled estimate within 2 plate pixels.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from art3d_node.models.mini import WORKING_SHORT_SIDE, MiniDepth, load_mini
from art3d_node.stereo.upsample import guided_upsample

_PAIRS = 200_000
_log = logging.getLogger(__name__)
Source = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Known:
    """A picture ``(h, w, 3)`` uint8 and its inverse depth ``(h, w)``, NaN = unknown."""

    group: str
    name: str
    rgb: np.ndarray
    iz: np.ndarray


def middlebury_2005(plates: Path) -> Iterator[Known]:
    """Art, Books and Dolls, both views: photographs, structured-light truth."""
    for scene in ("Art", "Books", "Dolls"):
        for view in (1, 5):
            folder = plates / "middlebury_stereo_gt" / scene
            value = cv2.imread(str(folder / f"disp{view}.png"), cv2.IMREAD_GRAYSCALE).astype(np.float32)
            rgb = cv2.imread(str(folder / f"view{view}.png"), cv2.IMREAD_COLOR_RGB)
            yield Known("Middlebury 2005", f"{scene} {view}", rgb, np.where(value > 0, value, np.nan))


def rgbd(plates: Path) -> Iterator[Known]:
    """The TUM desk (photographs, Kinect depth) and the ICL living room (rendered)."""
    rows = [("TUM desk", "tum_desk", "{}.png", "{}_depth.png", 2), ("ICL room", "icl_livingroom", "color_{}.png", "depth_{}.png", 5)]
    for group, folder, picture, depth, count in rows:
        for i in range(1, count + 1):
            at = plates / "rgbd_gt" / folder
            z = cv2.imread(str(at / depth.format(i)), cv2.IMREAD_UNCHANGED).astype(np.float32)
            rgb = cv2.imread(str(at / picture.format(i)), cv2.IMREAD_COLOR_RGB)
            yield Known(group, f"{folder} {i}", rgb, np.where(z > 0, 5000 / np.maximum(z, 1), np.nan))


def example_plate(folder: Path, *, every: int = 8) -> Iterator[Known]:
    """Frames of the project's own rendered plate, where it is present."""
    from host_bridge.plates import open_plate  # noqa: PLC0415

    for i, frame in enumerate(open_plate(folder)):
        if i % every == 0:
            yield frame
    return


def order(estimate: np.ndarray, iz: np.ndarray, *, seed: int = 0, ratio: float = 1.1) -> float:
    """Share of random pairs with a true ratio above ``ratio`` that are ordered rightly; a tie is wrong."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(np.isfinite(iz))
    a, b = rng.choice(known, _PAIRS), rng.choice(known, _PAIRS)
    za, zb = iz.flat[a], iz.flat[b]
    apart = np.maximum(za, zb) > ratio * np.minimum(za, zb)
    return float((np.sign(estimate.flat[a] - estimate.flat[b]) == np.sign(za - zb))[apart].mean())


def boundaries(values: np.ndarray, *, step: float) -> np.ndarray:
    """Pixels on either side of a jump of more than ``step`` between 4-neighbours."""
    edge = np.zeros(values.shape, bool)
    across, down = np.abs(np.diff(values, axis=1)) > step, np.abs(np.diff(values, axis=0)) > step
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _ridges(values: np.ndarray, *, share: float) -> np.ndarray:
    """Local maxima of the gradient across its own direction, above ``share`` of the range over five pixels."""
    low, high = np.quantile(values, [0.02, 0.98])
    gx, gy = (cv2.Sobel(values, cv2.CV_32F, dx, 1 - dx, ksize=3) / 8 for dx in (1, 0))
    size = np.hypot(gx, gy)
    flat = np.abs(gx) >= np.abs(gy)
    side = np.maximum(np.roll(size, 1, 1), np.roll(size, -1, 1))
    stack = np.maximum(np.roll(size, 1, 0), np.roll(size, -1, 0))
    peak = size >= np.where(flat, side, stack)
    return np.asarray(peak & (size * 5 > share * (high - low)))


def edges(estimate: np.ndarray, iz: np.ndarray, *, reach_px: int = 2) -> tuple[float, float]:
    """``(recall, precision)`` of boundaries within ``reach_px``.

    A true boundary jumps by a tenth of the scene's range of inverse depth from one
    pixel to the next; a found one is a ridge of the estimate's gradient as steep as
    a tenth of the estimate's range over five pixels.
    """
    known = np.isfinite(iz)
    low, high = np.nanquantile(iz, [0.02, 0.98])
    inside = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    true = boundaries(np.where(known, iz, 0), step=0.1 * (high - low)) & inside
    found = _ridges(estimate.astype(np.float32), share=0.1) & inside
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    near_found, near_true = (cv2.dilate(v.astype(np.uint8), around) > 0 for v in (found, true))
    return float(near_found[true].mean()), float(near_true[found].mean())


def working_size(height: int, width: int) -> tuple[int, int]:
    """The network's picture size for a plate: short side fixed, both sides multiples of 32."""
    scale = WORKING_SHORT_SIDE / min(height, width)
    return max(32, round(height * scale / 32) * 32), max(32, round(width * scale / 32) * 32)


def mini_source(model: MiniDepth) -> Source:
    """``mini`` at its working size, then up-sampled along the plate's edges."""

    def estimate(rgb: np.ndarray) -> np.ndarray:
        h, w = working_size(*rgb.shape[:2])
        small = cv2.resize(rgb, (w, h), interpolation=cv2.INTER_AREA)
        picture = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            low = model(picture)[0, 0]
        return guided_upsample(low, torch.from_numpy(rgb).float() / 255).numpy()

    return estimate


def lower_is_nearer(rgb: np.ndarray) -> np.ndarray:
    """The rule to beat; points of one row are told apart by a coin."""
    h, w = rgb.shape[:2]
    return np.asarray(np.arange(h)[:, None] + np.random.default_rng(1).random((h, w)) * 0.5)


def speed_ms(model: MiniDepth, *, repeats: int = 15) -> float:
    """Best time of one 16:9 frame at the working size."""
    h, w = working_size(1080, 1920)
    picture, best = torch.rand(1, 3, h, w), 1e9
    with torch.inference_mode():
        for _ in range(repeats):
            start = time.perf_counter()
            model(picture)
            best = min(best, time.perf_counter() - start)
    return best * 1e3


def table(known: list[Known], sources: dict[str, Source]) -> str:
    """The figures by set and source as text."""
    lines = [f"{'set':<18}{'pictures':>9}  {'source':<28}{'order %':>8}{'lower %':>9}{'edges %':>9}{'precision %':>13}"]
    means: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in sources}
    for group in dict.fromkeys(k.group for k in known):
        members = [k for k in known if k.group == group]
        rule = 100 * float(np.mean([order(lower_is_nearer(k.rgb), k.iz) for k in members]))
        for name, source in sources.items():
            maps = [source(k.rgb) for k in members]
            right = 100 * float(np.mean([order(m, k.iz) for m, k in zip(maps, members, strict=True)]))
            found = np.mean([edges(m, k.iz) for m, k in zip(maps, members, strict=True)], axis=0) * 100
            means[name].append((right, rule, float(found[0]), float(found[1])))
            lines.append(f"{group:<18}{len(members):>9}  {name:<28}{right:>8.1f}{rule:>9.1f}{found[0]:>9.1f}{found[1]:>13.1f}")
    for name, rows in means.items():
        m = np.mean(rows, axis=0)
        lines.append(f"{'mean of sets':<18}{'':>9}  {name:<28}{m[0]:>8.1f}{m[1]:>9.1f}{m[2]:>9.1f}{m[3]:>13.1f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--weights", type=Path, help="mini weights; the bundled ones by default")
    args = parser.parse_args()
    torch.set_num_threads(2)
    model = load_mini(args.weights)
    known = [*middlebury_2005(args.plates), *rgbd(args.plates)]
    print(table(known, {"mini": mini_source(model)}))
    print(f"mini: {speed_ms(model):.0f} ms a 16:9 frame on {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
