"""Materials, and the dusk haze that every one of them sinks into with distance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import bpy

Colour = tuple[float, float, float]
Input = Any  # a number, a colour, or the socket of another node

HAZE: Colour = (0.070, 0.078, 0.150)
HAZE_PER_METRE = 0.028


class Nodes:
    """A short hand for wiring one material's nodes."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.tree.nodes.clear()

    def add(self, kind: str, /, inputs: Mapping[Any, Any] | None = None, **settings: Any) -> bpy.types.Node:
        """Add a node; an input given a socket is linked, otherwise set."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for name, setting in settings.items():
            setattr(node, name, setting)
        for key, value in (inputs or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, node.inputs[key])
            else:
                node.inputs[key].default_value = (*value, 1.0) if _is_rgb(value, node.inputs[key]) else value
        return node

    def math(self, operation: str, *values: Input) -> bpy.types.NodeSocket:
        """The result socket of a math node."""
        return self.add("Math", dict(enumerate(values)), operation=operation).outputs[0]

    def mix(self, amount: Input, first: Input, second: Input) -> bpy.types.NodeSocket:
        """The colour between two colours."""
        return self.add("MixRGB", {"Fac": amount, "Color1": first, "Color2": second}).outputs[0]

    def noise(self, scale: float, detail: float = 4.0) -> bpy.types.NodeSocket:
        """Fractal noise in the object's own space."""
        place = self.add("TexCoord").outputs["Object"]
        return self.add("TexNoise", {"Vector": place, "Scale": scale, "Detail": detail}).outputs["Fac"]

    def through_haze(self, surface: bpy.types.NodeSocket) -> bpy.types.Material:
        """Finish: distance along the optical axis mixes the surface into the evening air."""
        depth = self.add("CameraData").outputs["View Z Depth"]
        clear = self.math("EXPONENT", self.math("MULTIPLY", depth, -HAZE_PER_METRE))
        air = self.add("Emission", {"Color": HAZE, "Strength": 1.0}).outputs[0]
        mixed = self.add("MixShader", {0: clear, 1: air, 2: surface}).outputs[0]
        self.tree.links.new(mixed, self.add("OutputMaterial").inputs["Surface"])
        self.material.cycles.sample_as_light = False
        return self.material


def scaled(colour: Colour, by: float) -> Colour:
    """A colour brighter or darker."""
    red, green, blue = colour
    return red * by, green * by, blue * by


def _is_rgb(value: Any, socket: bpy.types.NodeSocket) -> bool:
    return socket.type == "RGBA" and isinstance(value, tuple) and len(value) == 3


def plain(
    name: str,
    colour: Colour,
    *,
    roughness: float = 0.7,
    mottle: float = 0.25,
    scale: float = 6.0,
    bump: float = 0.0,
    metallic: float = 0.0,
) -> bpy.types.Material:
    """A mottled everyday surface: cloth, plaster, wood, tile."""
    nodes = Nodes(name)
    grain = nodes.noise(scale)
    dark = tuple(c * (1 - mottle) for c in colour)
    light = tuple(min(c * (1 + mottle), 1.0) for c in colour)
    inputs = {
        "Base Color": nodes.mix(grain, dark, light),
        "Roughness": roughness,
        "Metallic": metallic,
        "Specular": 0.35,
    }
    if bump:
        inputs["Normal"] = nodes.add("Bump", {"Height": grain, "Strength": bump, "Distance": 0.02}).outputs[0]
    return nodes.through_haze(nodes.add("BsdfPrincipled", inputs).outputs[0])


def planks(name: str, colour: Colour, *, per_metre: float = 7.0) -> bpy.types.Material:
    """Weathered timber with upright boards."""
    nodes = Nodes(name)
    place = nodes.add("TexCoord").outputs["Object"]
    split = nodes.add("SeparateXYZ", {0: place})
    across = nodes.math("ADD", split.outputs[0], split.outputs[1])
    board = nodes.math("FRACT", nodes.math("MULTIPLY", across, per_metre))
    gap = nodes.math("LESS_THAN", board, 0.07)
    stretched = nodes.add("VectorMath", {0: place, 1: (9.0, 9.0, 0.8)}, operation="MULTIPLY").outputs[0]
    grain = nodes.add("TexNoise", {"Vector": stretched, "Scale": 2.0, "Detail": 5.0}).outputs["Fac"]
    tone = nodes.mix(grain, tuple(0.45 * c for c in colour), tuple(1.4 * c for c in colour))
    tone = nodes.mix(gap, tone, tuple(0.1 * c for c in colour))
    return nodes.through_haze(nodes.add("BsdfPrincipled", {"Base Color": tone, "Roughness": 0.65}).outputs[0])


def wet_cobbles() -> bpy.types.Material:
    """Paving stones after rain; the puddles between them mirror the lanterns."""
    nodes = Nodes("cobbles")
    place = nodes.add("TexCoord").outputs["Object"]
    cells = nodes.add("TexVoronoi", {"Vector": place, "Scale": 5.5}, feature="DISTANCE_TO_EDGE").outputs["Distance"]
    tint = nodes.add("TexVoronoi", {"Vector": place, "Scale": 5.5}).outputs["Color"]
    dome = nodes.add(
        "MapRange", {"Value": cells, 1: 0.0, 2: 0.16, 3: 0.0, 4: 1.0}, interpolation_type="SMOOTHSTEP"
    ).outputs[0]
    pools = nodes.add("MapRange", {"Value": nodes.noise(0.9, 2.0), 1: 0.50, 2: 0.60, 3: 0.0, 4: 1.0}).outputs[0]
    stone = nodes.mix(0.25, (0.060, 0.058, 0.066), tint)
    stone = nodes.mix(dome, (0.010, 0.010, 0.012), nodes.mix(0.75, stone, (0.055, 0.05, 0.055)))
    stone = nodes.mix(nodes.math("MULTIPLY", pools, 0.7), stone, (0.012, 0.012, 0.015))
    rough = nodes.add("MapRange", {"Value": pools, 1: 0.0, 2: 1.0, 3: 0.42, 4: 0.06}).outputs[0]
    height = nodes.math("MULTIPLY", dome, nodes.math("SUBTRACT", 1.0, nodes.math("MULTIPLY", pools, 0.93)))
    relief = nodes.add("Bump", {"Height": height, "Strength": 0.8, "Distance": 0.03}).outputs[0]
    return nodes.through_haze(
        nodes.add(
            "BsdfPrincipled", {"Base Color": stone, "Roughness": rough, "Normal": relief, "Specular": 0.6}
        ).outputs[0]
    )


def skin(name: str, colour: Colour, radius: float) -> bpy.types.Material:
    """A face: warm, soft, with blushing cheeks (object space: the head's centre, `radius` metres)."""
    nodes = Nodes(name)
    split = nodes.add("SeparateXYZ", {0: nodes.add("TexCoord").outputs["Object"]}).outputs
    place = nodes.add("CombineXYZ", {0: nodes.math("ABSOLUTE", split[0]), 1: split[1], 2: split[2]}).outputs[0]
    cheek = (0.54 * radius, -0.76 * radius, -0.30 * radius)
    away = nodes.add("VectorMath", {0: place, 1: cheek}, operation="DISTANCE").outputs["Value"]
    flush = nodes.add(
        "MapRange",
        {"Value": away, 1: 0.05 * radius, 2: 0.48 * radius, 3: 0.55, 4: 0.0},
        interpolation_type="SMOOTHSTEP",
    ).outputs[0]
    tone = nodes.mix(flush, colour, (0.62, 0.16, 0.11))
    return nodes.through_haze(
        nodes.add("BsdfPrincipled", {"Base Color": tone, "Roughness": 0.5, "Specular": 0.3, "Sheen": 0.3}).outputs[0]
    )


def paper_lamp(name: str, *, strength: float, ribs: float) -> bpy.types.Material:
    """Lit paper on a bamboo frame; the object's own colour tints it, the flame is low in the middle."""
    nodes = Nodes(name)
    split = nodes.add("SeparateXYZ", {0: nodes.add("TexCoord").outputs["Generated"]})
    height = split.outputs[2]
    low = nodes.math("SUBTRACT", 1.0, nodes.math("ABSOLUTE", nodes.math("SUBTRACT", height, 0.42)))
    facing = nodes.math("SUBTRACT", 1.0, nodes.add("LayerWeight", {"Blend": 0.4}).outputs["Facing"])
    flame = nodes.math("MULTIPLY", nodes.math("POWER", low, 3.0), nodes.math("ADD", facing, 0.22))
    wave = nodes.math("FRACT", nodes.math("MULTIPLY", height, ribs))
    rib = nodes.math("SUBTRACT", 1.0, nodes.math("MULTIPLY", nodes.math("LESS_THAN", wave, 0.13), 0.55))
    fibre = nodes.math("ADD", 0.7, nodes.math("MULTIPLY", nodes.noise(28.0), 0.6))
    rib = nodes.math("MULTIPLY", rib, _crest(nodes, split.outputs))
    power = nodes.math("MULTIPLY", nodes.math("MULTIPLY", flame, rib), nodes.math("MULTIPLY", fibre, strength))
    tint = nodes.add("ObjectInfo").outputs["Color"]
    return nodes.through_haze(nodes.add("Emission", {"Color": tint, "Strength": power}).outputs[0])


def _crest(nodes: Nodes, generated: Sequence[bpy.types.NodeSocket]) -> bpy.types.NodeSocket:
    """How much light a painted plum blossom lets through, on the lantern's lens side."""

    def disc(x: float, z: float, radius: float) -> bpy.types.NodeSocket:
        across = nodes.math("POWER", nodes.math("SUBTRACT", generated[0], x), 2.0)
        up = nodes.math("POWER", nodes.math("SUBTRACT", generated[2], z), 2.0)
        return nodes.math("LESS_THAN", nodes.math("ADD", across, up), radius * radius)

    paint = disc(0.5, 0.46, 0.03)
    for petal in range(5):
        turn = math.tau * petal / 5
        paint = nodes.math("MAXIMUM", paint, disc(0.5 + 0.125 * math.sin(turn), 0.46 + 0.125 * math.cos(turn), 0.072))
    front = nodes.math("LESS_THAN", generated[1], 0.5)
    return nodes.math("SUBTRACT", 1.0, nodes.math("MULTIPLY", nodes.math("MULTIPLY", paint, front), 0.72))


def glow(name: str, colour: Colour, strength: float) -> bpy.types.Material:
    """Something that simply shines: a bulb, a lit window, the glint in an eye."""
    nodes = Nodes(name)
    flicker = nodes.math("ADD", 0.6, nodes.math("MULTIPLY", nodes.noise(3.0), 0.8))
    return nodes.through_haze(
        nodes.add("Emission", {"Color": colour, "Strength": nodes.math("MULTIPLY", flicker, strength)}).outputs[0]
    )


def halo(name: str, colour: Colour, strength: float) -> bpy.types.Material:
    """The lit mist round a lamp, for a ball much larger than the lamp: clear at its rim, brightest in its middle."""
    nodes = Nodes(name)
    facing = nodes.math("SUBTRACT", 1.0, nodes.add("LayerWeight", {"Blend": 0.5}).outputs["Facing"])
    front = nodes.math("SUBTRACT", 1.0, nodes.add("NewGeometry").outputs["Backfacing"])
    seen = nodes.math("MULTIPLY", front, nodes.add("LightPath").outputs["Is Camera Ray"])
    power = nodes.math("MULTIPLY", nodes.math("MULTIPLY", nodes.math("POWER", facing, 3.0), strength), seen)
    mist = nodes.add("Emission", {"Color": colour, "Strength": power}).outputs[0]
    both = nodes.add("AddShader", {0: mist, 1: nodes.add("BsdfTransparent").outputs[0]}).outputs[0]
    nodes.tree.links.new(both, nodes.add("OutputMaterial").inputs["Surface"])
    nodes.material.cycles.sample_as_light = False
    return nodes.material
