"""The figures of depth sources on material no training saw: ``python -m training.mini.evaluate``.

Order: random pairs of points whose true inverse depths differ by more than a
tenth; how many does a source put the right way round? Beside each source stands
the rule "lower in the picture is nearer", on the same pairs. Edges: true depth
boundaries that have a boundary of the up-sampled estimate within 2 plate pixels.
The kinds of pictures in the first table have steered what is trained; the fresh set
(`training.mini.fresh`) has not, and its figures are the ones to quote.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import OpenEXR
import torch

from art3d_node.library import Library
from art3d_node.look import LOOK_LONG_SIDE_PX
from art3d_node.models.depth_net import DepthSource, SourceInput, working_size
from art3d_node.models.mini import WORKING_SHORT_SIDE, load_mini
from art3d_node.models.mini_source import MiniSource
from art3d_node.stereo.upsample import guided_upsample
from host_bridge.core.errors import DepthSourceError
from training.mini import fresh
from training.mini.pictures import read_rgb, read_values

_PAIRS = 200_000
_PHOTOGRAPHED = ("Middlebury 2005", "TUM desk")
Estimator = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Reference:
    """A picture ``(h, w, 3)`` uint8 and its inverse depth ``(h, w)``, NaN = unknown."""

    group: str
    name: str
    rgb: np.ndarray
    iz: np.ndarray


def middlebury_2005(plates: Path) -> Iterator[Reference]:
    """Art, Books and Dolls, both views: photographs, structured-light truth."""
    for scene in ("Art", "Books", "Dolls"):
        for view in (1, 5):
            folder = plates / "middlebury_stereo_gt" / scene
            value = read_values(folder / f"disp{view}.png").astype(np.float32)
            rgb = read_rgb(folder / f"view{view}.png")
            yield Reference("Middlebury 2005", f"{scene} {view}", rgb, np.where(value > 0, value, np.nan))


def rgbd(plates: Path) -> Iterator[Reference]:
    """The TUM desk (photographs, Kinect depth) and the ICL living room (rendered)."""
    rows = [
        ("TUM desk", "tum_desk", "{}.png", "{}_depth.png", 2),
        ("ICL room", "icl_livingroom", "color_{}.png", "depth_{}.png", 5),
    ]
    for group, folder, picture, depth, count in rows:
        for i in range(1, count + 1):
            at = plates / "rgbd_gt" / folder
            z = read_values(at / depth.format(i)).astype(np.float32)
            rgb = read_rgb(at / picture.format(i))
            yield Reference(group, f"{folder} {i}", rgb, np.where(z > 0, 5000 / np.maximum(z, 1), np.nan))


def example_plate(folder: Path, *, every: int = 4) -> Iterator[Reference]:
    """Frames of the project's own rendered plate, where it is present."""
    for path in sorted(folder.glob("*.exr"))[::every]:
        channels = OpenEXR.File(str(path), separate_channels=True).channels()
        z = channels["depth.Z"].pixels.astype(np.float32)
        colour = np.stack([channels[c].pixels for c in "RGB"], 2).astype(np.float32)
        rgb = (np.clip(colour, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        yield Reference("example plate", path.name, rgb, np.where(np.isfinite(z), 1 / np.maximum(z, 1e-3), 0))


def order(estimate: np.ndarray, iz: np.ndarray, *, seed: int = 0, ratio: float = 1.1) -> float:
    """Share of random pairs with a true ratio above ``ratio`` that are ordered rightly; a tie is wrong."""
    rng = np.random.default_rng(seed)
    finite = np.flatnonzero(np.isfinite(iz))
    a, b = rng.choice(finite, _PAIRS), rng.choice(finite, _PAIRS)
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


class Edges(NamedTuple):
    """Shares, 0 .. 1: true boundaries found, found ones true, true ones that the picture shows, and those found."""

    recall: float
    precision: float
    shown: float
    recall_shown: float


def edges(estimate: np.ndarray, iz: np.ndarray, rgb: np.ndarray, *, reach_px: int = 2) -> Edges:
    """How many boundaries agree within ``reach_px``.

    A true boundary jumps by a tenth of the scene's range of inverse depth from one
    pixel to the next; a found one is a ridge of the estimate's gradient as steep as
    a twentieth of the estimate's range over five pixels. A depth camera's boundaries
    stray from the picture's: shown are those that have an edge of the picture (Canny)
    within ``reach_px`` too.
    """
    finite = np.isfinite(iz)
    low, high = np.nanquantile(iz, [0.02, 0.98])
    inside = cv2.erode(finite.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    true = boundaries(np.where(finite, iz, 0), step=0.1 * (high - low)) & inside
    found = _ridges(estimate.astype(np.float32), share=0.05) & inside
    drawn = cv2.Canny(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), 40, 100) > 0
    near_found, near_true, near_drawn = (_around(v, reach_px) for v in (found, true, drawn))
    shown = true & near_drawn
    return Edges(
        recall=_share(near_found, true),
        precision=_share(near_true, found),
        shown=_share(near_drawn, true),
        recall_shown=_share(near_found, shown),
    )


def _share(near: np.ndarray, of: np.ndarray) -> float:
    """How much of a mask lies near another; NaN of nothing."""
    return float(near[of].mean()) if of.any() else float("nan")


def _around(mask: np.ndarray, reach_px: int) -> np.ndarray:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disk) > 0)


def through_the_grid(known: Reference) -> np.ndarray:
    """The truth seen through `mini`'s working size and the up-sampling: what a perfect network's edges would reach.

    Unknown pixels first take the nearest known one's value.
    """
    unknown = (~np.isfinite(known.iz)).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    value = np.zeros(label.max() + 1, np.float32)
    value[label[unknown == 0]] = known.iz[unknown == 0]
    height, width = known.iz.shape
    rows, columns = working_size(width / height, short_side_px=WORKING_SHORT_SIDE, multiple=32)
    small = cv2.resize(value[label], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(guided_upsample(torch.from_numpy(small), torch.from_numpy(known.rgb).float() / 255).numpy())


def estimator(source: DepthSource) -> Estimator:
    """A depth source at its own working size, then up-sampled along the plate's edges, as in production."""

    def estimate(rgb: np.ndarray) -> np.ndarray:
        look = torch.from_numpy(rgb)
        low = source.estimate(SourceInput(look, rgb.shape[1] / rgb.shape[0])).inverse_depth
        return guided_upsample(low, look.float() / 255).numpy()

    return estimate


def lower_is_nearer(rgb: np.ndarray) -> np.ndarray:
    """The rule to beat; points of one row are told apart by a coin."""
    h, w = rgb.shape[:2]
    return np.asarray(np.arange(h)[:, None] + np.random.default_rng(1).random((h, w)) * 0.5)


def speed_ms(source: DepthSource, *, repeats: int = 15) -> float:
    """Best time of one frame of 1080p at the source's working size, from the look that the node makes of it."""
    long_side_px = LOOK_LONG_SIDE_PX
    frame, best = SourceInput(torch.zeros(long_side_px * 9 // 16, long_side_px, 3, dtype=torch.uint8), 16 / 9), 1e9
    for _ in range(repeats):
        start = time.perf_counter()
        source.estimate(frame)
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def table(known: list[Reference], sources: dict[str, Estimator]) -> str:
    """The figures by set and source as text."""
    columns = ("order %", "lower %", "edges %", "precision %", "shown %", "found of shown %")
    lines = [f"{'set':<18}{'pictures':>9}  {'source':<28}" + "".join(f"{name:>{len(name) + 2}}" for name in columns)]
    means: dict[str, list[np.ndarray]] = {name: [] for name in sources}

    def add(group: str, pictures: str, source: str, row: np.ndarray) -> None:
        figures = (
            " " * (len(n) + 2) if np.isnan(v) else f"{v:>{len(n) + 2}.1f}" for n, v in zip(columns, row, strict=True)
        )
        lines.append(f"{group:<18}{pictures:>9}  {source:<28}" + "".join(figures))

    for group in dict.fromkeys(k.group for k in known):
        members = [k for k in known if k.group == group]
        rule = float(np.mean([order(lower_is_nearer(k.rgb), k.iz) for k in members]))
        for name, source in sources.items():
            maps = [source(k.rgb) for k in members]
            right = float(np.mean([order(m, k.iz) for m, k in zip(maps, members, strict=True)]))
            found = np.mean([edges(m, k.iz, k.rgb) for m, k in zip(maps, members, strict=True)], axis=0)
            means[name].append(100 * np.array([right, rule, *found]))
            add(group, str(len(members)), name, means[name][-1])
        ceiling = np.mean([edges(through_the_grid(k), k.iz, k.rgb) for k in members], axis=0)
        add(group, str(len(members)), "(the truth at mini's size)", 100 * np.array([np.nan, np.nan, *ceiling]))
    groups = [k.group for k in known]
    counts = [groups.count(group) * (group in _PHOTOGRAPHED) for group in dict.fromkeys(groups)]
    for name, rows in means.items():
        add("mean of sets", "", name, np.mean(rows, axis=0))
        if any(counts):
            add("all photographs", str(sum(counts)), name, np.average(rows, axis=0, weights=counts))
    return "\n".join(lines)


def fresh_report(assets: Path, source: Estimator) -> str:
    """The fresh set's figures as text, each beside the rule "lower is nearer" where the rule has an answer."""
    rows = [(source(rgb), lower_is_nearer(rgb), iz, rgb) for _, rgb, iz in fresh.with_depth(assets)]
    right = [float(np.mean([order(row[i], row[2]) for row in rows])) for i in (0, 1)]
    found = [edges(estimate, iz, rgb) for estimate, _, iz, rgb in rows]
    pictures = list(fresh.ranked(assets))
    ranks = [fresh.ranked_share(s, pictures) for s in (source, lower_is_nearer)]
    coherences = [fresh.coherence(source(p.rgb), p.instance) for p in fresh.pasted(assets)]
    return "\n".join(
        (
            f"order of {len(rows)} pictures with depth {100 * right[0]:.1f} % (lower is nearer {100 * right[1]:.1f})",
            f"ranked pairs, {len(pictures)} photographs, {100 * ranks[0]:.1f} % (lower is nearer {100 * ranks[1]:.1f})",
            f"edges {100 * np.nanmean([e.recall for e in found]):.1f} % of the "
            f"{np.isfinite([e.recall for e in found]).sum()} with sharp boundaries, "
            f"precision {100 * np.nanmean([e.precision for e in found]):.1f} %",
            f"coherence of {len(coherences)} cut-outs {100 * np.mean(coherences):.1f} %, "
            f"worst {100 * min(coherences):.1f}",
        )
    )


def _sources(weights: Path | None) -> Iterator[DepthSource]:
    yield MiniSource(load_mini(weights), model_id="mini")
    try:
        yield Library().depth("da2-small")
    except DepthSourceError as error:
        print(f"da2-small left out: {error}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, default=Path("../shared/plates"))
    parser.add_argument("--assets", type=Path, default=Path("../shared/training_assets"))
    parser.add_argument("--fresh", action="store_true", help="measure the fresh set too: once a release")
    parser.add_argument("--example", type=Path, default=Path("examples/plate"))
    parser.add_argument("--weights", type=Path, help="mini weights; the bundled ones by default")
    args = parser.parse_args()
    torch.set_num_threads(2)
    sources = {source.name: source for source in _sources(args.weights)}
    known = [*middlebury_2005(args.plates), *rgbd(args.plates), *example_plate(args.example)]
    print(table(known, {name: estimator(source) for name, source in sources.items()}))
    for name, source in sources.items():
        if args.fresh:
            print(f"fresh set, {name}\n{fresh_report(args.assets, estimator(source))}")
        print(f"{name}: {speed_ms(source):.0f} ms a 1080p frame on {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
