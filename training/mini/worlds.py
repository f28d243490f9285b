"""Procedural worlds: rooms, tables, streets, fields, portraits, foliage, drifting shapes.

Each maker fills a :class:`Builder` and points its camera. What matters is what
photographs share: grounds, walls, things that stand on and hide one another,
people-sized figures, skies, all scales from a hand's breadth to a mountain.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.mini.raytrace import BALL, BOX, CONE, CYLINDER, LEAF, Scene
from training.mini.shapes import Builder, leaves, person, table_at, thing, tree


def room(b: Builder) -> None:
    """Furniture, clutter and people between four walls."""
    rng = b.rng
    w, d, h = rng.uniform(1.5, 4), rng.uniform(2.5, 7), rng.uniform(2.3, 3.5)
    b.indoor = True
    b.add(BOX, (0, -0.5, 0), (w + 1, 0.5, d + 1))
    paint = rng.uniform(0.7, 1.7) * rng.uniform(0.85, 1.1, 3)
    wall = int(rng.integers(b.textures))
    for centre, half in (((0, h / 2, d + 0.1), (w, h / 2, 0.1)), ((-w - 0.1, h / 2, 0), (0.1, h / 2, d)),
                         ((w + 0.1, h / 2, 0), (0.1, h / 2, d)), ((0, h + 0.1, 0), (w, 0.1, d))):  # fmt: skip
        b.add(BOX, centre, half, texture=wall if rng.random() < 0.8 else None, colour=paint)
    for _ in range(rng.integers(0, 4)):
        s = rng.choice([-1, 1]) if rng.random() < 0.5 else 0
        at = (s * w, rng.uniform(1.1, 1.9), rng.uniform(-1, d)) if s else (rng.uniform(-w, w), rng.uniform(1.1, 1.9), d)
        x_half, y_half, z_half = rng.uniform(0.2, 0.7, 3) * ([0, 1, 1] if s else [1, 1, 0]) + 0.015
        b.add(BOX, at, (x_half, y_half, z_half))
    for _ in range(rng.integers(1, 5)):
        x, z = rng.uniform(-w * 0.8, w * 0.8), rng.uniform(-d * 0.3, d * 0.9)
        top = table_at(b, x, z) if rng.random() < 0.5 else thing(b, x, 0, z, rng.uniform(0.5, 1.8))
        for _ in range(rng.integers(0, 5)):
            thing(b, x + rng.uniform(-0.4, 0.4), top, z + rng.uniform(-0.25, 0.25), rng.uniform(0.08, 0.45))
    for _ in range(rng.integers(0, 3)):
        person(b, rng.uniform(-w * 0.7, w * 0.7), rng.uniform(-d * 0.3, d * 0.7))
    if rng.random() < 0.5:
        leaves(b, rng.uniform(-w, w), rng.uniform(0.3, 1.5), rng.uniform(-d * 0.5, d), reach=0.5, count=14)
    up = rng.uniform(0.9, 2.0)
    eye = (rng.uniform(-w * 0.6, w * 0.6), up, -d * rng.uniform(0.3, 0.9))
    target = (rng.uniform(-w, w), up + rng.normal() * 0.7 - 0.3, d * 0.5)
    b.look(eye, target, fov_deg=rng.uniform(35, 65), roll=rng.normal() * 0.1)


def table(b: Builder) -> None:
    """A still life: much clutter on a table, a wall or a room behind."""
    rng = b.rng
    depth = rng.uniform(0.5, 2.5)
    b.indoor = True
    b.add(BOX, (0, -0.05, 0.4), (rng.uniform(0.5, 3), 0.05, rng.uniform(0.4, depth)))
    if rng.random() < 0.85:
        b.add(BOX, (0, 0, depth + 0.1), (6, 4, 0.1), yaw=rng.normal() * 0.25)
    else:
        b.add(BOX, (0, -0.9, 3), (8, 0.1, 8))
        b.add(BOX, (0, 1, rng.uniform(3, 7)), (8, 3, 0.1))
    if rng.random() < 0.4:
        b.add(BOX, (rng.choice([-1, 1]) * rng.uniform(0.6, 1.2), 0.2, 0.4), (0.05, 1.5, 1.5), yaw=rng.normal() * 0.4)
    size = rng.uniform(0.12, 0.5)
    for _ in range(rng.integers(6, 26)):
        x, z = rng.uniform(-0.9, 0.9), rng.uniform(-0.3, depth * 0.95)
        top = thing(b, x, 0, z, size * rng.uniform(0.4, 1.8))
        while rng.random() < 0.4:
            top = thing(b, x + rng.normal() * 0.03, top, z, size * rng.uniform(0.3, 0.9))
    for _ in range(rng.integers(0, 8)):
        b.add(
            CYLINDER,
            (rng.uniform(-0.7, 0.7), 0.15, rng.uniform(0, depth)),
            (0.008, 0.22, 0.008),
            roll=rng.normal() * 0.5,
            pitch=rng.normal() * 0.4,
        )
    if rng.random() < 0.35:
        leaves(b, rng.uniform(-0.5, 0.5), 0.2, rng.uniform(0, depth), reach=0.25, count=18)
    up = rng.uniform(0.1, 0.9)
    b.look((rng.normal() * 0.3, up, -rng.uniform(0.5, 1.3)), (rng.normal() * 0.1, rng.uniform(0, 0.35), depth * 0.5),
           fov_deg=rng.uniform(28, 55), roll=rng.normal() * 0.04)  # fmt: skip


def street(b: Builder) -> None:
    """Buildings on both sides, poles, cars, trees, people, sky at the end."""
    rng = b.rng
    b.add(BOX, (0, -1, 100), (400, 1, 500))
    wide = rng.uniform(3, 14)
    for side in (-1, 1):
        z, open_side = rng.uniform(-5, 10), rng.random() < 0.25
        while z < 120 and not open_side:
            d, h, w = rng.uniform(3, 15), rng.uniform(3, 25), rng.uniform(2, 8)
            b.add(BOX, (side * (wide + w + rng.uniform(0, 2)), h, z + d), (w, h, d), yaw=rng.normal() * 0.02)
            z += 2 * d + rng.choice([0, 0, rng.uniform(1, 20)])
    if rng.random() < 0.5:
        b.add(BOX, (rng.normal() * 8, 8, rng.uniform(40, 150)), (rng.uniform(5, 40), rng.uniform(4, 30), 5))
    for _ in range(rng.integers(0, 6)):
        x, z = rng.choice([-1, 1]) * wide * rng.uniform(0.4, 0.9), rng.uniform(3, 50)
        b.add(CYLINDER, (x, 2, z), (0.07, rng.uniform(1, 4), 0.07))
    for _ in range(rng.integers(0, 5)):
        x, z, paint = rng.uniform(-wide, wide) * 0.9, rng.uniform(6, 50), rng.uniform(0.2, 1.5, 3)
        b.add(BOX, (x, 0.6, z), (0.85, 0.35, 2), colour=paint, texture=b.textures - 1)
        b.add(BOX, (x, 1.15, z), (0.75, 0.25, 1.1), colour=paint * 0.4, texture=b.textures - 1)
    for _ in range(rng.integers(0, 5)):
        tree(b, rng.choice([-1, 1]) * wide * rng.uniform(0.6, 1.1), rng.uniform(5, 60), tall=rng.uniform(3, 9))
    for _ in range(rng.integers(0, 6)):
        person(b, rng.uniform(-wide, wide) * 0.8, rng.uniform(2.5, 25))
    up = rng.uniform(1.2, 2.2) if rng.random() < 0.75 else rng.uniform(3, 9)
    b.look(
        (rng.uniform(-wide, wide) * 0.5, up, -2),
        (rng.normal() * 4, up + rng.normal() * 2.5, 20),
        fov_deg=rng.uniform(30, 65),
        roll=rng.normal() * 0.04,
    )


def field(b: Builder) -> None:
    """Open land: hills, mountains, trees, rocks, people."""
    rng = b.rng
    b.add(BOX, (0, -1, 500), (3000, 1, 3000), colour=rng.uniform(0.3, 1.2, 3))
    for _ in range(rng.integers(0, 7)):
        z = rng.uniform(60, 1500)
        r = z * rng.uniform(0.1, 0.6)
        kind = BALL if rng.random() < 0.6 else CONE
        b.add(kind, (rng.normal() * z * 0.6, 0, z), (r * rng.uniform(1, 3), r * rng.uniform(0.2, 0.7), r))
    for _ in range(rng.integers(0, 7)):
        z = rng.uniform(4, 80)
        tree(b, rng.normal() * z * 0.5, z, tall=rng.uniform(2, 12))
    for _ in range(rng.integers(0, 14)):
        z = rng.uniform(1.5, 25)
        r = rng.uniform(0.1, 1.2)
        b.add(
            BALL,
            (rng.normal() * z * 0.5, r * 0.2, z),
            (r, r * rng.uniform(0.4, 1), r * rng.uniform(0.6, 1.3)),
            yaw=rng.uniform(0, 3),
        )
    for _ in range(rng.integers(0, 4)):
        z = rng.uniform(2, 30)
        person(b, rng.normal() * z * 0.3, z)
    for _ in range(rng.integers(0, 3)):
        z = rng.uniform(8, 60)
        b.add(
            BOX,
            (rng.normal() * z * 0.4, 2, z),
            (rng.uniform(1, 6), rng.uniform(2, 5), rng.uniform(1, 6)),
            yaw=rng.uniform(0, 3),
        )
    if rng.random() < 0.4:
        leaves(b, rng.normal() * 0.8, rng.uniform(0, 0.8), rng.uniform(1, 2.5), reach=0.5, count=25)
    up = rng.uniform(0.4, 2.5) if rng.random() < 0.7 else rng.uniform(4, 30)
    b.look(
        (0, up, -1),
        (rng.normal() * 2, up + rng.normal() * 2.5 - 0.5, 12),
        fov_deg=rng.uniform(25, 60),
        roll=rng.normal() * 0.03,
    )


def portrait(b: Builder) -> None:
    """One or two people close by, the world behind them."""
    rng = b.rng
    (room if rng.random() < 0.4 else street if rng.random() < 0.5 else field)(b)
    near = rng.uniform(0.9, 3.0)
    eye = b.camera[:, 3].copy()
    eye[1] = rng.uniform(1.2, 1.75)
    ahead = np.array([b.camera[0, 2], 0, b.camera[2, 2]])
    ahead /= np.linalg.norm(ahead)
    for i in range(rng.integers(1, 4)):
        p = eye + ahead * near * (1 + 0.5 * i) + np.array([ahead[2], 0, -ahead[0]]) * rng.normal() * 0.35 * near
        person(b, float(p[0]), float(p[2]))
    target = eye + ahead * near + np.array([0, rng.normal() * 0.12, 0])
    b.look(tuple(eye), tuple(target), fov_deg=rng.uniform(20, 50), roll=rng.normal() * 0.04)


def foliage(b: Builder) -> None:
    """Leaves, stems and blossoms at every distance, as close-ups of nature have them."""
    rng = b.rng
    if rng.random() < 0.6:
        b.add(BOX, (0, -rng.uniform(0.4, 1.5), 5), (20, 0.1, 20))
    if rng.random() < 0.5:
        b.add(BOX, (0, 0, rng.uniform(2, 8)), (20, 20, 0.1))
    for _ in range(rng.integers(3, 10)):
        z = rng.uniform(0.4, 3.5)
        x, y = rng.normal() * z * 0.3, rng.normal() * z * 0.25
        if rng.random() < 0.6:
            leaves(b, x, y, z, reach=rng.uniform(0.1, 0.5), count=int(rng.integers(5, 20)))
        if rng.random() < 0.5:
            r = rng.uniform(0.03, 0.2)
            b.add(BALL, (x, y, z), (r, r * rng.uniform(0.5, 1.2), r))
        b.add(CYLINDER, (x, y - 0.6, z), (rng.uniform(0.005, 0.05), 0.6, 0.02), roll=rng.normal() * 0.4)
    b.look(
        (0, 0, -0.3), (rng.normal() * 0.1, rng.normal() * 0.2, 1), fov_deg=rng.uniform(25, 55), roll=rng.normal() * 0.1
    )


def drift(b: Builder) -> None:
    """Shapes without gravity: only occlusion, shading and size tell what is near."""
    rng = b.rng
    b.indoor = rng.random() < 0.5
    if rng.random() < 0.7:
        b.add(BOX, (0, 0, rng.uniform(4, 12)), (20, 20, 0.1), yaw=rng.normal() * 0.5, pitch=rng.normal() * 0.5)
    for _ in range(rng.integers(5, 30)):
        z = np.exp(rng.uniform(np.log(0.8), np.log(9)))
        half = rng.uniform(0.05, 0.35, 3) * z ** rng.uniform(0, 1)
        kind = int(rng.choice([BALL, BOX, CYLINDER, CONE, LEAF]))
        b.add(
            kind,
            (rng.normal() * z * 0.35, rng.normal() * z * 0.3, z),
            tuple(half),
            yaw=rng.uniform(0, 6),
            pitch=rng.uniform(-1, 1),
            roll=rng.uniform(-1, 1),
        )
    b.look((0, 0, 0), (0, 0, 1), fov_deg=rng.uniform(30, 60), roll=0)


MAKERS: tuple[tuple[Callable[[Builder], None], float], ...] = (
    (room, 0.2), (table, 0.24), (street, 0.14), (field, 0.14), (portrait, 0.13), (foliage, 0.08), (drift, 0.07),
)  # fmt: skip


def make_scene(
    rng: np.random.Generator,
    textures: int,
    skies: list[np.ndarray],
    choices: tuple[tuple[Callable[[Builder], None], float], ...] = MAKERS,
) -> Scene:
    """A random scene of a random kind; ``choices`` holds makers and how often each is taken."""
    builder = Builder(rng, textures, skies)
    makers, weights = zip(*choices, strict=True)
    makers[int(rng.choice(len(makers), p=weights))](builder)
    return builder.scene()
