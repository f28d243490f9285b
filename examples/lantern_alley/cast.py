"""Who is in the shot and how they move: the lantern girl, the passers-by, the cat, the carp."""

from __future__ import annotations

import math

from bpy.types import Object
from mathutils import Vector

from examples.lantern_alley import animals, figures, looks, props
from examples.lantern_alley.clay import Clay, empty

FIRST, FRAMES_PER_SECOND = 1001, 24


class Cast:
    """The moving parts of the scene; `pose(frame)` places them all."""

    def __init__(self) -> None:
        self.girl, self.head, self.reach, self.lantern = _lantern_girl()
        wardrobes = figures.Wardrobe
        self.walkers = [
            (
                figures.stroller(
                    "pilgrim", (-1.08, 5.15, 0), 2.75, wardrobes((0.07, 0.10, 0.13), (0.30, 0.06, 0.03)), hat=True
                ),
                Vector((0.10, 0.75, 0)),
                1.9,
            ),
            (
                figures.stroller(
                    "aunt", (-0.36, 6.7, 0), 0.15, wardrobes((0.16, 0.05, 0.11), (0.40, 0.30, 0.12)), height=1.52
                ),
                Vector((0.25, -0.6, 0)),
                2.1,
            ),
            (
                figures.stroller(
                    "boy", (-0.62, 9.3, 0), -0.2, wardrobes((0.06, 0.12, 0.10), (0.45, 0.20, 0.05)), height=1.3
                ),
                Vector((-0.1, -0.9, 0)),
                2.6,
            ),
            (
                figures.stroller("tall one", (0.22, 11.5, 0), 0.1, wardrobes((0.12, 0.08, 0.06)), height=1.8, hat=True),
                Vector((0.1, -0.7, 0)),
                1.7,
            ),
        ]
        self.vendor = figures.stroller(
            "vendor", (2.22, 5.7, 0), -1.15, wardrobes((0.10, 0.14, 0.22), (0.5, 0.4, 0.25)), hat=True
        )
        shade = figures.umbrella("aunt", self.walkers[1][0], (0.12, 0.02, 1.86), 0.66, (0.46, 0.055, 0.035))
        shade.rotation_euler = (-0.12, 0.16, 0.0)
        self.starts = [walker.location.copy() for walker, _, _ in self.walkers]
        pole = Clay().tube([(0.30, -0.5, 1.38), (0.28, 0.9, 1.42)], [0.016, 0.012])
        pole.make("pole", looks.plain("pole wood", (0.12, 0.06, 0.03)), parent=self.walkers[0][0])
        self.pole_lamp = props.lantern(
            "pole lamp", (0.30, -0.46, 1.36), 0.12, props.CREAM, mist=2.6, parent=self.walkers[0][0]
        )
        self.cat, self.tail = animals.cat("cat", (-1.42, 3.70, 0.52), 0.42)
        self.carp = [
            props.Carp("great carp", (-0.5, 5.5, 2.30), 1.5, math.radians(-58), (1.0, 0.13, 0.02)),
            props.Carp("small carp", (1.15, 6.6, 2.75), 1.0, math.radians(50), (1.0, 0.34, 0.05)),
        ]

    def pose(self, frame: int) -> None:
        """Place everyone for a frame; walking speeds are metres a second."""
        t = (frame - FIRST) / FRAMES_PER_SECOND
        step = math.sin(2 * math.pi * 1.7 * t + 0.6)
        self.girl.location = (0.50 - 0.12 * t, 2.86 - 0.80 * t, 0.018 * abs(step))
        self.girl.rotation_euler = (0, 0.015 * step, -0.20)
        self.head.rotation_euler = (0.05 + 0.02 * step, 0.05 - 0.10 * t, 0.10 + 0.15 * t)
        self.reach.rotation_euler = (0.05 - 0.16 * t, 0, -0.06 + 0.10 * t)
        self.lantern.rotation_euler = (0.10 * math.sin(7 * t), 0.16 * math.sin(6.2 * t + 0.9), 0.5 * t)
        for (walker, pace, rhythm), start in zip(self.walkers, self.starts, strict=False):
            walker.location = start + pace * t
            walker.location.z = 0.02 * abs(math.sin(math.pi * rhythm * t + start.y))
            walker.rotation_euler[1] = 0.03 * math.sin(math.pi * rhythm * t + start.x)
        self.vendor.rotation_euler[1] = 0.05 * math.sin(3 * t)
        self.tail.rotation_euler = (0, 0.25 * math.sin(5 * t), 0.5 * math.sin(4 * t))
        self.carp[0].root.location = (-0.62 - 0.55 * t, 5.30 - 0.45 * t, 2.36 + 0.06 * math.sin(4 * t))
        self.carp[1].root.location = (0.98 + 0.40 * t, 7.6 - 0.5 * t, 2.95 + 0.05 * math.sin(4 * t + 1))
        for carp, offset in zip(self.carp, (0.0, 1.8), strict=False):
            carp.swim(2 * math.pi * 1.1 * t + offset)


def _lantern_girl() -> tuple[Object, Object, Object, Object]:
    height, r = 1.26, 0.175
    root = empty("girl")
    red = (0.34, 0.022, 0.018)
    figures.tunic("girl", root, 0.90, (0.40, 0.25, 0.08))
    figures.cloak("girl", root, 0.93, 0.40, red, opening=0.75, phase=1.2)
    head = figures.face("girl", r, root, (0, -0.02, height - r))
    figures.hood("girl", r, head, red)
    clasp = Clay().ellipsoid((0, -0.165, 0.90), (0.035, 0.02, 0.035))
    clasp.make("clasp", looks.plain("brass", (0.75, 0.45, 0.14), roughness=0.22, metallic=1.0), parent=root)
    reach = empty("shoulder", (-0.14, -0.05, 0.82), root)
    wrist, tip = Vector((-0.10, -0.66, 0.16)), Vector((-0.13, -1.30, 0.42))
    sleeve = looks.plain("sleeve", (0.42, 0.27, 0.10), roughness=0.9, mottle=0.2, scale=30, bump=0.08)
    Clay().tube(
        [(0.02, 0.03, -0.03), (-0.08, -0.27, -0.01), wrist + Vector((0.0, 0.07, -0.03))],
        [0.085, 0.075, 0.088],
        rows=30,
        sides=20,
    ).make("sleeve", sleeve, parent=reach)
    Clay().tube(
        [wrist + Vector((0.0, 0.09, -0.035)), wrist + Vector((0.0, 0.045, -0.02))], [0.080, 0.093], rows=8, sides=20
    ).make("cuff", looks.plain("cuff", red, bump=0.06, scale=40), parent=reach)
    Clay().tube([wrist + Vector((0, 0.10, -0.05)), wrist + Vector((0, 0.0, -0.02))], [0.036, 0.033]).make(
        "wrist", looks.skin("wrist skin", figures.SKIN, 9.0), parent=reach
    )
    along = (tip - wrist).normalized()
    figures.fist("girl", reach, wrist, along, 0.078)
    Clay().tube([wrist - 0.16 * along, wrist + 0.3 * along, tip], [0.015, 0.013, 0.009], rows=20).make(
        "rod", looks.plain("rod wood", (0.10, 0.045, 0.02), roughness=0.4), parent=reach
    )
    lantern = props.lantern("hand lantern", tip, 0.105, props.AMBER, tall=1.15, mist=2.2, parent=reach)
    return root, head, reach, lantern
