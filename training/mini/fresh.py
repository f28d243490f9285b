"""The fresh set: pictures that steer nothing, measured once a release.

Eight photographs with measured depth, 26 with pairs of points ranked by eye (``fresh.txt``), and one filmed man, cut
out by chroma key, pasted before fourteen of them. All lie in ``training_assets``; whatever trains asks
:func:`kept_out` first. Nobody looks at single errors here: who does has to write down a new set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from training.mini.pictures import read_rgb, read_values

PAIRS = Path(__file__).with_name("fresh.txt")
CLIP = "mdn_chroma_key_man.mp4"
# Frames of the clip in which the man stands before nothing but the wall, each with what it is pasted before.
_PASTED: tuple[tuple[int, str], ...] = (
    (0, "arch_brickbuildings05"), (120, "arch_brickbuildings09"), (240, "arch_glasssteel03"),
    (300, "arch_mixedmaterials11"), (360, "arch_stonefacades05"), (420, "conference_bannerimg"),
    (480, "placecal_03library"), (900, "placecal_07music"), (960, "showcase_clinicwaitingroom"),
    (1020, "showcase_retailstorefront"), (1080, "trident_personbesidebaretreeatnight3262249"),
    (1140, "wp24_museum"), (1380, "depthy_hut_image"), (1440, "depthy_tunnel_image"),
)  # fmt: skip
_SIZE = (432, 640)
_Point = tuple[float, float]


@dataclass(frozen=True)
class Ranked:
    """A photograph ``(h, w, 3)`` uint8 and pairs of points, 0..1 from the top left, the nearer one first."""

    name: str
    rgb: np.ndarray
    pairs: tuple[tuple[_Point, _Point], ...]


@dataclass(frozen=True)
class Pasted:
    """A picture ``(h, w, 3)`` uint8 and the mask ``(h, w)`` bool of one whole thing that stands before all else."""

    name: str
    rgb: np.ndarray
    instance: np.ndarray


def read_pairs(path: Path = PAIRS) -> Iterator[tuple[str, tuple[tuple[_Point, _Point], ...]]]:
    """Yield each photograph's name and its pairs."""
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, marks = (part.strip() for part in line.split(" : "))
            yield name, tuple((_point(near), _point(far)) for near, far in (m.split(">") for m in marks.split()))


def _point(text: str) -> _Point:
    x, y = text.split(",")
    return float(x) / 100, float(y) / 100


def kept_out(path: Path) -> bool:
    """Whether a file belongs to the fresh set and must steer nothing."""
    return path.parent.name == "pairs_depth" or path.name == CLIP or path.stem in {name for name, _ in read_pairs()}


def ranked(assets: Path) -> Iterator[Ranked]:
    """The photographs with ranked pairs."""
    for name, pairs in read_pairs():
        yield Ranked(name, read_rgb(assets / "photos" / f"{name}.jpg"), pairs)


def with_depth(assets: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, picture and inverse depth, NaN = unknown: a phone's lidar, two depth cameras, five multi-view maps.

    The multi-view maps are relative, dark = near; a third of their range is added, so that a tenth of it counts
    as apart wherever it lies.
    """
    folder = assets / "pairs_depth"
    rgb = read_rgb(folder / "arkit_library_image.jpg")
    z = cv2.resize(read_values(folder / "arkit_library_depth_mm.png").astype(np.float32), rgb.shape[1::-1])
    yield "arkit_library", rgb, 1000 / z
    for name in ("pcl_milk_clorox", "pcl_office_floor"):
        z = read_values(folder / f"{name}_depth_mm.png").astype(np.float32)
        yield name, read_rgb(folder / f"{name}_color.png"), np.where(z > 0, 1000 / np.maximum(z, 1), np.nan)
    for name in ("flowers", "hut", "mango", "shelf", "tunnel"):
        rgb = read_rgb(folder / f"depthy_{name}_image.jpg")
        far = read_values(folder / f"depthy_{name}_depth.jpg").astype(np.float32)
        far = cv2.resize(far if far.ndim == 2 else far.mean(2), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        yield f"depthy_{name}", rgb, 1.33 - far / 255


def _keyed(frame: np.ndarray) -> np.ndarray:
    """The man's mask ``(h, w)`` 0..1 before the lime wall: what is not its hue, in one piece, holes filled."""
    hsv = cv2.cvtColor(cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2HSV)
    wall = (hsv[..., 0] > 24) & (hsv[..., 0] < 45) & (hsv[..., 1] > 170) & (hsv[..., 2] > 50)
    person = cv2.morphologyEx((~wall).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, label, stats, _ = cv2.connectedComponentsWithStats(person)
    person = (label == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    outlines, _ = cv2.findContours(person, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(person, outlines, -1, 1, cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(cv2.erode(person, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 1.0))


def pasted(assets: Path) -> Iterator[Pasted]:
    """The man before fourteen photographs, at several sizes and places, in the light of what is behind him."""
    rng = np.random.default_rng(26)
    names = dict(_PASTED)
    with av.open(str(assets / "clips" / CLIP)) as film:
        for i, frame in enumerate(film.decode(video=0)):
            if i in names:
                name = names[i]
                folder = "pairs_depth" if name.startswith("depthy") else "photos"
                behind = cv2.resize(
                    read_rgb(assets / folder / f"{name}.jpg"), _SIZE[::-1], interpolation=cv2.INTER_AREA
                )
                yield _paste(name, frame.to_ndarray(format="rgb24"), behind, rng)


def _paste(name: str, frame: np.ndarray, behind: np.ndarray, rng: np.random.Generator) -> Pasted:
    h, w = _SIZE
    tall = int(h * rng.uniform(0.6, 1.1))
    wide = tall * frame.shape[1] // frame.shape[0]
    x = int(rng.uniform(-0.15, 0.15) * w + (w - wide) / 2)
    affine = np.array([[1, 0, x], [0, 1, h - tall]], np.float32)
    alpha = cv2.warpAffine(cv2.resize(_keyed(frame), (wide, tall), interpolation=cv2.INTER_AREA), affine, (w, h))
    man = cv2.warpAffine(cv2.resize(frame, (wide, tall), interpolation=cv2.INTER_CUBIC), affine, (w, h))
    light = np.clip((behind.mean() + 25) / (man[alpha > 0.5].mean() + 25), 0.3, 1.5)
    mixed = behind * (1 - alpha[..., None]) + np.clip(man * light, 0, 255) * alpha[..., None]
    return Pasted(name, mixed.round().astype(np.uint8), alpha > 0.5)


def ranks_kept(estimate: np.ndarray, picture: Ranked) -> int:
    """How many pairs an estimate ``(h, w)`` has the right way round; a point is the median of 5 × 5 pixels."""
    h, w = estimate.shape

    def value(at: _Point) -> float:
        x, y = min(int(at[0] * w), w - 1), min(int(at[1] * h), h - 1)
        return float(np.median(estimate[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]))

    return sum(value(near) > value(far) for near, far in picture.pairs)


def coherence(estimate: np.ndarray, instance: np.ndarray, *, gap_px: int = 4, ring_px: int = 16) -> float:
    """The share of an instance's pixels that lie in front of the background around it.

    Each pixel is held against the background nearest to it, a ring ``gap_px`` to ``ring_px`` outside the outline, and
    has to be nearer by a hundredth of the estimate's range. A thing torn between front and back falls short.
    """
    away = cv2.distanceTransform((~instance).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (away > gap_px) & (away <= ring_px)
    _, label = cv2.distanceTransformWithLabels((~ring).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    value = np.zeros(label.max() + 1, np.float32)
    value[label[ring]] = cv2.blur(estimate.astype(np.float32), (5, 5))[ring]
    margin = 0.01 * float(np.ptp(np.quantile(estimate, [0.02, 0.98])))
    inside = cv2.erode(instance.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float((estimate > value[label] + margin)[inside].mean())


Estimator = Callable[[np.ndarray], np.ndarray]


def ranked_share(source: Estimator, pictures: list[Ranked]) -> float:
    """The share of all pairs of all pictures that a source has the right way round."""
    kept = sum(ranks_kept(source(p.rgb), p) for p in pictures)
    return kept / sum(len(p.pairs) for p in pictures)
