"""The cat of the alley: built facing the lens (-y), sitting on z = 0."""

from __future__ import annotations

from bpy.types import Object

from examples.lantern_alley import looks
from examples.lantern_alley.clay import Clay, Point, empty


def cat(name: str, at: Point, turn: float) -> tuple[Object, Object]:
    """A black cat with lamp-lit eyes, sitting; returns its root and the joint of its tail."""
    root = empty(name, at)
    root.rotation_euler[2] = turn
    fur = looks.plain(name + " fur", (0.022, 0.018, 0.020), roughness=0.55, mottle=0.5, scale=60, bump=0.1)
    body = Clay().ellipsoid((0, 0.05, 0.14), (0.115, 0.15, 0.15)).ellipsoid((0, -0.03, 0.23), (0.085, 0.09, 0.14))
    body.ellipsoid((0, -0.07, 0.385), (0.092, 0.082, 0.078)).ellipsoid((0, -0.145, 0.362), (0.042, 0.03, 0.03))
    for side in (-1, 1):
        body.tube([(side * 0.05, -0.08, 0.24), (side * 0.05, -0.11, 0.02)], [0.036, 0.03])
        body.ellipsoid((side * 0.05, -0.125, 0.02), (0.034, 0.045, 0.022))
        body.tube([(side * 0.055, -0.06, 0.43), (side * 0.075, -0.055, 0.515)], [0.038, 0.004])
    body.make(name + " body", fur, parent=root, remesh=0.008)
    eyes = looks.glow(name + " gaze", (0.62, 0.85, 0.12), 1.3)
    slits = looks.plain(name + " slit", (0.003, 0.003, 0.003))
    for side in (-1, 1):
        Clay().ellipsoid((side * 0.038, -0.142, 0.40), (0.021, 0.012, 0.022)).make(name + " eye", eyes, parent=root)
        Clay().ellipsoid((side * 0.037, -0.152, 0.40), (0.005, 0.004, 0.019)).make(name + " slit", slits, parent=root)
    tail = empty(name + " tail", (0.06, 0.16, 0.04), root)
    Clay().tube(
        [(0, 0, 0), (0.14, 0.05, 0.02), (0.25, 0.02, 0.14), (0.22, -0.02, 0.30), (0.27, -0.04, 0.38)],
        [0.035, 0.033, 0.03, 0.028, 0.014],
        rows=26,
    ).make(name + " tail", fur, parent=tail)
    return root, tail
