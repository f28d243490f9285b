"""Lanterns, the paper carp, the market stalls and what lies about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import bpy
from bpy.types import Object

from examples.lantern_alley import looks
from examples.lantern_alley.clay import Clay, Point, empty

AMBER, ROSE, CREAM, CORAL = (1.0, 0.36, 0.07), (1.0, 0.12, 0.09), (1.0, 0.62, 0.28), (1.0, 0.22, 0.05)


@cache
def _lamp_paper() -> bpy.types.Material:
    return looks.paper_lamp("lamp paper", strength=2.3, ribs=9)


@cache
def _black_wood() -> bpy.types.Material:
    return looks.plain("lacquer", (0.02, 0.012, 0.01), roughness=0.3)


@cache
def _mist() -> bpy.types.Material:
    return looks.halo("lamp mist", (1.0, 0.42, 0.13), 0.06)


def lantern(
    name: str,
    at: Point,
    radius: float,
    colour: looks.Colour,
    *,
    tall: float = 1.0,
    mist: float = 0.0,
    parent: Object | None = None,
) -> Object:
    """A paper lantern hanging from `at`; `mist` is the radius of its halo in lamp radii."""
    joint = empty(name, at, parent)
    middle, height = -1.25 * radius * tall, radius * tall
    paper = Clay().lathe(
        [
            (0.45 * radius, height),
            (0.86 * radius, 0.62 * height),
            (radius, 0.0),
            (0.86 * radius, -0.62 * height),
            (0.45 * radius, -height),
        ],
        centre=(0, 0, middle),
    )
    body = paper.make(name + " paper", _lamp_paper(), parent=joint)
    body.color, body.visible_shadow = (*colour, 1.0), False
    _trim(name, middle, height, radius, colour, joint)
    if mist:
        ball = Clay().ellipsoid((0, 0, middle), (mist * radius,) * 3, rows=20, columns=30)
        ball.make(name + " mist", _mist(), parent=joint).visible_shadow = False
    return joint


def _trim(name: str, middle: float, height: float, radius: float, colour: looks.Colour, joint: Object) -> None:
    """A lantern's lacquer rings, cord and silk tassel."""
    trim = Clay()
    for end in (-1, 1):
        trim.lathe(
            [
                (0.0, 0.06 * radius),
                (0.47 * radius, 0.06 * radius),
                (0.49 * radius, 0),
                (0.47 * radius, -0.06 * radius),
                (0.0, -0.06 * radius),
            ],
            centre=(0, 0, middle + end * height),
            columns=20,
        )
    trim.tube([(0, 0, 0), (0, 0, middle + height)], [0.03 * radius, 0.03 * radius], sides=6, rows=3)
    trim.make(name + " trim", _black_wood(), parent=joint).visible_shadow = False
    tassel = Clay().tube(
        [(0, 0, middle - height), (0, 0, middle - height - 0.5 * radius), (0, 0, middle - height - 1.3 * radius)],
        [0.03 * radius, 0.10 * radius, 0.14 * radius],
        sides=10,
    )
    tassel.make(
        name + " tassel",
        looks.plain(name + " silk", looks.scaled(colour, 0.5), scale=25, mottle=0.4),
        parent=joint,
    )


def lantern_string(
    name: str,
    left: Point,
    right: Point,
    colours: Sequence[looks.Colour],
    *,
    sag: float = 0.5,
    radius: float = 0.13,
    mist: float = 2.6,
) -> list[Object]:
    """Lanterns on a sagging cord between two points."""

    def cord(t: float) -> tuple[float, ...]:
        x, y, z = (a + (b - a) * t for a, b in zip(left, right, strict=False))
        return x, y, z - 4 * sag * t * (1 - t)

    Clay().tube([cord(k / 12) for k in range(13)], [0.008] * 13, sides=5, rows=40).make(name + " cord", _black_wood())
    count = len(colours)
    return [
        lantern(
            f"{name} {k}",
            cord((k + 0.7) / (count + 0.4)),
            radius * (1 + 0.18 * math.sin(5 * k + left[1])),
            colour,
            tall=1.35 if k % 3 == 1 else 0.92,
            mist=mist,
        )
        for k, colour in enumerate(colours)
    ]


class Carp:
    """A paper carp that swims through the air over the street, lit from inside."""

    def __init__(self, name: str, at: Point, length: float, turn: float, tint: looks.Colour) -> None:
        self.root = empty(name, at)
        self.root.rotation_euler = (math.radians(8), 0, turn)
        self.length = length
        self.parts = [self._body(name, tint), self._fins(name, tint)]
        self.rest = [[vertex.co.copy() for vertex in part.data.vertices] for part in self.parts]

    def _body(self, name: str, tint: looks.Colour) -> Object:
        size = self.length

        def surface(u: float, v: float) -> Point:
            girth = 0.165 * size * math.sin(math.pi * min(u * 1.04 + 0.02, 1.0) ** 0.62) ** 0.8 + 0.012 * size
            scales = 1 + 0.025 * math.sin(26 * math.pi * u) * math.sin(16 * 2 * math.pi * v)
            turn = 2 * math.pi * v
            return (0.72 * girth * scales * math.cos(turn), size * (u - 0.4), girth * scales * math.sin(turn))

        body = Clay().grid(surface, 44, 36, caps=True).make(name + " body", _carp_paper(name, tint), parent=self.root)
        body.visible_shadow = False
        eyes, white = Clay(), Clay()
        for side in (-1, 1):
            white.ellipsoid(
                (side * 0.066 * size, -0.325 * size, 0.036 * size), (0.014 * size, 0.030 * size, 0.030 * size)
            )
            eyes.ellipsoid(
                (side * 0.077 * size, -0.33 * size, 0.036 * size), (0.009 * size, 0.018 * size, 0.018 * size)
            )
        white.make(name + " whites", looks.glow(name + " white", (1.0, 0.9, 0.7), 1.1), parent=self.root)
        eyes.make(name + " eyes", _black_wood(), parent=self.root)
        return body

    def _fins(self, name: str, tint: looks.Colour) -> Object:
        size, fins = self.length, Clay()

        def sheet(root: Point, tip: Point, across: Point) -> None:
            def surface(u: float, v: float) -> Point:
                flare, wave = 0.16 + 0.84 * u**0.8, 0.012 * size * math.sin(9 * math.pi * v) * u
                reach = u * (1 - 0.22 * math.cos(2 * math.pi * v))
                return tuple(
                    r + t * reach + a * (v - 0.5) * flare + wave for r, t, a in zip(root, tip, across, strict=False)
                )

            fins.grid(surface, 10, 26, wrap=False)

        sheet((0, 0.50 * size, 0), (0, 0.34 * size, 0.03 * size), (0, 0.05 * size, 0.50 * size))
        sheet((0, -0.05 * size, 0.13 * size), (0, 0.16 * size, 0.13 * size), (0, 0.30 * size, -0.03 * size))
        for side in (-1, 1):
            sheet(
                (side * 0.09 * size, -0.16 * size, -0.06 * size),
                (side * 0.21 * size, 0.12 * size, -0.10 * size),
                (0, 0.15 * size, 0.04 * size),
            )
        made = fins.make(name + " fins", _carp_paper(name + " fin", looks.scaled(tint, 0.6)), parent=self.root)
        made.visible_shadow = False
        return made

    def swim(self, phase: float) -> None:
        """Bend the carp: a wave runs from head to tail, `phase` in radians."""
        for part, rest in zip(self.parts, self.rest, strict=False):
            for vertex, co in zip(part.data.vertices, rest, strict=False):
                along = max(co.y / self.length + 0.4, 0.0)
                vertex.co.x = co.x + 0.085 * self.length * along**1.5 * math.sin(4.6 * along - phase)
            part.data.update()


def _carp_paper(name: str, tint: looks.Colour) -> bpy.types.Material:
    nodes = looks.Nodes(name + " carp paper")
    place = nodes.add("TexCoord").outputs["Object"]
    patch = nodes.add("MapRange", {"Value": nodes.noise(3.1, 2.0), 1: 0.43, 2: 0.48, 3: 0.0, 4: 1.0}).outputs[0]
    scale = nodes.add("TexVoronoi", {"Vector": place, "Scale": 17.0}, feature="DISTANCE_TO_EDGE").outputs["Distance"]
    line = nodes.add("MapRange", {"Value": scale, 1: 0.0, 2: 0.10, 3: 0.45, 4: 1.0}).outputs[0]
    facing = nodes.math("SUBTRACT", 1.12, nodes.add("LayerWeight", {"Blend": 0.4}).outputs["Facing"])
    power = nodes.math("MULTIPLY", nodes.math("MULTIPLY", facing, line), 0.85)
    colour = nodes.mix(patch, (1.0, 0.66, 0.36), tint)
    return nodes.through_haze(nodes.add("Emission", {"Color": colour, "Strength": power}).outputs[0])


def stall(name: str, side: int, y: float, length: float, stripes: tuple[looks.Colour, looks.Colour]) -> None:
    """A market stall against the wall on one side (-1 left, 1 right): counter, posts, striped awning, wares."""
    wood = looks.planks(name + " wood", (0.16, 0.075, 0.035))
    x, middle = side * 1.95, y + length / 2
    frame = Clay().box((x, middle, 0.42), (0.95, length, 0.84)).box((x, middle, 0.87), (1.08, length + 0.12, 0.06))
    for end in (y, y + length):
        frame.box((x - side * 0.48, end, 1.15), (0.08, 0.08, 2.3))
    frame.make(name + " frame", wood, smooth=False, bevel=0.008)
    for parity, colour in enumerate(stripes):
        awning = Clay()
        for k in range(parity, 10, 2):
            awning.grid(_awning_strip(side, y - 0.15 + (length + 0.3) * k / 10, (length + 0.3) / 10), 14, 6, wrap=False)
        awning.make(
            f"{name} awning {parity}",
            looks.plain(f"{name} stripe {parity}", colour, roughness=0.85, scale=14),
            thickness=0.012,
        )
    _wares(name, side, y, length)


def _awning_strip(side: int, start: float, width: float) -> Callable[[float, float], Point]:
    def surface(u: float, v: float) -> Point:
        out, drop = min(u / 0.8, 1.0), max(u - 0.8, 0.0) / 0.2
        scallop = 0.13 + 0.06 * math.sin(math.pi * v)
        return (
            side * (2.62 - 1.45 * out),
            start + width * v,
            2.46 - 0.42 * out - 0.05 * math.sin(math.pi * out) - drop * scallop,
        )

    return surface


def _wares(name: str, side: int, y: float, length: float) -> None:
    fruits = ((0.62, 0.10, 0.02), (0.70, 0.30, 0.03), (0.22, 0.32, 0.05), (0.45, 0.02, 0.04))
    for k, colour in enumerate(fruits):
        at = y + length * (k + 0.5) / 4
        bowl = Clay().lathe([(0.10, 0.90), (0.17, 0.95), (0.20, 1.02)], centre=(side * 1.68, at, 0), columns=24)
        bowl.make(
            f"{name} bowl {k}", looks.plain(f"{name} glaze {k}", (0.05, 0.07, 0.10), roughness=0.25), thickness=0.012
        )
        heap = Clay()
        for n in range(16):
            ring, lift = (0.125, 1.01) if n < 8 else ((0.075, 1.075) if n < 13 else (0.03, 1.13))
            turn = n * 2.39996
            heap.ellipsoid(
                (side * 1.68 + ring * math.cos(turn), at + ring * math.sin(turn), lift),
                (0.046, 0.046, 0.044),
                rows=9,
                columns=12,
            )
        heap.make(f"{name} fruit {k}", looks.plain(f"{name} peel {k}", colour, roughness=0.35, mottle=0.35, scale=20))


def crates(placed: Iterable[tuple[float, float, float, float, float]]) -> None:
    """Boxes and barrels at (x, y, z, size, turn)."""
    wood = looks.planks("crate wood", (0.20, 0.10, 0.05), per_metre=11)
    band = looks.plain("iron", (0.05, 0.05, 0.06), roughness=0.4, metallic=0.8)
    for x, y, z, size, turn in placed:
        Clay().box((0, 0, size / 2), (size, size, size), turn=turn).make(
            "crate", wood, smooth=False, bevel=0.012, at=(x, y, z)
        )
        rims = Clay()
        for lift in (0.08, 0.92):
            rims.box((0, 0, size * lift), (1.03 * size, 1.03 * size, 0.09 * size), turn=turn)
        rims.make("crate rims", looks.planks("crate rim", (0.11, 0.055, 0.03)), smooth=False, bevel=0.006, at=(x, y, z))
    for x, y in ((-2.25, 3.4), (2.3, 3.3), (2.25, 8.4), (-2.2, 9.6)):
        Clay().lathe([(0.24, 0), (0.31, 0.38), (0.24, 0.78), (0.2, 0.78), (0.0, 0.76)], columns=32).make(
            "barrel", looks.planks("stave", (0.15, 0.07, 0.03), per_metre=9), at=(x, y, 0)
        )
        hoops = Clay()
        for lift, radius in ((0.12, 0.272), (0.38, 0.314), (0.66, 0.272)):
            hoops.lathe([(radius, lift + 0.025), (radius + 0.008, lift), (radius, lift - 0.025)], columns=32)
        hoops.make("hoops", band, at=(x, y, 0), thickness=0.008)
