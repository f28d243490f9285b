"""Draws a scene: a backdrop, the ground, perhaps a wall, things standing about, and people in coloured clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from training.stage.directors import CLOTHES
from training.stage.scene import Plane, Scene
from training.stage.textures import Textures

Image = npt.NDArray[np.float32]
_SKIN = ((0.86, 0.66, 0.54), (0.62, 0.43, 0.31), (0.35, 0.22, 0.15))
_FAR, _NEAR = 0.03, 0.97


@dataclass(frozen=True)
class _Stage:
    """The picture in px, the margin around it, the horizon's row, and where surfaces come from."""

    width: int
    height: int
    margin: int
    horizon: float
    textures: Textures
    rng: np.random.Generator

    @property
    def canvas(self) -> tuple[int, int]:
        return self.height, self.width + 2 * self.margin

    def ground_iz(self, y: float) -> float:
        """Inverse depth of the ground at row `y`."""
        return _FAR + (_NEAR - _FAR) * max(0.0, (y - self.horizon) / (self.height - self.horizon))


def build_scene(
    width: int,
    height: int,
    textures: Textures,
    rng: np.random.Generator,
    *,
    close_up: bool,
    colour: str,
    pop_out: bool,
) -> Scene:
    """A scene for one shot.

    Args:
        width, height: px of the picture.
        textures: where surfaces come from.
        rng: source of chance.
        close_up: people fill the frame.
        colour: clothes of the director's pop-outs.
        pop_out: whether one person wears that colour, whose planes are pulled; otherwise nobody does.
    """
    stage = _Stage(width, height, width // 4, height * rng.uniform(0.35, 0.55), textures, rng)
    upright: list[tuple[float, list[Plane]]] = [(plane.iz[0], [plane]) for plane in _things(stage)]
    for clothes in _wardrobe(rng, colour, pop_out):
        upright.append(_person(stage, clothes, close_up=close_up, pulled=clothes == colour))
    upright.sort(key=lambda item: item[0])
    planes = [_backdrop(stage), *_ground(stage), *_wall(stage)]
    return Scene((*planes, *(plane for _, group in upright for plane in group)), width, height)


def _wardrobe(rng: np.random.Generator, colour: str, pop_out: bool) -> list[str]:
    others = [name for name in CLOTHES if name != colour]
    colours = [str(name) for name in rng.permutation(others)[: int(rng.integers(1, 3))]]
    return [*colours, colour] if pop_out else colours


def _plane(
    stage: _Stage, color: Image, alpha: Image | None, iz: tuple[float, float, float], pop_out: float = 0.0
) -> Plane:
    """A plane cut from a canvas to the box its alpha fills; no alpha: the whole canvas is opaque."""
    if alpha is None:
        return Plane(np.dstack([color, np.ones(color.shape[:2], np.float32)]), (-stage.margin, 0), iz, pop_out)
    x, y, w, h = cv2.boundingRect((alpha > 0).astype(np.uint8))
    alpha, color = alpha[y : y + h, x : x + w, None], color[y : y + h, x : x + w]
    rgba = np.concatenate([color * alpha, alpha], 2).astype(np.float32)
    return Plane(rgba, (x - stage.margin, y), iz, pop_out)


def _backdrop(stage: _Stage) -> Plane:
    h, w = stage.canvas
    return _plane(stage, stage.textures.crop(stage.rng, w, h, detail=1.5), None, (_FAR, 0.0, 0.0))


def _ground(stage: _Stage) -> list[Plane]:
    h, w = stage.canvas
    alpha = np.zeros((h, w), np.float32)
    alpha[int(stage.horizon) :] = 1
    rows = (stage.height - stage.horizon) / (_NEAR - _FAR)
    iz = (_FAR - stage.horizon / rows, 0.0, 1.0 / rows)
    return [_plane(stage, stage.textures.crop(stage.rng, w, h, detail=2.0), alpha, iz)]


def _wall(stage: _Stage) -> list[Plane]:
    """A wall along one side, in half of the scenes: its nearness falls towards the middle of the picture."""
    if stage.rng.random() < 0.5:
        return []
    h, w = stage.canvas
    reach, near = stage.width * stage.rng.uniform(0.15, 0.35), stage.rng.uniform(0.35, 0.6)
    slope = (_FAR + 0.05 - near) / reach
    x = np.arange(w, dtype=np.float32) - stage.margin
    iz = near + slope * x
    foot = stage.horizon + (iz - _FAR) / (_NEAR - _FAR) * (stage.height - stage.horizon)
    alpha = ((np.arange(h)[:, None] < foot[None]) & (x < reach)[None]).astype(np.float32)
    color = stage.textures.crop(stage.rng, w, h, detail=1.2)
    if stage.rng.random() < 0.5:
        return [_plane(stage, color, alpha, (near, slope, 0.0))]
    return [_plane(stage, color, alpha[:, ::-1], (near + slope * (stage.width - 1), -slope, 0.0))]


def _things(stage: _Stage) -> list[Plane]:
    planes = []
    for _ in range(int(stage.rng.integers(2, 5))):
        foot = stage.rng.uniform(stage.horizon + 0.15 * stage.height, 0.98 * stage.height)
        iz = stage.ground_iz(foot)
        high, wide = stage.height * iz * stage.rng.uniform(0.35, 0.8), stage.width * iz * stage.rng.uniform(0.12, 0.3)
        left = stage.rng.uniform(0, stage.width - wide)
        slope = stage.rng.uniform(-0.25, 0.25) * iz / stage.width
        alpha = np.zeros(stage.canvas, np.float32)
        x0, x1 = int(left + stage.margin), int(left + wide + stage.margin)
        top = max(0, int(foot - high))
        if stage.rng.random() < 0.4:
            box = ((x0 + x1) / 2, (top + foot) / 2), (x1 - x0, foot - top), 0.0
            cv2.ellipse(alpha, box, 1.0, -1, cv2.LINE_AA)
        else:
            alpha[top : int(foot), x0:x1] = 1
        h, w = stage.canvas
        color = stage.textures.crop(stage.rng, w, h, detail=0.6)
        planes.append(_plane(stage, color, alpha, (iz - slope * (left + wide / 2), slope, 0.0)))
    return planes


def _cloth(stage: _Stage, name: str) -> Image:
    """A colour with a weave: fine enough to be cloth, coarse enough to be matched."""
    h, w = stage.canvas
    weave = cv2.GaussianBlur(stage.rng.random((h, w), dtype=np.float32), (0, 0), 1.2)
    light = 0.75 + 2.2 * (weave - 0.5) + 0.25 * stage.rng.random()
    return np.asarray(np.clip(np.asarray(CLOTHES[name], np.float32) * light[..., None], 0, 1), np.float32)


def _person(stage: _Stage, clothes: str, *, close_up: bool, pulled: bool) -> tuple[float, list[Plane]]:
    """Legs, body and head, and an arm held a little nearer; returns the inverse depth to sort by, and the planes."""
    rng = stage.rng
    foot = stage.height * (rng.uniform(1.0, 1.15) if close_up else rng.uniform(0.72, 0.98))
    tall = stage.height * (rng.uniform(0.85, 1.0) if close_up else rng.uniform(0.42, 0.7))
    iz = min(stage.ground_iz(min(foot, stage.height)), 0.9)
    x, wide = rng.uniform(0.12, 0.88) * stage.width + stage.margin, tall * 0.17
    body, skin, arm = (np.zeros(stage.canvas, np.float32) for _ in range(3))
    hips, neck = foot - 0.42 * tall, foot - 0.82 * tall
    for side in (-1, 1):
        _limb(body, (x + side * wide * 0.5, foot), (x + side * wide * 0.35, hips), wide * 0.42)
    _limb(body, (x, hips), (x, neck + 0.1 * tall), wide)
    cv2.ellipse(skin, ((x, foot - 0.9 * tall), (0.13 * tall, 0.18 * tall), 0.0), 1.0, -1, cv2.LINE_AA)
    _limb(arm, (x + wide * 0.7, neck + 0.12 * tall), (x + wide * rng.uniform(1.2, 1.9), hips - 0.1 * tall), wide * 0.3)
    tone = np.asarray(_SKIN[int(rng.integers(3))], np.float32) * (0.85 + 0.3 * rng.random((*stage.canvas, 1)))
    cloth, pull = _cloth(stage, clothes), float(pulled)
    parts = ((body, cloth, 0.0), (skin, np.clip(tone, 0, 1).astype(np.float32), 0.01), (arm, cloth, 0.03))
    return iz, [_plane(stage, color, alpha, (iz + nearer, 0.0, 0.0), pull) for alpha, color, nearer in parts]


def _limb(alpha: Image, a: tuple[float, float], b: tuple[float, float], thick: float) -> None:
    ends = [tuple(round(16 * v) for v in p) for p in (a, b)]
    cv2.line(alpha, ends[0], ends[1], 1.0, max(1, round(thick)), cv2.LINE_AA, 4)
