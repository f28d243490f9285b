"""The stereo camera and the lamps.

Two parallel cameras, `INTERAXIAL` metres apart along the camera's x. The right one's sensor is shifted so that what
lies at `ZERO_PLANE` metres falls on the same pixel in both; nothing is toed in, so disparity has no vertical part:

    disparity [px] = x_left - x_right = focal_px * INTERAXIAL * (1 / Z - 1 / ZERO_PLANE)
"""

from __future__ import annotations

import math

import bpy
from bpy.types import Object
from mathutils import Matrix

from examples.lantern_alley.cast import FIRST, FRAMES_PER_SECOND, Cast
from examples.lantern_alley.clay import Point
from examples.lantern_alley.looks import Colour

FOCAL_MM, SENSOR_MM = 32.0, 36.0
INTERAXIAL, ZERO_PLANE = 0.045, 2.75


class StereoCamera:
    """The moving camera pair; `aim(frame, eye)` puts the camera in one eye's place."""

    def __init__(self) -> None:
        lens = bpy.data.cameras.new("stereo")
        lens.lens, lens.sensor_width, lens.clip_start, lens.clip_end = FOCAL_MM, SENSOR_MM, 0.05, 2000.0
        self.camera = bpy.data.objects.new("stereo", lens)
        bpy.context.collection.objects.link(self.camera)
        bpy.context.scene.camera = self.camera

    def aim(self, frame: int, eye: str) -> Matrix:
        """Move to a frame and an eye ("left" or "right"); returns the camera-to-world matrix."""
        t = (frame - FIRST) / FRAMES_PER_SECOND
        self.camera.location = (0.10 - 0.30 * t, 0.02 + 0.22 * t, 1.16 + 0.20 * t)
        self.camera.rotation_euler = (math.radians(90.5 - 2.0 * t), 0, math.radians(-1.0 + 3.0 * t))
        right = eye == "right"
        self.camera.location += right * INTERAXIAL * self.camera.rotation_euler.to_matrix().col[0]
        self.camera.data.shift_x = -right * INTERAXIAL * FOCAL_MM / SENSOR_MM / ZERO_PLANE
        bpy.context.view_layer.update()
        return self.camera.matrix_world.copy()


def focal_px(width: int) -> float:
    """The focal length in pixels of a picture `width` pixels wide."""
    return FOCAL_MM / SENSOR_MM * width


def light(cast: Cast) -> None:
    """The lamps behind the lanterns, a blue sky fill, and a warm rim from the street."""
    flame = (1.0, 0.56, 0.25)
    _lamp("hand flame", (0, 0, -0.13), 6.5, flame, 0.05, parent=cast.lantern)
    _lamp("pole flame", (0, 0, -0.15), 4.0, flame, 0.08, parent=cast.pole_lamp)
    _lamp("carp glow", (0, 0, -0.05), 18.0, (1.0, 0.45, 0.18), 0.25, parent=cast.carp[0].root)
    _lamp("rim", (1.15, 4.0, 2.45), 44.0, (1.0, 0.50, 0.20), 0.12)
    _lamp("fruit light", (1.12, 5.4, 2.0), 24.0, flame, 0.2)
    _lamp("cloth light", (-1.05, 6.3, 2.0), 22.0, flame, 0.2)
    _lamp("mid street", (0.2, 9.6, 3.0), 50.0, flame, 0.3)
    _lamp("far street", (0.0, 14.5, 3.2), 80.0, flame, 0.3)
    _lamp("open sky", (-0.8, -1.6, 3.2), 130.0, (0.26, 0.48, 1.0), 0.9)
    moon = bpy.data.lights.new("moon", "SUN")
    moon.energy, moon.color, moon.angle = 0.55, (0.32, 0.55, 1.0), math.radians(3)
    thing = bpy.data.objects.new("moon", moon)
    thing.rotation_euler = (math.radians(-48), math.radians(-26), 0)
    bpy.context.collection.objects.link(thing)


def _lamp(name: str, at: Point, watts: float, colour: Colour, radius: float, *, parent: Object | None = None) -> None:
    bulb = bpy.data.lights.new(name, "POINT")
    bulb.energy, bulb.color, bulb.shadow_soft_size = watts, colour, radius
    thing = bpy.data.objects.new(name, bulb)
    thing.location, thing.parent = at, parent
    bpy.context.collection.objects.link(thing)
