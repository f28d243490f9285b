"""A small ray tracer: pictures with exact inverse depth, a few per second on one core.

Five unit shapes (ball, box, cylinder, cone, leaf) under affine maps, photograph
textures, one lamp with shadows, sky light with occlusion.
Convention: world y is up; the camera looks along its own +z, x right, y down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange

BALL, BOX, CYLINDER, CONE, LEAF = range(5)
_FAR = 1e9


class Scene(NamedTuple):
    """What the tracer needs; n shapes, lengths in metres, colours linear 0..1. A tuple, since numba takes no dataclass.

    Attributes:
        kind: ``(n,)`` one of the shape constants.
        to_unit: ``(n, 3, 4)`` world → the unit shape's own space.
        bound: ``(n, 4)`` bounding sphere, centre and radius.
        half: ``(n, 3)`` half extents, which give textures their physical size.
        colour: ``(n, 3)`` tint. texture: ``(n,)`` index. grain: ``(n,)`` texture widths per metre.
        camera: ``(3, 4)`` columns right, down, forward, position. focal: in units of picture height.
        lamp: ``(2, 3)`` position and colour. sky: ``(h, w, 3)`` equirectangular light. ambient: gain of sky light.
        blur_px: the lens's blur at infinity, in pixels, where the scene asks for one; else 0.
    """

    kind: np.ndarray
    to_unit: np.ndarray
    bound: np.ndarray
    half: np.ndarray
    colour: np.ndarray
    texture: np.ndarray
    grain: np.ndarray
    camera: np.ndarray
    focal: float
    lamp: np.ndarray
    sky: np.ndarray
    ambient: float
    blur_px: float = 0.0


@njit(cache=True, fastmath=True)
def _slab(o, d):
    near, far, axis = -_FAR, _FAR, 0
    for a in range(3):
        inv = 1.0 / (d[a] if abs(d[a]) > 1e-9 else 1e-9)
        t0, t1 = (-1.0 - o[a]) * inv, (1.0 - o[a]) * inv
        if t0 > t1:
            t0, t1 = t1, t0
        if t0 > near:
            near, axis = t0, a
        far = min(far, t1)
    if near > far or near < 1e-4:
        return _FAR, axis
    return near, axis


@njit(cache=True, fastmath=True)
def _round(kind, o, d):
    """Ball, cylinder and cone; the last two stand along y in -1..1, the cone's tip up."""
    if kind == 0:
        a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
        c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1.0
    else:
        k, y, g = (0.0, 0.0, 1.0) if kind == 2 else (0.25, 1.0 - o[1], 0.0)
        a = d[0] * d[0] + d[2] * d[2] - k * d[1] * d[1]
        b = o[0] * d[0] + o[2] * d[2] + k * y * d[1]
        c = o[0] * o[0] + o[2] * o[2] - k * y * y - g
    disc = b * b - a * c
    best = _FAR
    if disc > 0.0 and abs(a) > 1e-12:
        root = disc**0.5
        for t in ((-b - root) / a, (-b + root) / a):
            h = o[1] + t * d[1]
            if 1e-4 < t < best and (kind == 0 or (-1.0 <= h <= 1.0)):
                best = t
    if kind != 0 and abs(d[1]) > 1e-9:
        for end in (-1.0, 1.0):
            t = (end - o[1]) / d[1]
            x, z = o[0] + t * d[0], o[2] + t * d[2]
            if 1e-4 < t < best and x * x + z * z <= 1.0 and (kind == 2 or end < 0):
                best = t
    return best


@njit(cache=True, fastmath=True)
def _hit(kind, to_unit, bound, o, d, limit):
    """Nearest shape along a ray: its index (or -1) and the distance."""
    best, which = limit, -1
    lo, ld = np.empty(3), np.empty(3)
    for i in range(kind.size):
        cx, cy, cz = bound[i, 0] - o[0], bound[i, 1] - o[1], bound[i, 2] - o[2]
        along = cx * d[0] + cy * d[1] + cz * d[2]
        off = cx * cx + cy * cy + cz * cz
        r2 = bound[i, 3] * bound[i, 3]
        if off - along * along > r2 or (along < 0 and off > r2) or along - bound[i, 3] > best:
            continue
        for a in range(3):
            m = to_unit[i, a]
            lo[a] = m[0] * o[0] + m[1] * o[1] + m[2] * o[2] + m[3]
            ld[a] = m[0] * d[0] + m[1] * d[1] + m[2] * d[2]
        if kind[i] == 1:
            t, _ = _slab(lo, ld)
        elif kind[i] == 4:
            t = -lo[2] / ld[2] if abs(ld[2]) > 1e-9 else _FAR
            x, y = lo[0] + t * ld[0], lo[1] + t * ld[1]
            if t < 1e-4 or x * x > (1 - y * y) * (1 - 0.5 * y) ** 2 * 0.7:
                t = _FAR
        else:
            t = _round(kind[i], lo, ld)
        if t < best:
            best, which = t, i
    return which, best


@njit(cache=True, fastmath=True)
def _sample(texture, u, v):
    n = texture.shape[0]
    u, v = abs((u * 0.5) % 1.0 * 2.0 - 1.0) * (n - 1.001), abs((v * 0.5) % 1.0 * 2.0 - 1.0) * (n - 1.001)
    x, y = int(u), int(v)
    fx, fy = u - x, v - y
    top = texture[y, x] * (1 - fx) + texture[y, x + 1] * fx
    return top * (1 - fy) + (texture[y + 1, x] * (1 - fx) + texture[y + 1, x + 1] * fx) * fy


@njit(cache=True, fastmath=True)
def _sky(sky, d):
    h, w = sky.shape[0], sky.shape[1]
    y = int(np.arccos(max(-1.0, min(1.0, d[1]))) / np.pi * (h - 1))
    x = int((np.arctan2(d[0], d[2]) / (2 * np.pi) + 0.5) * (w - 1))
    return sky[y, x]


@njit(cache=True, fastmath=True)
def _surface(i, p, scene, textures):
    """World normal and texture colour where a ray met shape i."""
    kind, to_unit, half = scene.kind, scene.to_unit, scene.half
    q = np.empty(3)
    for a in range(3):
        m = to_unit[i, a]
        q[a] = m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3]
    n = q.copy()
    if kind[i] == 1 or (kind[i] > 1 and abs(q[1]) > 0.999):
        axis = int(np.argmax(np.abs(q))) if kind[i] == 1 else 1
        n[:] = 0.0
        n[axis] = 1.0 if q[axis] > 0 else -1.0
    elif kind[i] == 2:
        n[1] = 0.0
    elif kind[i] == 3:
        n[1] = 0.25 * (1 - q[1])
    elif kind[i] == 4:
        n[0], n[1], n[2] = 0.0, 0.0, 1.0
    axis = int(np.argmax(np.abs(n)))
    a, b = (1, 2) if axis == 0 else ((0, 2) if axis == 1 else (0, 1))
    g = scene.grain[i]
    colour = _sample(textures[scene.texture[i]], q[a] * half[i, a] * g + 0.37 * i, q[b] * half[i, b] * g + 0.61 * i)
    world = np.zeros(3)
    for a in range(3):
        for b in range(3):
            world[b] += to_unit[i, a, b] * n[a]
    return world / max(1e-9, np.sqrt((world * world).sum())), colour


@njit(cache=True, fastmath=True)
def _direction(normal, seed):
    """A scattered direction over the hemisphere of ``normal``, from a hash."""
    v = np.empty(3)
    for a in range(3):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        v[a] = (seed >> 8) / 8388607.5 * 2 - 1
    v = v / max(0.2, np.sqrt((v * v).sum())) * 0.98 + normal
    return v / np.sqrt((v * v).sum())


@njit(cache=True, fastmath=True, parallel=True)
def _trace(scene, textures, h, w, side):
    kind, to_unit, bound, camera, lamp = scene.kind, scene.to_unit, scene.bound, scene.camera, scene.lamp
    rgb, iz = np.zeros((h, w, 3)), np.zeros((h, w))
    for y in prange(h):
        for x in range(w):
            for s in range(side * side):
                u = (x + (s % side + 0.5) / side - 0.5 * w) / (scene.focal * h)
                v = (y + (s // side + 0.5) / side - 0.5 * h) / (scene.focal * h)
                d = camera[:, 0] * u + camera[:, 1] * v + camera[:, 2]
                length = np.sqrt((d * d).sum())
                d = d / length
                o = camera[:, 3].copy()
                i, t = _hit(kind, to_unit, bound, o, d, _FAR)
                if i < 0:
                    rgb[y, x] += _sky(scene.sky, d)
                    continue
                iz[y, x] = max(iz[y, x], length / t)
                p = o + d * t
                n, tint = _surface(i, p, scene, textures)
                if (n * d).sum() > 0:
                    n = -n
                p = p + n * 1e-3 * (1 + t * 0.01)
                to = lamp[0] - p
                far = np.sqrt((to * to).sum())
                to = to / far
                facing = max(0.0, (n * to).sum())
                diffuse = 0.0
                if facing > 0 and _hit(kind, to_unit, bound, p, to, far)[0] < 0:
                    diffuse = facing
                scatter = _direction(n, (y * 7919 + x * 104729 + s * 1299709) & 0x7FFFFFFF)
                open_sky = 0.25 if _hit(kind, to_unit, bound, p, scatter, 3.0)[0] >= 0 else 1.0
                shade = scene.ambient * (0.7 + 0.3 * n[1]) * open_sky
                rgb[y, x] += tint * scene.colour[i] * (shade + diffuse * lamp[1])
    return rgb / (side * side), iz


def render(
    scene: Scene, textures: np.ndarray, height: int, width: int, *, side: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Render one scene.

    Args:
        scene: the scene. textures: ``(t, n, n, 3)`` linear colours. height, width: pixels.
        side: rays per pixel along each axis.

    Returns:
        Linear colour ``(h, w, 3)`` and inverse depth ``(h, w)`` in 1/m (0 = sky), the nearest of each pixel.
    """
    rgb, iz = _trace(scene, textures, height, width, side)
    return rgb, iz
