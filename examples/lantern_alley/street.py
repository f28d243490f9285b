"""The set: wet street, house fronts, rooftops, gate, pagoda, hills and the evening sky."""

from __future__ import annotations

import math

import bpy
from bpy.types import Material

from examples.lantern_alley import looks, props
from examples.lantern_alley.clay import Clay, Point

House = tuple[int, float, float, float, float, looks.Colour]

HOUSES = (  # side, start y, length, height of the ground floor, of the upper floor, wall colour
    (-1, 1.2, 3.3, 2.6, 1.9, (0.20, 0.16, 0.13)),
    (-1, 4.6, 2.9, 2.7, 2.6, (0.26, 0.20, 0.15)),
    (-1, 7.6, 3.6, 2.5, 1.7, (0.13, 0.15, 0.17)),
    (-1, 11.3, 3.2, 2.8, 2.5, (0.25, 0.18, 0.13)),
    (-1, 14.6, 4.4, 2.6, 2.0, (0.18, 0.15, 0.14)),
    (-1, 19.1, 5.0, 2.7, 2.9, (0.22, 0.18, 0.15)),
    (1, 1.0, 3.0, 2.7, 2.4, (0.15, 0.16, 0.17)),
    (1, 4.1, 3.4, 2.6, 1.8, (0.25, 0.18, 0.12)),
    (1, 7.6, 2.8, 2.8, 2.9, (0.20, 0.15, 0.13)),
    (1, 10.5, 3.7, 2.5, 1.9, (0.16, 0.17, 0.18)),
    (1, 14.3, 3.6, 2.7, 2.3, (0.24, 0.18, 0.14)),
    (1, 18.0, 6.0, 2.6, 1.7, (0.18, 0.15, 0.14)),
)
WALL = 2.65


def build() -> None:
    """Put the whole street into the scene."""
    sky()
    Clay().grid(lambda u, v: (60 * (v - 0.5), 60 * u - 3, 0), 2, 2, wrap=False).make("street", looks.wet_cobbles())
    timber = looks.planks("timber", (0.13, 0.062, 0.032))
    beams = looks.plain("beams", (0.045, 0.022, 0.014), roughness=0.55, mottle=0.5, scale=9)
    tiles = looks.plain("tiles", (0.040, 0.048, 0.062), roughness=0.35, mottle=0.5, scale=5, bump=0.5)
    for index, house in enumerate(HOUSES):
        _house(index, house, timber, beams, tiles)
    _gate(beams, tiles)
    _far(tiles)
    _street_glow()


def _house(index: int, house: House, timber: Material, beams: Material, tiles: Material) -> None:
    side, y, length, ground, upper, colour = house
    middle, wall = y + length / 2, side * (WALL + 1.0)
    plaster = looks.plain(f"plaster {index}", colour, roughness=0.9, mottle=0.35, scale=3, bump=0.3)
    Clay().box((wall, middle, ground / 2), (2.0, length, ground)).make("ground floor", timber, smooth=False)
    Clay().box((wall + side * 0.12, middle, ground + upper / 2), (2.0, length, upper)).make(
        "upper", plaster, smooth=False
    )
    frame = Clay()
    for end in (y + 0.06, y + length - 0.06):
        frame.box((side * WALL, end, (ground + upper) / 2), (0.16, 0.13, ground + upper))
    for lift in (0.12, ground - 0.05, ground + upper - 0.06):
        frame.box((side * WALL, middle, lift), (0.15, length, 0.13))
    frame.make("frame", beams, smooth=False, bevel=0.01)
    _windows(index, side, y, length, ground, upper, beams)
    _roof(side, y - 0.15, length + 0.3, ground + 0.02, 0.62, tiles)
    _roof(side, y - 0.25, length + 0.5, ground + upper, 0.95, tiles)


def _windows(index: int, side: int, y: float, length: float, ground: float, upper: float, beams: Material) -> None:
    warm = ((1.0, 0.40, 0.11), (1.0, 0.52, 0.20), (1.0, 0.30, 0.07))[index % 3]
    for floor, (low, high) in enumerate(((0.95, ground - 0.45), (ground + 0.75, ground + upper - 0.35))):
        bays = 2 if length < 3.3 else 3
        for bay in range(bays):
            lit = (index * 5 + floor * 3 + bay * 7) % 4
            centre = y + length * (bay + 0.5) / bays
            width = length / bays * 0.66
            pane = looks.glow(f"pane {index} {floor} {bay}", warm, (0.05, 0.40, 0.62, 0.16)[lit])
            Clay().box((side * (WALL - 0.01), centre, (low + high) / 2), (0.05, width, high - low)).make(
                "pane", pane, smooth=False
            )
            lattice = Clay()
            for k in range(5):
                lattice.box(
                    (side * (WALL - 0.05), centre + width * (k / 4 - 0.5), (low + high) / 2),
                    (0.045, 0.028, high - low + 0.05),
                )
            for k in range(5):
                lattice.box((side * (WALL - 0.05), centre, low + (high - low) * k / 4), (0.045, width + 0.05, 0.028))
            lattice.make("lattice", beams, smooth=False)


def _roof(side: int, y: float, length: float, z: float, reach: float, tiles: Material) -> None:
    def surface(u: float, v: float) -> Point:
        ridge = 0.028 * abs(math.sin(math.pi * length * 4.0 * v))
        curl = 0.10 * max(u - 0.6, 0) ** 2 / 0.16 + 0.14 * (abs(2 * v - 1) ** 6) * u
        return (side * (WALL + 0.45 - (reach + 0.45) * u), y + length * v, z + 0.42 - 0.52 * u + curl + ridge)

    Clay().grid(surface, 10, int(length * 30), wrap=False).make("roof", tiles, thickness=0.05)
    edge = Clay()
    for k in range(int(length * 2.6)):
        edge.box((side * (WALL - 0.5 * reach + 0.1), y + (k + 0.5) / 2.6, z + 0.06), (reach + 0.2, 0.06, 0.06))
    edge.make("rafters", looks.plain("rafter", (0.05, 0.025, 0.016)), smooth=False)


def _gate(beams: Material, tiles: Material) -> None:
    red = looks.plain("vermilion", (0.34, 0.045, 0.02), roughness=0.5, mottle=0.3, scale=5)
    gate = Clay()
    for side in (-1, 1):
        gate.tube([(side * 1.9, 16.5, 0), (side * 1.75, 16.5, 4.3)], [0.17, 0.15], sides=18)
    gate.box((0, 16.5, 3.35), (4.3, 0.22, 0.26)).box((0, 16.5, 3.85), (0.4, 0.12, 0.7))
    gate.make("gate", red, bevel=0.02)

    def lintel(u: float, v: float) -> Point:
        x = 5.6 * (u - 0.5)
        turn = 2 * math.pi * v
        return x, 16.5 + 0.22 * math.cos(turn), 4.32 + 0.045 * x * x + 0.17 * math.sin(turn)

    Clay().grid(lintel, 24, 12, caps=True).make("lintel", beams)


def _far(tiles: Material) -> None:
    lit = looks.glow("far windows", (1.0, 0.42, 0.12), 1.5)
    dark = looks.plain("far wood", (0.05, 0.03, 0.03))
    Clay().box((0, 30, 1.5), (15, 4, 3.0)).box((0, 27.4, 0.3), (9, 2.4, 0.6)).make("hall", dark, smooth=False)
    bays = Clay()
    for k in range(12):
        bays.box((1.05 * (k - 5.5), 27.95, 1.75), (0.66, 0.06, 1.5))
    bays.make("hall light", lit, smooth=False)
    Clay().grid(
        lambda u, v: (17 * (v - 0.5) * (1 - 0.35 * u), 27.0 + 3.5 * u, 3.0 + 2.3 * u**1.5 + 0.5 * abs(2 * v - 1) ** 4),
        14,
        60,
        wrap=False,
    ).make("hall roof", tiles, thickness=0.15)
    for level in range(5):
        z, half = 3.2 + 2.5 * level, 3.4 - 0.45 * level
        Clay().box((2.6, 46, z + 0.7), (1.5 * half, 1.5 * half, 1.7)).make("storey", dark, smooth=False)
        Clay().box((2.6, 46 - 0.76 * half, z + 0.65), (0.8 * half, 0.05, 0.7)).make("storey light", lit, smooth=False)
        eaves = [(0.3 * half, z + 2.3), (0.75 * half, z + 1.75), (1.25 * half, z + 1.5), (1.5 * half, z + 1.62)]

        def square(u: float, turn: float) -> float:
            return float(max(abs(math.cos(turn)), abs(math.sin(turn))) ** -(0.9 * u + 0.1))

        Clay().lathe(eaves, centre=(2.6, 46, 0), columns=64, fold=square).make("eaves", tiles, thickness=0.1)
    Clay().tube([(2.6, 46, 15), (2.6, 46, 19.5)], [0.16, 0.03]).make("spire", dark)
    hills = looks.plain("hills", (0.03, 0.04, 0.06))
    for y, height, seed in ((90, 11, 0.4), (140, 24, 2.2)):

        def ridge(u: float, v: float, y: float = y, height: float = height, seed: float = seed) -> Point:
            x = 2.4 * y * (v - 0.5)
            peak = (
                0.55
                + 0.25 * math.sin(0.045 * x + seed)
                + 0.14 * math.sin(0.11 * x + 3 * seed)
                + 0.05 * math.sin(0.31 * x)
            )
            return x, y, u * height * peak

        Clay().grid(ridge, 2, 200, wrap=False).make("hill", hills)


def sky() -> None:
    """The world: afterglow at the horizon, night above, thin cloud, a low moon."""
    world = bpy.data.worlds.new("evening")
    bpy.context.scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    nodes = looks.Nodes.__new__(looks.Nodes)
    nodes.tree = tree
    direction = nodes.add("TexCoord").outputs["Generated"]
    height = nodes.add("SeparateXYZ", {0: direction}).outputs[2]
    ramp = nodes.add("ValToRGB", {"Fac": nodes.add("MapRange", {"Value": height, 1: -0.05, 2: 0.75}).outputs[0]})
    stops = (
        (0.06, (0.30, 0.135, 0.105)),
        (0.16, (0.245, 0.105, 0.150)),
        (0.30, (0.105, 0.080, 0.185)),
        (0.52, (0.035, 0.052, 0.150)),
        (1.0, (0.012, 0.026, 0.085)),
    )
    elements = ramp.color_ramp.elements
    for place, _ in stops[2:]:
        elements.new(place)
    for element, (place, colour) in zip(elements, stops, strict=False):
        element.position, element.color = place, (*colour, 1.0)
    flat = nodes.add("VectorMath", {0: direction, 1: (3.0, 3.0, 16.0)}, operation="MULTIPLY").outputs[0]
    wisps = nodes.add("TexNoise", {"Vector": flat, "Scale": 1.4, "Detail": 6.0}).outputs["Fac"]
    cloud = nodes.add("MapRange", {"Value": wisps, 1: 0.47, 2: 0.75, 3: 0.0, 4: 0.85}).outputs[0]
    colour = nodes.mix(cloud, ramp.outputs["Color"], (0.42, 0.17, 0.15))
    moon = (-0.150, 0.960, 0.237)
    toward = nodes.add("VectorMath", {0: direction, 1: moon}, operation="DOT_PRODUCT").outputs["Value"]
    length = math.sqrt(sum(c * c for c in moon))
    disc = nodes.add(
        "MapRange", {"Value": toward, 1: length * math.cos(0.0215), 2: length * math.cos(0.0200), 3: 0.0, 4: 1.0}
    ).outputs[0]
    colour = nodes.mix(disc, colour, (2.6, 2.2, 1.55))
    background = nodes.add("Background", {"Color": colour, "Strength": 1.0}).outputs[0]
    tree.links.new(background, nodes.add("OutputWorld").inputs["Surface"])


def _street_glow() -> None:
    # The end of the market is a warm blur of lamps and smoke.
    for number, (x, y, z, radius, power) in enumerate(((0.2, 24, 2.0, 4.6, 0.17), (0.4, 13, 1.6, 3.0, 0.07))):
        mist = looks.halo(f"street glow {number}", (1.0, 0.46, 0.19), power)
        Clay().ellipsoid((x, y, z), (radius, radius, 0.8 * radius), rows=24, columns=36).make(
            "street glow", mist
        ).visible_shadow = False


def dress() -> None:
    """Everything that hangs or lies about and does not move."""
    a, r, c, k = props.AMBER, props.ROSE, props.CREAM, props.CORAL
    props.stall("fruit stall", 1, 4.4, 2.6, ((0.36, 0.05, 0.03), (0.55, 0.45, 0.32)))
    props.stall("cloth stall", -1, 5.2, 2.4, ((0.05, 0.12, 0.20), (0.50, 0.42, 0.30)))
    props.stall("far stall", 1, 10.2, 2.6, ((0.10, 0.17, 0.10), (0.55, 0.45, 0.32)))
    props.crates(
        (
            (-1.42, 3.75, 0, 0.52, 0.3),
            (-2.1, 4.2, 0, 0.62, -0.2),
            (-2.05, 4.25, 0.62, 0.42, 0.5),
            (1.75, 8.0, 0, 0.5, 0.2),
            (-1.9, 8.6, 0, 0.6, 0.1),
        )
    )
    for number, (x, y, z, colour) in enumerate(((-1.72, 4.35, 2.45, r), (1.86, 4.15, 2.55, a), (-2.05, 3.1, 2.28, a))):
        props.lantern(f"eaves lamp {number}", (x, y, z), 0.17, colour, tall=1.1, mist=2.4)
    props.lantern_string("second string", (-2.6, 6.9, 3.6), (2.6, 6.3, 3.3), (c, a, a, r, a, c), sag=0.5)
    props.lantern_string("third string", (-2.6, 9.4, 3.4), (2.6, 9.8, 3.9), (a, k, c, a, r, a), sag=0.55)
    props.lantern_string("fourth string", (-2.6, 13.2, 3.7), (2.6, 12.6, 3.5), (a, c, r, a, a, k, c), sag=0.5)
    props.lantern_string("gate string", (-1.7, 16.4, 3.2), (1.7, 16.4, 3.2), (r, a, r, a, r), sag=0.15)
    for number, (x, y, z, colour) in enumerate(
        (
            (1.30, 4.75, 1.98, a),
            (1.30, 5.6, 1.98, c),
            (1.30, 6.5, 1.98, a),
            (-1.30, 5.5, 1.98, k),
            (-1.30, 6.9, 1.98, a),
            (1.3, 11.0, 2.0, a),
            (-2.2, 9.2, 2.3, r),
            (-2.2, 11.8, 2.4, a),
            (2.2, 14.2, 2.4, a),
        )
    ):
        props.lantern(f"stall lamp {number}", (x, y, z), 0.105, colour, tall=1.3, mist=2.8)
