"""Modelling: simple shapes gathered into one mesh, then handed to Blender as an object.

Lengths are metres; x is right, y away from the lens, z up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import bpy
from mathutils import Matrix, Vector

Point = Sequence[float]


class Clay:
    """Vertices and faces of one object to be."""

    def __init__(self) -> None:
        self.vertices: list[Vector] = []
        self.faces: list[tuple[int, ...]] = []

    def grid(
        self,
        surface: Callable[[float, float], Point],
        rows: int,
        columns: int,
        *,
        wrap: bool = True,
        caps: bool = False,
    ) -> Clay:
        """Add the surface `surface(u, v)`, u down the rows and v round the columns, both 0..1."""
        start = len(self.vertices)
        span = columns if wrap else columns - 1
        for row in range(rows):
            for column in range(columns):
                self.vertices.append(Vector(surface(row / (rows - 1), column / span)))
        for row in range(rows - 1):
            for column in range(span):
                right = (column + 1) % columns
                a, b = start + row * columns, start + (row + 1) * columns
                self.faces.append((a + column, a + right, b + right, b + column))
        if caps:
            last = start + (rows - 1) * columns
            self.faces.append(tuple(range(start, start + columns))[::-1])
            self.faces.append(tuple(range(last, last + columns)))
        return self

    def ellipsoid(self, centre: Point, radii: Point, *, rows: int = 14, columns: int = 20) -> Clay:
        """Add an ellipsoid."""

        def surface(u: float, v: float) -> Point:
            polar, turn = math.pi * (0.004 + 0.992 * u), 2 * math.pi * v
            return (
                centre[0] + radii[0] * math.sin(polar) * math.cos(turn),
                centre[1] + radii[1] * math.sin(polar) * math.sin(turn),
                centre[2] + radii[2] * math.cos(polar),
            )

        return self.grid(surface, rows, columns, caps=True)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        *,
        columns: int = 40,
        centre: Point = (0, 0, 0),
        fold: Callable[[float, float], float] = lambda u, turn: 1.0,
    ) -> Clay:
        """Turn a (radius, height) profile round the vertical; `fold(u, turn)` scales the radius into drapery."""

        def surface(u: float, v: float) -> Point:
            radius, height = spline(profile, u)
            turn = 2 * math.pi * v
            radius *= fold(u, turn)
            return (centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn), centre[2] + height)

        return self.grid(surface, 4 * len(profile), columns)

    def tube(self, points: Sequence[Point], radii: Sequence[float], *, sides: int = 12, rows: int = 16) -> Clay:
        """Sweep a circle along a smooth path through the points."""
        path = [spline(points, row / (rows - 1)) for row in range(rows)]
        widths = [spline([(r,) for r in radii], row / (rows - 1))[0] for row in range(rows)]
        frames = _frames(path)

        def surface(u: float, v: float) -> Point:
            row = round(u * (rows - 1))
            side, up = frames[row]
            turn = 2 * math.pi * v
            point: Point = Vector(path[row]) + widths[row] * (math.cos(turn) * side + math.sin(turn) * up)
            return point

        return self.grid(surface, rows, sides, caps=True)

    def box(self, centre: Point, size: Point, *, turn: float = 0.0) -> Clay:
        """Add a box, turned `turn` radians about the vertical."""
        start = len(self.vertices)
        place = Matrix.Translation(centre) @ Matrix.Rotation(turn, 4, "Z")
        for x in (-0.5, 0.5):
            for y in (-0.5, 0.5):
                for z in (-0.5, 0.5):
                    self.vertices.append(place @ Vector((x * size[0], y * size[1], z * size[2])))
        for face in ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)):
            self.faces.append(tuple(start + corner for corner in face))
        return self

    def make(
        self,
        name: str,
        material: bpy.types.Material,
        *,
        parent: bpy.types.Object | None = None,
        smooth: bool = True,
        bevel: float = 0.0,
        thickness: float = 0.0,
        remesh: float = 0.0,
        at: Point = (0, 0, 0),
    ) -> bpy.types.Object:
        """Put the mesh into the scene, with the finishing touches asked for (metres)."""
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([tuple(v) for v in self.vertices], [], self.faces)
        mesh.materials.append(material)
        mesh.polygons.foreach_set("use_smooth", [smooth or remesh > 0] * len(mesh.polygons))
        thing = bpy.data.objects.new(name, mesh)
        bpy.context.collection.objects.link(thing)
        thing.parent, thing.location = parent, at
        _finish(thing, bevel, thickness, remesh)
        return thing


def _finish(thing: bpy.types.Object, bevel: float, thickness: float, remesh: float) -> None:
    if thickness:
        shell = thing.modifiers.new("cloth", "SOLIDIFY")
        shell.thickness, shell.offset = thickness, 0
    if bevel:
        edge = thing.modifiers.new("edges", "BEVEL")
        edge.width, edge.segments = bevel, 2
    if remesh:
        fuse = thing.modifiers.new("fuse", "REMESH")
        fuse.mode, fuse.voxel_size, fuse.use_smooth_shade = "VOXEL", remesh, True
        relax = thing.modifiers.new("relax", "SMOOTH")
        relax.factor, relax.iterations = 0.6, 6


def empty(name: str, at: Point = (0, 0, 0), parent: bpy.types.Object | None = None) -> bpy.types.Object:
    """An invisible joint that other objects hang on."""
    joint = bpy.data.objects.new(name, None)
    bpy.context.collection.objects.link(joint)
    joint.location, joint.parent = at, parent
    return joint


def spline(points: Sequence[Point], u: float) -> list[float]:
    """Catmull-Rom through the points at u = 0..1."""
    last = len(points) - 1
    place = min(max(u, 0.0), 1.0) * last
    i = min(int(place), last - 1)
    t = place - i
    a, b, c, d = (points[min(max(i + k, 0), last)] for k in (-1, 0, 1, 2))
    return [
        0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t + (3 * q - p - 3 * r + s) * t**3)
        for p, q, r, s in zip(a, b, c, d, strict=False)
    ]


def _frames(path: Sequence[Point]) -> list[tuple[Vector, Vector]]:
    frames, side = [], None
    for row in range(len(path)):
        along = (Vector(path[min(row + 1, len(path) - 1)]) - Vector(path[max(row - 1, 0)])).normalized()
        if side is None:
            side = along.orthogonal().normalized()
        side = (side - along * side.dot(along)).normalized()
        frames.append((side, along.cross(side)))
    return frames
