"""The people of the alley: built facing the lens (-y), standing on z = 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bpy.types import Object
from mathutils import Vector

from examples.lantern_alley import looks
from examples.lantern_alley.clay import Clay, Point, empty, spline

SKIN = (0.72, 0.42, 0.29)


@dataclass(frozen=True)
class Wardrobe:
    """Colours of one figure's clothes."""

    cloak: looks.Colour
    tunic: looks.Colour = (0.36, 0.22, 0.07)


def drapery(count: int, depth: float, phase: float = 0.0) -> Callable[[float, float], float]:
    """A fold function for `Clay.lathe`: shallow at the shoulders, deep at the hem."""

    def fold(u: float, turn: float) -> float:
        sway = math.sin(count * turn + phase) + 0.5 * math.sin((count + 3) * turn + 2.1 * phase + 2 * u)
        return 1.0 + depth * u * u * sway

    return fold


def face(
    name: str,
    radius: float,
    parent: Object,
    at: tuple[float, float, float],
    *,
    iris: looks.Colour = (0.10, 0.035, 0.012),
    hair: looks.Colour = (0.035, 0.014, 0.008),
) -> Object:
    """A round friendly head with big eyes; the returned joint is its centre."""
    joint = empty(name, at, parent)
    r = radius
    head = Clay().ellipsoid((0, 0, 0), (r, 0.94 * r, 0.98 * r), rows=28, columns=36)
    head.ellipsoid((0, -0.30 * r, -0.42 * r), (0.66 * r, 0.60 * r, 0.50 * r))
    head.ellipsoid((0, -0.97 * r, -0.20 * r), (0.10 * r, 0.12 * r, 0.085 * r), rows=10, columns=12)
    head.tube([(0, 0.05 * r, -0.6 * r), (0, 0.1 * r, -1.4 * r)], [0.34 * r, 0.38 * r])
    head.make(name + " head", looks.skin(name + " skin", SKIN, r), parent=joint, remesh=0.045 * r)
    for side in (-1, 1):
        _eye(name, r, joint, side, iris)
    lips = Clay().tube(
        [(x * r, (-0.955 + 0.22 * x * x) * r, (-0.48 + 0.9 * x * x) * r) for x in (-0.24, -0.12, 0, 0.12, 0.24)],
        [0.018 * r, 0.045 * r, 0.055 * r, 0.045 * r, 0.018 * r],
    )
    lips.make(name + " smile", looks.plain(name + " lips", (0.30, 0.045, 0.035), roughness=0.4), parent=joint)
    _hair(name, r, joint, hair)
    return joint


def _eye(name: str, r: float, joint: Object, side: int, iris: looks.Colour) -> None:
    x, y, z = side * 0.37 * r, -0.80 * r, 0.02 * r
    white = looks.plain(name + " white", (0.80, 0.78, 0.74), roughness=0.15, mottle=0.02)
    Clay().ellipsoid((x, y, z), (0.20 * r, 0.13 * r, 0.235 * r)).make(name + " eye", white, parent=joint)
    ring = looks.plain(name + " iris", iris, roughness=0.1, mottle=0.3, scale=60)
    Clay().ellipsoid((x - side * 0.03 * r, y - 0.07 * r, z), (0.135 * r, 0.075 * r, 0.175 * r)).make(
        name + " iris", ring, parent=joint
    )
    black = looks.plain(name + " pupil", (0.006, 0.005, 0.006), roughness=0.05)
    Clay().ellipsoid((x - side * 0.035 * r, y - 0.105 * r, z), (0.075 * r, 0.05 * r, 0.105 * r)).make(
        name + " pupil", black, parent=joint
    )
    glint = looks.glow(name + " glint", (1.0, 0.83, 0.6), 3.0)
    Clay().ellipsoid((x - 0.075 * r, y - 0.145 * r, z + 0.075 * r), (0.036 * r, 0.02 * r, 0.042 * r)).make(
        name + " glint", glint, parent=joint
    )
    lash = Clay().tube(
        [
            (x + side * dx * r, y - dy * r, z + dz * r)
            for dx, dy, dz in ((-0.19, 0.04, 0.12), (-0.07, 0.10, 0.235), (0.09, 0.08, 0.225), (0.235, -0.02, 0.10))
        ],
        [0.016 * r, 0.034 * r, 0.042 * r, 0.012 * r],
    )
    lash.tube(
        [
            (x + side * dx * r, y - dy * r, z + dz * r)
            for dx, dy, dz in ((-0.16, 0.10, 0.42), (0.0, 0.11, 0.49), (0.20, 0.0, 0.44))
        ],
        [0.02 * r, 0.045 * r, 0.014 * r],
    )
    lash.make(name + " lashes", looks.plain(name + " lash", (0.012, 0.007, 0.006)), parent=joint)


def _hair(name: str, r: float, joint: Object, colour: looks.Colour) -> None:
    locks = Clay().ellipsoid((0, 0.16 * r, 0.12 * r), (1.06 * r, 0.98 * r, 1.0 * r), rows=22, columns=28)
    for k in range(13):
        x = (k - 6) / 6
        low = 0.40 - 0.62 * abs(x) ** 2.2 + 0.05 * math.sin(7.0 * k)
        locks.tube(
            [
                (0.25 * x * r, -0.35 * r, 1.05 * r),
                (0.62 * x * r, -0.90 * r, 0.80 * r),
                ((0.93 * x + 0.03 * math.sin(5 * k)) * r, (-1.02 + 0.42 * x * x) * r, low * r),
            ],
            [0.16 * r, 0.15 * r, 0.012 * r],
        )
    for side in (-1, 1):
        locks.tube(
            [
                (side * 0.93 * r, -0.35 * r, 0.3 * r),
                (side * 1.06 * r, -0.42 * r, -0.5 * r),
                (side * 0.94 * r, -0.50 * r, -1.35 * r),
            ],
            [0.16 * r, 0.17 * r, 0.03 * r],
        )
    locks.make(name + " hair", looks.plain(name + " hair", colour, roughness=0.38, mottle=0.5, scale=30), parent=joint)


def hood(name: str, r: float, joint: Object, colour: looks.Colour) -> None:
    """A pixie hood round a head of radius r, open towards the lens, its tip falling back."""

    def surface(u: float, v: float) -> Point:
        polar, turn = math.radians(62 + 118 * u), 2 * math.pi * v
        ripple = 1.0 + 0.02 * math.sin(9 * turn) * (1 - u)
        wide, lift = 1.30 * r * math.sin(polar) * ripple, 0.36 * r * max(math.sin(turn), 0.0) ** 2 * (1 - 0.3 * u)
        tip = max(u - 0.62, 0.0) / 0.38
        rim = -0.10 * r * max(math.sin(turn), 0.0) * (1 - u)
        return (
            wide * math.cos(turn),
            -1.22 * r * math.cos(polar) + 1.1 * r * tip**2 + rim,
            wide * math.sin(turn) * 1.08 + lift + 0.10 * r - 0.35 * r * tip**2,
        )

    Clay().grid(surface, 22, 44).make(
        name + " hood",
        looks.plain(name + " hood", colour, roughness=0.85, mottle=0.18, scale=40, bump=0.06),
        parent=joint,
        thickness=0.11 * r,
    )


def cloak(
    name: str,
    parent: Object,
    height: float,
    wide: float,
    colour: looks.Colour,
    *,
    phase: float = 0.0,
    opening: float = 0.0,
) -> None:
    """A cloak from the shoulders (z = `height`) to the hem, `wide` its hem's radius; `opening` parts it in front."""
    profile = [
        (0.10 * height, height),
        (0.20 * height, 0.93 * height),
        (0.26 * height, 0.74 * height),
        (0.5 * (wide + 0.27 * height), 0.40 * height),
        (wide, 0.05),
    ]
    drape = drapery(9, 0.11, phase)
    shape = Clay()

    def surface(u: float, v: float) -> Point:
        radius, z = spline(profile, u)
        half = opening * u**1.4
        turn = -math.pi / 2 + half + (2 * math.pi - 2 * half) * v
        radius *= drape(u, turn)
        return (radius * math.cos(turn), 0.85 * radius * math.sin(turn), z)

    shape.grid(surface, 26, 90, wrap=opening == 0.0)
    shape.make(
        name + " cloak",
        looks.plain(name + " cloth", colour, roughness=0.9, mottle=0.16, scale=14, bump=0.08),
        parent=parent,
        thickness=0.012,
    )


def tunic(name: str, parent: Object, height: float, colour: looks.Colour) -> None:
    """What shows between the parted cloak: a belted smock and boots."""
    cloth = looks.plain(name + " smock", colour, roughness=0.9, mottle=0.2, scale=30, bump=0.08)
    Clay().lathe(
        [(0.06, height), (0.15, 0.9 * height), (0.155, 0.62 * height), (0.21, 0.30 * height)], fold=drapery(8, 0.07)
    ).make(name + " smock", cloth, parent=parent, thickness=0.01)
    belt = Clay().lathe([(0.162, 0.66 * height), (0.17, 0.63 * height), (0.164, 0.60 * height)])
    belt.make(name + " belt", looks.plain(name + " leather", (0.07, 0.03, 0.012), roughness=0.45), parent=parent)
    boots = Clay()
    for side in (-1, 1):
        boots.tube([(side * 0.085, 0, 0.34 * height), (side * 0.085, 0.0, 0.08)], [0.055, 0.05])
        boots.ellipsoid((side * 0.085, -0.05, 0.045), (0.055, 0.11, 0.05))
    boots.make(name + " boots", looks.plain(name + " boot", (0.05, 0.025, 0.015), roughness=0.5), parent=parent)


def fist(name: str, parent: Object, at: Vector, along: Vector, size: float) -> None:
    """A hand closed round a stick that runs `along` (a unit Vector), knuckles towards the lens."""
    side = along.orthogonal().normalized()
    up = along.cross(side)
    shape = Clay().ellipsoid(at - 0.35 * size * up, (0.52 * size, 0.52 * size, 0.46 * size))
    for k in range(4):
        base = at + along * size * (0.36 - 0.24 * k)
        ring = [
            base + size * (0.36 - 0.02 * abs(k - 1)) * (math.cos(a) * side + math.sin(a) * up)
            for a in (-1.9, -0.7, 0.5, 1.7, 2.8)
        ]
        shape.tube(ring, [0.15 * size, 0.155 * size, 0.15 * size, 0.14 * size, 0.11 * size])
    thumb = [
        at + size * (0.40 * (math.cos(a) * side + math.sin(a) * up) + 0.16 * s * along)
        for a, s in ((4.0, -1), (2.9, 0.5), (1.8, 2.0))
    ]
    shape.tube(thumb, [0.19 * size, 0.17 * size, 0.12 * size])
    shape.make(name + " hand", looks.skin(name + " palm", SKIN, 9.0), parent=parent, remesh=0.055 * size)


def straw_hat(name: str, parent: Object, z: float, radius: float) -> None:
    """A wide conical hat with woven rings."""
    straw = looks.plain(name + " straw", (0.42, 0.28, 0.12), roughness=0.8, mottle=0.5, scale=22, bump=0.2)
    Clay().lathe(
        [
            (0.005, z + 0.62 * radius),
            (0.30 * radius, z + 0.40 * radius),
            (0.7 * radius, z + 0.14 * radius),
            (radius, z - 0.05 * radius),
        ],
        fold=lambda u, turn: 1 + 0.012 * math.sin(24 * turn),
    ).make(name + " hat", straw, parent=parent, thickness=0.012)


def umbrella(name: str, parent: Object, at: Point, radius: float, colour: looks.Colour) -> Object:
    """An oil-paper umbrella with ribs, on a joint that can lean."""
    joint = empty(name + " umbrella", at, parent)
    paper = looks.plain(name + " paper", colour, roughness=0.5, mottle=0.2, scale=9)
    Clay().lathe(
        [
            (0.02, 0.30 * radius),
            (0.35 * radius, 0.24 * radius),
            (0.75 * radius, 0.07 * radius),
            (radius, -0.10 * radius),
        ],
        columns=96,
        fold=lambda u, turn: 1 - 0.035 * u * abs(math.sin(8 * turn)),
    ).make(name + " shade", paper, parent=joint, thickness=0.006)
    frame = Clay().tube([(0, 0, 0.36 * radius), (0, 0, -0.95)], [0.014, 0.014])
    for k in range(16):
        turn = math.pi * k / 8 + math.pi / 16
        frame.tube(
            [
                (0, 0, 0.29 * radius),
                (0.5 * radius * math.cos(turn), 0.5 * radius * math.sin(turn), 0.175 * radius),
                (radius * math.cos(turn), radius * math.sin(turn), -0.115 * radius),
            ],
            [0.006, 0.006, 0.005],
            sides=6,
            rows=8,
        )
    frame.make(name + " ribs", looks.plain(name + " bamboo", (0.20, 0.12, 0.05)), parent=joint)
    return joint


def stroller(
    name: str, at: Point, turn: float, wardrobe: Wardrobe, *, height: float = 1.62, hat: bool = False
) -> Object:
    """A cloaked passer-by; turned by `turn` radians (0 looks into the lens)."""
    root = empty(name, at)
    root.rotation_euler[2] = turn
    r = 0.145
    neck = height - 1.9 * r
    cloak(name, root, neck, 0.36, wardrobe.cloak, phase=at[0] + at[1])
    joint = face(name, r, root, (0, -0.03, height - r))
    if hat:
        straw_hat(name, joint, 0.10, 0.40)
    else:
        hood(name, r, joint, wardrobe.cloak)
    scarf = Clay().tube(
        [
            (0.2 * math.cos(a) * 0.8, 0.2 * math.sin(a) * 0.7, neck + 0.02 * math.sin(3 * a))
            for a in (k * math.pi / 6 for k in range(13))
        ],
        [0.06] * 13,
        rows=40,
    )
    scarf.make(
        name + " scarf", looks.plain(name + " wool", wardrobe.tunic, mottle=0.3, scale=40, bump=0.1), parent=root
    )
    return root
