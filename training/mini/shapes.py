"""What the worlds are built of: shapes collected by a :class:`Builder`, and things made of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

import numpy as np

from training.mini.raytrace import BALL, BOX, CONE, CYLINDER, LEAF, Scene

Vector = Sequence[float] | np.ndarray
"""Three numbers: metres, along x, y and z."""


class ShapeOptions(TypedDict, total=False):
    """How a shape is turned (radians) and what it is made of; texture and tint are drawn by lot where none is given."""

    yaw: float
    pitch: float
    roll: float
    texture: int | None
    colour: np.ndarray | None


def _turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z)


class Builder:
    """Collects shapes; ``scene`` freezes them."""

    def __init__(self, rng: np.random.Generator, textures: int, skies: list[np.ndarray]) -> None:
        self.rng, self.textures, self.skies = rng, textures, skies
        self.rows: list[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, float]] = []
        self.camera, self.focal = np.zeros((3, 4)), 1.0
        self.indoor, self.blur_px = False, 0.0

    def add(self, kind: int, centre: Vector, half: Vector, **look: Unpack[ShapeOptions]) -> None:
        """Put one shape of given half extents (m) somewhere."""
        rng, texture, colour = self.rng, look.get("texture"), look.get("colour")
        where, size = np.array(centre, float), np.maximum(np.array(half, float), 1e-3)
        matrix = np.diag(1 / size) @ _turn(look.get("yaw", 0.0), look.get("pitch", 0.0), look.get("roll", 0.0)).T
        to_unit = np.concatenate([matrix, -(matrix @ where)[:, None]], 1)
        radius = float(size.max() if kind == BALL else np.linalg.norm(size))
        texture = int(rng.integers(self.textures)) if texture is None else texture
        colour = rng.uniform(0.35, 1.6) * rng.uniform(0.75, 1.15, 3) if colour is None else colour
        grain = 1 / (np.median(size) * np.exp(rng.uniform(-0.3, 2.2)))
        self.rows.append((kind, to_unit, np.append(where, radius), size, colour, texture, grain))

    def look(
        self, eye: tuple[float, float, float], target: tuple[float, float, float], *, fov_deg: float, roll: float
    ) -> None:
        """Aim the camera; ``fov_deg`` is the vertical field of view, ``roll`` in radians."""
        o = np.array(eye, float)
        forward = np.array(target, float) - o
        forward /= np.linalg.norm(forward)
        right = np.cross([0.0, 1.0, 0.0], forward)
        right /= np.linalg.norm(right)
        down = -np.cross(forward, right)
        c, s = np.cos(roll), np.sin(roll)
        self.camera = np.stack([right * c + down * s, down * c - right * s, forward, o], 1)
        self.focal = 0.5 / np.tan(np.radians(fov_deg) / 2)

    def scene(self) -> Scene:
        """Light and freeze what was built."""
        rng = self.rng
        kind, to_unit, bound, half, colour, texture, grain = (np.array(c) for c in zip(*self.rows, strict=True))
        eye = self.camera[:, 3]
        reach = 2.0 if self.indoor else 400.0
        lamp = eye + np.array([rng.uniform(-1, 1), rng.uniform(0.3, 1.2), rng.uniform(-0.8, 1)]) * reach
        tint = rng.uniform(0.3, 1.6) * rng.uniform(0.75, 1.1, 3)
        sky = self.skies[rng.integers(len(self.skies))]
        return Scene(
            kind.astype(np.int64), to_unit, bound, half, colour, texture.astype(np.int64), grain, self.camera,
            float(self.focal), np.stack([lamp, tint]), sky.astype(np.float64), float(rng.uniform(0.3, 1.0)),
            self.blur_px,
        )  # fmt: skip


def person(b: Builder, x: float, z: float, *, ground: float = 0.0) -> None:
    """A standing figure at (x, z), its feet on ``ground``."""
    rng = b.rng
    tall, yaw = rng.uniform(1.5, 1.95), rng.uniform(0, 2 * np.pi)
    side, ahead = np.array([np.cos(yaw), 0, -np.sin(yaw)]), np.array([np.sin(yaw), 0, np.cos(yaw)])
    skin = np.array([1.7, 1.15, 0.85]) * rng.uniform(0.35, 1.2)
    shirt, trousers, plain = int(rng.integers(b.textures)), int(rng.integers(b.textures)), b.textures - 1
    wear = rng.uniform(0.2, 1.5, 3)

    def part(
        kind: int, along: float, up: float, half: tuple[float, float, float], **look: Unpack[ShapeOptions]
    ) -> None:
        p = np.array([x, ground, z]) + side * along + np.array([0, up * tall, 0])
        look["yaw"] = yaw
        b.add(kind, p, half, **look)

    part(BALL, 0, 0.93, (0.085, 0.12, 0.1), texture=plain, colour=skin)
    p = np.array([x, ground + 0.955 * tall, z]) - ahead * 0.025
    b.add(
        BALL,
        (p[0], p[1], p[2]),
        (0.1, 0.115, 0.105),
        yaw=yaw,
        texture=plain,
        colour=rng.uniform(0.05, 0.9) * np.array([1, 0.7, 0.5]),
    )
    p = np.array([x, ground + 0.925 * tall, z]) + ahead * 0.1
    b.add(BALL, (p[0], p[1], p[2]), (0.015, 0.025, 0.02), yaw=yaw, texture=plain, colour=skin)
    part(CYLINDER, 0, 0.85, (0.05, 0.06, 0.05), texture=plain, colour=skin * 0.9)
    part(BALL, 0, 0.67, (0.22, 0.2 * tall, 0.14), texture=shirt, colour=wear)
    for s in (-1, 1):
        part(CYLINDER, s * 0.1, 0.24, (0.085, 0.24 * tall, 0.09), texture=trousers)
        swing = rng.uniform(-0.4, 0.4)
        q = np.array([x, ground + 0.63 * tall, z]) + side * s * 0.26 + ahead * swing * 0.25
        b.add(
            CYLINDER,
            (q[0], q[1], q[2]),
            (0.055, 0.19 * tall, 0.055),
            yaw=yaw,
            pitch=-swing,
            roll=s * 0.1,
            texture=shirt,
            colour=wear,
        )


def tree(b: Builder, x: float, z: float, *, tall: float) -> None:
    """A trunk and a crown, ``tall`` m high."""
    rng = b.rng
    leaf, colour = int(rng.integers(b.textures)), np.array([0.5, 0.9, 0.3]) * rng.uniform(0.3, 1.3)
    b.add(CYLINDER, (x, tall * 0.3, z), (tall * 0.03, tall * 0.32, tall * 0.03), roll=rng.uniform(-0.08, 0.08))
    if rng.random() < 0.3:
        b.add(CONE, (x, tall * 0.6, z), (tall * 0.22, tall * 0.42, tall * 0.22), texture=leaf, colour=colour)
        return
    for _ in range(rng.integers(4, 10)):
        r = tall * rng.uniform(0.1, 0.24)
        p = (x + rng.normal() * tall * 0.16, tall * rng.uniform(0.5, 0.95), z + rng.normal() * tall * 0.16)
        b.add(BALL, p, (r, r * rng.uniform(0.6, 1), r), texture=leaf, colour=colour)


def table_at(b: Builder, x: float, z: float) -> float:
    """A table at (x, z); returns the height of its top."""
    rng = b.rng
    w, d, top, yaw = rng.uniform(0.3, 0.9), rng.uniform(0.25, 0.5), rng.uniform(0.4, 0.85), rng.uniform(-0.6, 0.6)
    texture = int(rng.integers(b.textures))
    b.add(BOX, (x, top - 0.02, z), (w, 0.02, d), yaw=yaw, texture=texture)
    for sx in (-1, 1):
        for sz in (-1, 1):
            px, pz = sx * w * 0.9, sz * d * 0.9
            at = (x + px * np.cos(yaw) + pz * np.sin(yaw), top / 2, z - px * np.sin(yaw) + pz * np.cos(yaw))
            b.add(BOX, at, (0.025, top / 2, 0.025), yaw=yaw, texture=texture)
    return top


def thing(b: Builder, x: float, floor: float, z: float, size: float) -> float:
    """One standing object of about ``size`` metres; returns the height of its top."""
    rng = b.rng
    kind = int(rng.choice([BALL, BOX, BOX, CYLINDER, CYLINDER, CONE]))
    half = size * rng.uniform(0.25, 1.0, 3) * 0.5
    if kind in (CYLINDER, CONE):
        half[2] = half[0]
    lean = rng.normal() * 0.5 if rng.random() < 0.15 else 0.0
    b.add(kind, (x, floor + half[1], z), tuple(half), yaw=rng.uniform(0, np.pi), roll=lean)
    return float(floor + 2 * half[1])


def leaves(b: Builder, x: float, y: float, z: float, *, reach: float, count: int) -> None:
    rng = b.rng
    texture, colour = int(rng.integers(b.textures)), rng.uniform(0.3, 1.5) * rng.uniform(0.3, 1.1, 3)
    for _ in range(count):
        p = np.array([x, y, z]) + rng.normal(size=3) * reach * 0.5
        b.add(LEAF, (p[0], p[1], p[2]), (reach * 0.12, reach * rng.uniform(0.2, 0.5), 1e-3), yaw=rng.uniform(0, 6.3),
              pitch=rng.normal() * 0.7, roll=rng.normal() * 0.9, texture=texture, colour=colour)  # fmt: skip
