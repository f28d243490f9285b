"""Clips whose transitions are known: scenes of films and of stage films, joined as an editor joins them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.shot.signature import Glance, find_cuts, glance
from training.stage.directors import director_named
from training.stage.film import FilmPlan, shoot
from training.stage.textures import Textures

PLATES = Path(__file__).resolve().parents[2] / "shared" / "plates"
FILMS = (
    ("film_clips/tears_of_steel_a.webm", 1100),
    ("film_clips/his_girl_friday.mp4", 185),
    ("film_clips/flower.mp4", 150),
    ("film_frames/tos_shot_a/tos.0410.png", 24),
)
KINDS = ("cut", "fade", "dissolve", "flash", "white", "wipe")
SIZE = (128, 54)
SCENE, HALF = 44, 20
STAGED = 12
SHORTEST = 24
Picture = npt.NDArray[np.float32]
Clip = list[Picture]


@dataclass(frozen=True)
class Made:
    """A clip.

    Attributes:
        kind: one of `KINDS`, or "none".
        frames: display levels 0..1, (rows, columns, 3) each.
        where: first and last frame of its transition; None without one.
        scenes: what it shows.
    """

    kind: str
    frames: Clip
    where: tuple[int, int] | None
    scenes: tuple[str, str]


def seen(levels: Picture) -> Glance:
    """A frame of display levels from afar."""
    share = np.clip(levels, 0.0, 1.0)
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).astype(np.float32)
    box = Box.of_size(light.shape[1], light.shape[0])
    return glance(Frame(box, box, {"color": light}))


def scenes(seed: int) -> dict[str, Clip]:
    """Scenes without a change in them, by name; those of films are cut where neighbouring frames differ most."""
    found: dict[str, Clip] = {}
    for name, most in FILMS:
        frames = list(_frames(PLATES / name, most))
        edges = [0, *find_cuts([seen(f) for f in frames]), len(frames)]
        for a, b in pairwise(edges):
            inside = frames[a + 2 : b - 2] if len(edges) > 2 else frames
            if len(inside) >= SHORTEST:
                found[f"{Path(name).name} {a}-{b - 1}"] = _to_and_fro(inside)
    return {**found, **_staged(seed)}


def _to_and_fro(frames: Clip) -> Clip:
    """The frames, played back and forth until they fill a scene."""
    while len(frames) < SCENE:
        frames = [*frames, *frames[-2::-1]]
    return frames


def _frames(path: Path, most: int) -> Iterator[Picture]:
    film = cv2.VideoCapture(str(path))
    for _ in range(most):
        good, picture = film.read()
        if not good:
            return
        yield cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.float32) / 255


def _staged(seed: int) -> dict[str, Clip]:
    plan = FilmPlan(STAGED, SCENE, *SIZE, aspect=0, seed=seed)
    noise = np.random.default_rng([seed, 3])
    made: dict[str, Clip] = {}
    for shot, both in shoot(director_named("measured"), plan, Textures(PLATES)):
        grain = noise.normal(0, plan.grain, both.left.color.shape[:2])[..., None]
        made.setdefault(f"stage {seed}.{shot}", []).append(np.clip(both.left.color + grain, 0, 1).astype(np.float32))
    return made


def clips(seed: int, count: int, kinds: tuple[str, ...] = (*KINDS, "none")) -> Iterator[Made]:
    """So many clips of each kind, each of two scenes that chance picks."""
    rng, pool = np.random.default_rng(seed), scenes(seed)
    for kind in kinds:
        for _ in range(count):
            one, two = (list(pool)[i] for i in rng.choice(len(pool), 2, replace=False))
            frames, where = _joined(kind, _part(pool[one], rng), _part(pool[two], rng), rng)
            yield Made(kind, frames, where, (one, two))


def _part(scene: Clip, rng: np.random.Generator) -> Clip:
    start = int(rng.integers(0, len(scene) - SCENE + 1))
    return list(scene[start : start + SCENE])


def _joined(kind: str, one: Clip, two: Clip, rng: np.random.Generator) -> tuple[Clip, tuple[int, int] | None]:
    if kind == "none":
        return one, None
    if kind == "cut":
        return [*one[:HALF], *two[:HALF]], (HALF, HALF)
    if kind == "flash":
        return _flash(one, rng)
    if kind in ("fade", "white"):
        return _dip(one, two, np.float32(kind == "white"), rng)
    length = int(rng.integers(4, 25))
    shares = [(i + 1) / (length + 1) for i in range(length)]
    mix = _wiped if kind == "wipe" else _mixed
    mixed = [mix(a, b, s) for s, a, b in zip(shares, one[16:], two, strict=False)]
    return [*one[:16], *mixed, *two[length:]], (16, 15 + length)


def _mixed(a: Picture, b: Picture, share: float) -> Picture:
    return ((1 - share) * a + share * b).astype(np.float32)


def _wiped(a: Picture, b: Picture, share: float) -> Picture:
    edge = round(share * a.shape[1])
    return np.concatenate([b[:, :edge], a[:, edge:]], axis=1)


def _flash(one: Clip, rng: np.random.Generator) -> tuple[Clip, tuple[int, int]]:
    at, length = int(rng.integers(8, 30)), int(rng.integers(1, 5))
    gain, more = rng.uniform(1.6, 4), rng.uniform(0.05, 0.5)
    for k in range(at, at + length):
        one[k] = np.clip(one[k] * gain + more, 0, 1).astype(np.float32)
    return one, (at, at + length - 1)


def _dip(one: Clip, two: Clip, colour: np.float32, rng: np.random.Generator) -> tuple[Clip, tuple[int, int]]:
    """To black or white and out of it, each over some frames, which may be none."""
    out, still, back = int(rng.integers(0, 10)), int(rng.integers(1, 5)), int(rng.integers(0, 10))
    plain = np.full_like(one[0], colour)
    first = [_mixed(f, plain, max(0.0, (i + 1 - (HALF - out)) / (out + 1))) for i, f in enumerate(one[:HALF])]
    last = [_mixed(f, plain, max(0.0, 1.0 - (i + 1) / (back + 1))) for i, f in enumerate(two[:HALF])]
    return [*first, *[plain] * still, *last], (HALF - out, HALF - 1 + still + back)
