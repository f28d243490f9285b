"""Real people for training: ``python -m training.mini.persons``.

The people network cuts everyone out of photographs and film frames of training. Each picture becomes material twice: as
it is, its people one surface before what surrounds them (the teacher's depth says the rest, outlines stay unknown), and
as cut-outs that are pasted before other photographs. One surface has no relief of its own: proportions count little.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from art3d_node.models.mini import load_mini
from art3d_node.models.people import PeopleNetwork
from training.mini.cutouts import SIZE, Backdrop, CutOut, backdrop, paste, photographs, window
from training.mini.factory import cache_folder
from training.mini.pictures import read_rgb

# Clips of training and the step between the frames taken; the fresh set's clip is not among them.
_CLIPS = (
    ("plates/film_clips/his_girl_friday.mp4", 24), ("plates/film_clips/tears_of_steel_a.webm", 40),
    ("training_assets/clips/tears_of_steel_bridge.mp4", 30), ("training_assets/clips/intel_one_by_one_person.mp4", 60),
)  # fmt: skip
_WINDOWS = 6
_SIDE_PX = 512
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnnotatedPicture:
    """A picture ``(h, w, 3)`` uint8 with the masks of its people, each ``(h, w)`` float32 0..1."""

    rgb: np.ndarray
    masks: list[np.ndarray]


def frames(shared: Path) -> Iterator[np.ndarray]:
    """Photographs and film frames of training, at most 512 px; black bars of a letterbox cut off."""
    for path in photographs(shared / "plates", shared / "training_assets"):
        yield _small(read_rgb(path))
    for name, every in _CLIPS:
        with av.open(str(shared / name)) as film:
            for i, frame in enumerate(film.decode(video=0)):
                if i % every == every // 2:
                    picture = frame.to_ndarray(format="rgb24")
                    bright_rows = np.flatnonzero(picture.max(2).mean(1) > 12)
                    if len(bright_rows) > 64:
                        yield _small(picture[bright_rows[0] : bright_rows[-1] + 1])


def _small(rgb: np.ndarray) -> np.ndarray:
    scale = _SIDE_PX / max(rgb.shape[:2])
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)) if scale < 1 else rgb


def peopled(network: PeopleNetwork, rgb: np.ndarray) -> AnnotatedPicture | None:
    """A picture with its people, or None without any of size."""
    masks = [p.mask for p in network.people(rgb) if 0.015 < float((p.mask > 0.5).mean()) < 0.8]
    return AnnotatedPicture(rgb, masks) if masks else None


def in_front(behind: Backdrop, masks: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inverse depth ``(h, w)`` with each person before their surroundings, NaN along outlines, and numbers uint8."""
    iz, ids = behind.iz + 0.3, np.zeros(behind.iz.shape, np.uint8)
    wide = np.ones((2 * (len(iz) // 16) + 1,) * 2, np.uint8)
    anyone = np.max(masks, axis=0) > 0.2
    for number, mask in enumerate(masks, 1):
        on = (mask > 0.7) & (ids == 0)
        around = (cv2.dilate((mask > 0.3).astype(np.uint8), wide) > 0) & ~anyone
        if on.sum() < 50 or around.sum() < 50:
            continue
        before = float(np.quantile(iz[around], 0.8)) + rng.uniform(0.1, 0.3)
        relief = np.clip(iz - np.median(iz[on]), -0.15, 0.15) * 0.3
        iz = np.where(on, max(before, float(np.median(iz[on]))) + relief, iz)
        ids[on] = number
    unsure = np.any([(m > 0.1) & (m < 0.7) for m in masks], axis=0)
    return np.where(unsure & (ids == 0), np.nan, iz).astype(np.float32), ids


def cut_outs(picture: AnnotatedPicture, *, side_px: int = 256) -> Iterator[CutOut]:
    """Each person as a square cut-out that stands on its lower edge."""
    for mask in picture.masks:
        rows, columns = np.flatnonzero((mask > 0.5).any(1)), np.flatnonzero((mask > 0.5).any(0))
        tall, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        if min(tall, wide) < 48:
            continue
        side = 1.08 * max(tall, wide)
        scale = side_px / side
        middle = (columns[0] + columns[-1]) / 2
        affine = np.array([[scale, 0, side_px / 2 - scale * middle], [0, scale, side_px - scale * (rows[-1] + 1)]])
        rgb = cv2.warpAffine(picture.rgb, affine, (side_px, side_px), borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.warpAffine(np.clip((mask - 0.35) / 0.4, 0, 1), affine, (side_px, side_px))
        yield CutOut((rgb / 255).astype(np.float32), alpha, np.zeros((side_px, side_px), np.float32))


def _save(rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]], target: Path) -> None:
    rgb, iz, ids = (np.stack(column) for column in zip(*rows, strict=True))
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, rgb=rgb, iz=iz.astype(np.float16), ids=ids)
    partial.replace(target)


def _windows(
    picture: Backdrop, ids: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    h, w = ids.shape
    for _ in range(_WINDOWS):
        scale = min(h / SIZE[0], w / SIZE[1]) * rng.uniform(0.6, 1.0)
        ch, cw = int(SIZE[0] * scale), int(SIZE[1] * scale)
        y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
        part = slice(y, y + ch), slice(x, x + cw)
        if 0.02 < (ids[part] > 0).mean() < 0.9:
            rgb = cv2.resize(picture.rgb[part], SIZE[::-1], interpolation=cv2.INTER_AREA)
            flat = (cv2.resize(v[part], SIZE[::-1], interpolation=cv2.INTER_NEAREST) for v in (picture.iz, ids))
            yield rgb, *flat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument(
        "--teacher", type=Path, help="mini weights whose depth says the rest; the bundled ones by default"
    )
    parser.add_argument("--out", type=Path, default=None, help="folder of the shards; the user's cache by default")
    parser.add_argument("--count", type=int, default=1000, help="pictures with pasted people")
    parser.add_argument("--seed", type=int, default=401)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    out = args.out or cache_folder() / "material"
    out.mkdir(parents=True, exist_ok=True)
    rng, teacher, network = np.random.default_rng(args.seed), load_mini(args.teacher), PeopleNetwork()
    rows, bank = list[tuple[np.ndarray, np.ndarray, np.ndarray]](), list[CutOut]()
    for rgb in frames(args.shared):
        found = peopled(network, rgb)
        if found is not None:
            behind = backdrop(found.rgb, teacher)
            masks = [cv2.resize(m, behind.iz.shape[::-1]) for m in found.masks]
            iz, ids = in_front(behind, masks, rng)
            rows.extend(_windows(Backdrop(behind.rgb, iz), ids, rng))
            bank.extend(cut_outs(found))
    _save(rows, out / f"people_{args.seed}_0.npz")
    _log.info("%d windows of pictures with people, %d cut-outs", len(rows), len(bank))
    places = photographs(args.shared / "plates", args.shared / "training_assets")
    empty = [path for path in places if not network.people(_small(read_rgb(path)))]
    backdrops = [backdrop(read_rgb(path), teacher) for path in empty]
    pasted = []
    for _ in range(args.count):
        shown, iz = window(backdrops[int(rng.integers(len(backdrops)))], rng, SIZE)
        ids, iz = np.zeros(SIZE, np.uint8), iz * rng.uniform(0.25, 0.9) + 0.15
        for number in range(1, 2 + int(rng.random() < 0.3)):
            shown, iz = paste(shown, iz, ids, bank[int(rng.integers(len(bank)))], number, rng)
        pasted.append(((np.clip(shown, 0, 1) * 255).astype(np.uint8), iz, ids))
    _save(pasted, out / f"people_{args.seed}_1.npz")
    _log.info("%d pictures with pasted people", len(pasted))


if __name__ == "__main__":
    main()
