"""Procedural worlds of four kinds that :mod:`training.mini.worlds` lacks.

Desks seen from above by a camera in the hand, fronts that face the camera,
subjects close by before a background out of focus, and thin things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

import numpy as np

from training.mini.raytrace import BALL, BOX, CONE, CYLINDER, LEAF
from training.mini.shapes import Builder, ShapeOptions, leaves, thing
from training.mini.worlds import field, room, street

_UP = np.array([0.0, 1.0, 0.0])


def _bar(b: Builder, start: np.ndarray, end: np.ndarray, radius: float, **look: Unpack[ShapeOptions]) -> None:
    """A round bar between two points."""
    along = end - start
    length = float(np.linalg.norm(along))
    pitch = float(np.arctan2(np.hypot(along[0], along[2]), along[1]))
    yaw = float(np.arctan2(along[0], along[2]))
    middle = (start + end) / 2
    look["yaw"], look["pitch"] = yaw, pitch
    b.add(CYLINDER, middle, (radius, length / 2, radius), **look)


def _monitor(b: Builder, x: float, top: float, z: float) -> None:
    rng, plain, shade = b.rng, b.textures - 1, b.rng.uniform(0.05, 1.2) * np.ones(3)
    w, h, yaw = rng.uniform(0.15, 0.33), rng.uniform(0.12, 0.22), rng.uniform(-0.7, 0.7)
    deep = rng.uniform(0.1, 0.22) if rng.random() < 0.4 else 0.02
    up = top + h + rng.uniform(0.04, 0.12)
    b.add(BOX, (x, up, z), (w, h, deep), yaw=yaw, texture=plain, colour=shade)
    face = np.array([x, up, z]) - np.array([np.sin(yaw), 0, np.cos(yaw)]) * (deep + 0.002)
    b.add(BOX, face, (w * 0.9, h * 0.88, 0.003), yaw=yaw, colour=rng.uniform(0.1, 1.3, 3))
    b.add(CYLINDER, (x, (top + up) / 2, z), (0.03, (up - top) / 2, 0.03), texture=plain, colour=shade)
    b.add(CYLINDER, (x, top + 0.01, z), (0.11, 0.01, 0.09), texture=plain, colour=shade)


def _flat(b: Builder, x: float, top: float, z: float) -> None:
    """Papers, keyboards, a pile of books."""
    rng = b.rng
    half = rng.uniform(0.08, 0.24), rng.choice([0.001, 0.012, 0.02]), rng.uniform(0.06, 0.15)
    yaw = rng.uniform(-0.8, 0.8)
    for _ in range(rng.integers(1, 6) if half[1] > 0.015 else 1):
        b.add(BOX, (x, top + half[1], z), half, yaw=yaw + rng.normal() * 0.1)
        top += 2 * half[1]


def _lamp(b: Builder, x: float, top: float, z: float) -> None:
    rng, look = b.rng, ShapeOptions(texture=b.textures - 1, colour=b.rng.uniform(0.1, 1.5, 3))
    foot = np.array([x, top, z])
    knee = foot + np.array([rng.normal() * 0.15, rng.uniform(0.2, 0.4), rng.normal() * 0.1])
    head = knee + np.array([rng.normal() * 0.2, rng.uniform(0.0, 0.2), rng.normal() * 0.15])
    b.add(CYLINDER, foot, (0.09, 0.015, 0.09), **look)
    _bar(b, foot, knee, 0.008, **look)
    _bar(b, knee, head, 0.008, **look)
    turned = ShapeOptions(pitch=rng.normal() * 0.5, roll=rng.normal() * 0.5)
    b.add(CONE, head, (0.08, 0.09, 0.08), **(look | turned))


def desk(b: Builder) -> None:
    """A cluttered desk from the height of a standing or sitting person's eyes, the floor and the room beyond."""
    rng = b.rng
    b.indoor = True
    top, wide, deep = rng.uniform(0.65, 0.8), rng.uniform(0.6, 1.3), rng.uniform(0.35, 0.7)
    b.add(BOX, (0, -0.1, 0), (8, 0.1, 8))
    b.add(BOX, (0, top - 0.02, 0), (wide, 0.02, deep))
    if rng.random() < 0.4:
        b.add(BOX, (rng.choice([-1, 1]) * wide, top - 0.02, -deep), (deep, 0.02, wide), texture=int(rng.integers(20)))
    wall = deep + (0.1 if rng.random() < 0.4 else rng.uniform(0.6, 4.0))
    b.add(BOX, (0, 1.5, wall + 0.1), (8, 1.6, 0.1), yaw=rng.normal() * 0.15)
    for _ in range(rng.integers(0, 4)):
        thing(b, rng.uniform(-2.5, 2.5), 0, rng.uniform(deep + 0.2, wall + 0.3), rng.uniform(0.4, 1.3))
    for _ in range(rng.integers(0, 4)):
        _monitor(b, rng.uniform(-wide, wide) * 0.8, top, rng.uniform(0, deep * 0.8))
    for _ in range(rng.integers(3, 12)):
        _flat(b, rng.uniform(-wide, wide) * 0.9, top, rng.uniform(-deep, deep) * 0.85)
    for _ in range(rng.integers(4, 20)):
        thing(b, rng.uniform(-wide, wide) * 0.9, top, rng.uniform(-deep, deep) * 0.9, rng.uniform(0.05, 0.3))
    for _ in range(rng.integers(0, 3)):
        _lamp(b, rng.uniform(-wide, wide) * 0.9, top, rng.uniform(-0.1, deep))
    for _ in range(rng.integers(0, 6)):
        at = np.array([rng.uniform(-wide, wide), top + 0.004, rng.uniform(-deep, deep)])
        _bar(b, at, at + np.array([rng.normal() * 0.3, 0.002, rng.normal() * 0.2]), 0.004, texture=b.textures - 1)
    if rng.random() < 0.3:
        leaves(b, rng.uniform(-wide, wide), top + 0.2, rng.uniform(0, deep), reach=0.25, count=14)
    eye = (rng.normal() * 0.5, top + rng.uniform(0.3, 1.0), -deep - rng.uniform(0.1, 0.9))
    b.look(eye, (rng.normal() * 0.35, top + rng.normal() * 0.12, rng.uniform(-0.2, 0.3)), fov_deg=rng.uniform(38, 58),
           roll=rng.normal() * 0.15)  # fmt: skip


def front(b: Builder) -> None:
    """A wall, a board or a top seen straight on; what is on it and before it is thin beside the distance."""
    rng = b.rng
    b.indoor = rng.random() < 0.4
    away = rng.uniform(0.6, 8.0)
    half = away * rng.uniform(0.3, 0.6)
    b.add(BOX, (0, 0, away + 1), (40, 40, 1), colour=rng.uniform(0.4, 1.4, 3))
    style, texture = rng.uniform(0.05, 0.4, 2), int(rng.integers(b.textures))
    columns, rows = rng.integers(1, 5), rng.integers(1, 4)
    for i in range(columns * rows if rng.random() < 0.7 else 0):
        across, up = ((i % columns + 0.5) / columns * 2 - 1) * half * 1.3, ((i // columns + 0.5) / rows * 2 - 1) * half
        size = half / columns * (0.3 + style[0]), half / rows * (0.3 + style[1]), away * rng.uniform(0.002, 0.03)
        b.add(BOX, (across, up, away), size, texture=texture if rng.random() < 0.6 else None)
    for _ in range(rng.integers(0, 25)):
        wide, tall, deep = half * rng.uniform(0.02, 0.3, 3) * [1, 1, 0.1]
        kind = int(rng.choice([BOX, BOX, BALL, CYLINDER, LEAF]))
        at = (rng.uniform(-1.3, 1.3) * half, rng.uniform(-1, 1) * half, away - deep)
        b.add(kind, at, (wide, tall, deep), roll=rng.uniform(0, 6))
    if rng.random() < 0.35:
        b.add(BOX, (0, -half * rng.uniform(0.7, 1.1) - 1, 0), (40, 1, 40))
    for _ in range(rng.integers(1, 5)):
        near = away * rng.uniform(0.3, 0.8)
        x, r = float(rng.uniform(-0.9, 0.9) * near * 0.6), near * rng.uniform(0.01, 0.08)
        if rng.random() < 0.5:
            _bar(b, np.array([x, -half, near]), np.array([x + rng.normal() * r, half * rng.uniform(-0.3, 2), near]), r)
        else:
            b.add(int(rng.choice([BALL, BOX])), (x, rng.uniform(-0.9, 0.5) * near * 0.45, near), (2 * r, 3 * r, 2 * r))
    b.look((0, 0, 0), (rng.normal() * 0.04, rng.normal() * 0.04, 1), fov_deg=rng.uniform(30, 55),
           roll=rng.normal() * 0.05)  # fmt: skip


def _blossom(b: Builder, at: np.ndarray, size: float) -> None:
    rng, petal, colour = b.rng, int(b.rng.integers(b.textures)), b.rng.uniform(0.3, 2.0, 3)
    b.add(BALL, at, (size * 0.25, size * 0.25, size * 0.2))
    count = int(rng.integers(5, 14))
    for i in range(count):
        turn = 2 * np.pi * i / count
        out = at + np.array([np.sin(turn), np.cos(turn), 0]) * size * 0.6
        b.add(LEAF, out, (size * 0.22, size * 0.45, 1e-3), roll=-turn, pitch=rng.normal() * 0.3,
              texture=petal, colour=colour)  # fmt: skip
    _bar(b, at, at + np.array([rng.normal() * size, -6 * size, rng.normal() * size]), size * 0.06)


def _animal(b: Builder, at: np.ndarray, size: float) -> None:
    """A body, a head and ears or a beak, on a branch or on legs."""
    rng = b.rng
    coat, colour, side = int(rng.integers(b.textures)), rng.uniform(0.3, 1.5, 3), rng.choice([-1, 1])
    look = ShapeOptions(texture=coat, colour=colour)
    body = size * np.array([rng.uniform(0.6, 1.1), rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5)])
    turned = ShapeOptions(yaw=rng.uniform(-1, 1), roll=rng.normal() * 0.3)
    b.add(BALL, at, body, **(look | turned))
    head = at + np.array([side * body[0] * 0.8, body[1] * 0.9, -0.25 * size])
    b.add(BALL, head, (size * 0.3, size * 0.28, size * 0.3), **look)
    b.add(CONE, head + np.array([side * 0.1, 0.3, 0]) * size, (size * 0.08, size * 0.15, size * 0.05), **look)
    for along in (-0.5, -0.3, 0.3, 0.5) if rng.random() < 0.5 else (-0.1, 0.1):
        hip = at + np.array([along * body[0], -body[1] * 0.6, rng.normal() * 0.1 * size])
        _bar(b, hip, hip - _UP * size * 0.7, size * 0.07, **look)
    rest = at - _UP * (body[1] + size * 0.5)
    _bar(b, rest - np.array([3.0, rng.normal(), 0.3]) * size, rest + np.array([3.0, rng.normal(), 0.3]) * size,
         size * 0.12)  # fmt: skip


def subject(b: Builder) -> None:
    """A blossom or an animal close by and sharp, everything behind it far out of focus."""
    rng = b.rng
    b.blur_px = rng.uniform(6, 30)
    near = rng.uniform(0.25, 1.5)
    size, behind = near * rng.uniform(0.08, 0.25), near * rng.uniform(3, 20)
    if rng.random() < 0.5:
        b.add(BOX, (0, -near * rng.uniform(0.3, 1.0) - 1, 0), (60, 1, 60))
    if rng.random() < 0.7:
        b.add(BOX, (0, 0, behind * 1.5), (60, 60, 0.1))
    for _ in range(rng.integers(0, 25)):
        z = behind * rng.uniform(0.5, 1.4)
        r = z * rng.uniform(0.01, 0.15, 3)
        b.add(
            int(rng.choice([BALL, BALL, BOX, CYLINDER])), (rng.normal() * z * 0.4, rng.normal() * z * 0.3, z), tuple(r)
        )
    for i in range(rng.integers(1, 5)):
        spread = 0.12 if i == 0 else 0.3
        at = np.array([rng.normal() * spread, rng.normal() * spread * 0.7, 1.0]) * near * (1 + 0.15 * i * rng.random())
        (_blossom if rng.random() < 0.6 else _animal)(b, at, size)
    if rng.random() < 0.5:
        leaves(b, rng.normal() * near * 0.3, -near * 0.2, near * 1.1, reach=near * 0.25, count=int(rng.integers(5, 20)))
    b.look((0, 0, 0), (rng.normal() * 0.1, rng.normal() * 0.1, 1), fov_deg=rng.uniform(25, 45),
           roll=rng.normal() * 0.08)  # fmt: skip


def _branch(b: Builder, start: np.ndarray, along: np.ndarray, radius: float, forks: int) -> None:
    end = start + along
    _bar(b, start, end, radius, texture=0, colour=np.array([0.5, 0.4, 0.3]))
    for _ in range(b.rng.integers(2, 4) if forks else 0):
        turned = along * b.rng.uniform(0.5, 0.8) + b.rng.normal(size=3) * np.linalg.norm(along) * 0.35
        _branch(b, start + along * b.rng.uniform(0.6, 1.0), turned, radius * 0.6, forks - 1)


def _fence(b: Builder, at: np.ndarray, across: np.ndarray, tall: float) -> None:
    count, radius = int(b.rng.integers(4, 16)), tall * b.rng.uniform(0.008, 0.03)
    look = ShapeOptions(texture=int(b.rng.integers(b.textures)), colour=b.rng.uniform(0.2, 1.5, 3))
    for i in range(count):
        foot = at + across * (i / (count - 1) - 0.5)
        _bar(b, foot, foot + _UP * tall, radius, **look)
    for share in (0.35, 0.95):
        _bar(b, at - across / 2 + _UP * tall * share, at + across / 2 + _UP * tall * share, radius, **look)


def thin(b: Builder) -> None:
    """A street, a field or a room behind poles, masts with stays, bare branches, fences and wires."""
    rng = b.rng
    (street, field, room)[int(rng.choice(3, p=[0.4, 0.45, 0.15]))](b)
    eye, right, ahead = b.camera[:, 3], b.camera[:, 0].copy(), b.camera[:, 2].copy()
    right[1] = ahead[1] = 0.0
    for _ in range(rng.integers(1, 5)):
        z = rng.uniform(0.8, 1.8) if b.indoor else rng.uniform(1.5, 14)
        foot = eye + ahead * z + right * rng.normal() * z * 0.3 - _UP * eye[1]
        kind, tall = int(rng.integers(4)), max(eye[1], 1.0) * rng.uniform(0.8, 2.0) + 0.1 * z
        if kind == 0:
            _bar(b, foot, foot + _UP * tall, z * rng.uniform(0.003, 0.012))
        elif kind == 1:
            tip = foot + _UP * tall + right * rng.normal() * 0.05 * tall
            _bar(b, foot, tip, z * rng.uniform(0.004, 0.01))
            for side in (-1, 1):
                _bar(b, tip, foot + right * side * tall * 0.4 + ahead * rng.normal() * 0.3, z * 0.002)
        elif kind == 2:
            _branch(
                b, foot + _UP * tall * rng.random(), rng.normal(size=3) * tall * 0.2 + _UP * tall * 0.25, z * 0.012, 3
            )
        else:
            _fence(b, foot, right * z * rng.uniform(0.5, 2) + ahead * rng.normal() * 0.3 * z, tall * 0.5)


MAKERS: tuple[tuple[Callable[[Builder], None], float], ...] = (
    (desk, 0.4), (front, 0.25), (subject, 0.2), (thin, 0.15),
)  # fmt: skip
