"""Placed meshes → pictures with exact inverse depth, through Embree: a few tenths of a second a scene, less a view.

Light is a panorama's irradiance (second-order spherical harmonics after Ramamoorthi and Hanrahan, "An Efficient
Representation for Irradiance Environment Maps", 2001) behind one ray of occlusion, and lamps with hard shadows.
Convention: world y up; the camera looks along its own +z, x right, y down, as in `raytrace`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numba import njit

from training.mini.meshes import Mesh

_FAR = np.float32(1e6)
_LAYERS = 4
_SMALL = 1e-3


class _Triangles(NamedTuple):
    """All triangles of a world, as `Mesh` has those of one; a tuple, since numba takes no dataclass.

    Attributes:
        texels, sizes: as `_atlas` makes them of the parts' textures.
    """

    faces: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    part: np.ndarray
    tints: np.ndarray
    texels: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True)
class Lamp:
    """A lamp at ``at`` (metres), ``colour`` at one metre; ``far`` lamps do not fall off."""

    at: np.ndarray
    colour: np.ndarray
    far: bool = False


@dataclass(frozen=True)
class Camera:
    """``pose`` (3, 4): columns right, down, forward, position; ``focal`` in picture heights."""

    pose: np.ndarray
    focal: float


@dataclass(frozen=True)
class View:
    """Linear colour ``(h, w, 3)``, inverse depth ``(h, w)`` in 1/m, 0 = sky, and whole things' numbers, 0 = none."""

    colour: np.ndarray
    iz: np.ndarray
    ids: np.ndarray


class World:
    """Meshes to be looked at from several cameras.

    Args:
        placed: each mesh and the number of the whole thing it belongs to (1..255), 0 for ground, walls and the like.
        lamps: at most a few.
        sky: ``(h, w, 3)`` equirectangular, linear. ambient: gain of its light on things.
    """

    def __init__(self, placed: list[tuple[Mesh, int]], lamps: list[Lamp], sky: np.ndarray, *, ambient: float) -> None:
        meshes = [mesh for mesh, _ in placed]
        starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
        parts = np.cumsum([0, *(len(m.textures) for m in meshes)])
        self._triangles = _Triangles(
            np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=False)]),
            np.concatenate([m.normals for m in meshes]),
            np.concatenate([m.uv for m in meshes]),
            np.concatenate([m.part + p for m, p in zip(meshes, parts, strict=False)]),
            np.concatenate([m.tints for m in meshes]),
            *_atlas([t for m in meshes for t in m.textures]),
        )
        self._ids = np.repeat(np.array([i for _, i in placed], np.uint8), [len(m.faces) for m in meshes])
        self._lamps, self._sky, self._ambient = lamps, sky.astype(np.float32), ambient
        self._irradiance = _harmonics(sky)
        self._scene = EmbreeScene()
        vertices = np.concatenate([m.vertices for m in meshes])
        self._mesh = TriangleMesh(self._scene, vertices[self._triangles.faces])

    def render(self, camera: Camera, size: tuple[int, int], rng: np.random.Generator, *, side: int = 2) -> View:
        """One view of ``size`` (h, w), ``side`` × ``side`` rays a pixel."""
        h, w = size[0] * side, size[1] * side
        directions = _directions(camera, h, w)
        origins = np.broadcast_to(camera.pose[:, 3].astype(np.float32), directions.shape)
        # Lamps' light and the sky's, apart: what hides the sky is one ray a sample and is smoothed before it counts.
        colour, under_sky = _sky_colour(self._sky, directions), np.zeros((len(directions), 3), np.float32)
        open_sky = np.ones(len(directions), np.float32)
        iz, ids = np.zeros(len(directions), np.float32), np.zeros(len(directions), np.uint8)
        waiting, skipped = np.arange(len(directions)), np.zeros(len(directions), np.float32)
        for _ in range(_LAYERS):
            start = origins[waiting] + directions[waiting] * skipped[waiting, None]
            found = self._scene.run(start, directions[waiting], output=1)
            hit = found["primID"] >= 0
            waiting, start = waiting[hit], start[hit]
            prim, t = found["primID"][hit], found["tfar"][hit]
            surface = _surface(prim, found["u"][hit], found["v"][hit], self._triangles)
            solid = surface[:, 6] > 0.45
            at = waiting[solid]
            point = start[solid] + directions[at] * t[solid, None]
            normal = surface[solid, 3:6]
            normal = normal * np.where((normal * directions[at]).sum(1) > 0, -1.0, 1.0).astype(np.float32)[:, None]
            lamps, shut = self._light(point, normal, rng)
            colour[at] = surface[solid, :3] * lamps
            under_sky[at] = surface[solid, :3] * (
                np.maximum(_irradiance(self._irradiance, normal), 0.02) * self._ambient
            )
            open_sky[at] = np.where(shut, 0.3, 1.0)
            iz[at] = 1 / np.maximum(skipped[at] + t[solid], 1e-6)
            ids[at] = self._ids[prim[solid]]
            skipped[waiting] += t + _SMALL
            waiting = waiting[~solid]
            if not len(waiting):
                break
        # Directions have a unit step along the camera's axis, so that t is depth, not distance.
        colour += under_sky * cv2.blur(open_sky.reshape(h, w), (7, 7)).reshape(-1, 1)
        return View(*_reduced(colour, iz, ids, size, side))

    def _light(self, point: np.ndarray, normal: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The lamps' light ``(n, 3)`` and whether something near hides the sky ``(n,)``."""
        lifted = (point + normal * np.float32(2 * _SMALL)).astype(np.float32)
        scatter = rng.normal(size=normal.shape).astype(np.float32)
        scatter /= np.linalg.norm(scatter, axis=1, keepdims=True) + 1e-6
        reach = np.full(len(point), 2.5, np.float32)
        shut = self._scene.run(lifted, normal * np.float32(1.01) + scatter, dists=reach, query="OCCLUDED") == 0
        total = np.zeros_like(normal)
        for lamp in self._lamps:
            to = (lamp.at - point).astype(np.float32)
            away = np.linalg.norm(to, axis=1)
            to /= away[:, None]
            facing = np.clip((normal * to).sum(1), 0, None)
            lit_rows = np.flatnonzero(facing > 0)
            dark = self._scene.run(lifted[lit_rows], to[lit_rows], dists=(away[lit_rows] - 0.05), query="OCCLUDED") == 0
            facing[lit_rows[dark]] = 0
            fall = 1.0 if lamp.far else 1 / np.maximum(away, 0.3) ** 2
            total = total + (facing * fall)[:, None] * lamp.colour
        return total.astype(np.float32), shut


def _directions(camera: Camera, h: int, w: int) -> np.ndarray:
    y, x = np.mgrid[:h, :w].astype(np.float32)
    u, v = (x + 0.5 - 0.5 * w) / (camera.focal * h), (y + 0.5 - 0.5 * h) / (camera.focal * h)
    right, down, ahead = (camera.pose[:, i].astype(np.float32) for i in range(3))
    return np.ascontiguousarray((u[..., None] * right + v[..., None] * down + ahead).reshape(-1, 3))


def _reduced(
    colour: np.ndarray, iz: np.ndarray, ids: np.ndarray, size: tuple[int, int], side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rays → pixels: colours averaged (bright ones held, as film holds them), of depth and number the nearest."""
    blocks = (size[0], side, size[1], side)
    shown = np.minimum(colour, 8).reshape(*blocks, 3).mean((1, 3))
    near = iz.reshape(blocks).transpose(0, 2, 1, 3).reshape(*size, side * side)
    which = near.argmax(2)[..., None]
    number = ids.reshape(blocks).transpose(0, 2, 1, 3).reshape(*size, side * side)
    return shown, np.take_along_axis(near, which, 2)[..., 0], np.take_along_axis(number, which, 2)[..., 0]


def _atlas(textures: list[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray]:
    """All texels in one row ``(n, 4)`` float32 linear, and ``(parts, 3)`` start, height, width."""
    sizes, rows, start, placed = [], [], 0, dict[int, tuple[int, int, int]]()
    for texture in textures:
        if texture is None:
            sizes.append((0, 0, 0))
            continue
        if id(texture) not in placed:
            placed[id(texture)] = start, texture.shape[0], texture.shape[1]
            linear = (texture.reshape(-1, 4) / np.float32(255)).astype(np.float32)
            linear[:, :3] **= np.float32(2.2)
            rows.append(linear)
            start += len(linear)
        sizes.append(placed[id(texture)])
    return (np.concatenate(rows) if rows else np.ones((1, 4), np.float32)), np.array(sizes, np.int64)


@njit(cache=True, fastmath=True)
def _surface(prim, u, v, triangles):
    """Colour, normal and alpha ``(n, 7)`` where rays met triangles."""
    faces, normals, uv, part, tints, texels, sizes = triangles
    out = np.empty((prim.size, 7), np.float32)
    for i in range(prim.size):
        f = prim[i]
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        wb, wc = u[i], v[i]
        wa = 1 - wb - wc
        length = 1e-12
        for k in range(3):
            n = normals[a, k] * wa + normals[b, k] * wb + normals[c, k] * wc
            out[i, 3 + k] = n
            length += n * n
        for k in range(3):
            out[i, 3 + k] /= length**0.5
            out[i, k] = tints[part[f], k]
        out[i, 6] = 1.0
        start, h, w = sizes[part[f], 0], sizes[part[f], 1], sizes[part[f], 2]
        if h > 0:
            x = int(((uv[a, 0] * wa + uv[b, 0] * wb + uv[c, 0] * wc) % 1.0) * w)
            y = int(((uv[a, 1] * wa + uv[b, 1] * wb + uv[c, 1] * wc) % 1.0) * h)
            at = start + min(y, h - 1) * w + min(x, w - 1)
            for k in range(3):
                out[i, k] *= texels[at, k]
            out[i, 6] = texels[at, 3]
    return out


def _sky_colour(sky: np.ndarray, directions: np.ndarray) -> np.ndarray:
    h, w = sky.shape[:2]
    up = directions[:, 1] / np.linalg.norm(directions, axis=1)
    y = (np.arccos(np.clip(up, -1, 1)) / np.pi * (h - 1)).astype(np.int64)
    x = ((np.arctan2(directions[:, 0], directions[:, 2]) / (2 * np.pi) + 0.5) * (w - 1)).astype(np.int64)
    return np.asarray(sky[y, x])


def _basis(d: np.ndarray) -> np.ndarray:
    x, y, z = d[:, 0], d[:, 1], d[:, 2]
    rows = [np.full_like(x, 0.2821), 0.4886 * y, 0.4886 * z, 0.4886 * x, 1.0925 * x * y, 1.0925 * y * z]
    rows += [0.3154 * (3 * z * z - 1), 1.0925 * x * z, 0.5463 * (x * x - y * y)]
    return np.stack(rows, 1)


def _harmonics(sky: np.ndarray) -> np.ndarray:
    """``(9, 3)`` coefficients of irradiance over pi."""
    h, w = 32, 64
    small = np.asarray(sky[:: max(1, sky.shape[0] // h), :: max(1, sky.shape[1] // w)][:h, :w], np.float64)
    h, w = small.shape[:2]
    lat, lon = np.meshgrid(
        (np.arange(h) + 0.5) / h * np.pi, ((np.arange(w) + 0.5) / w - 0.5) * 2 * np.pi, indexing="ij"
    )
    d = np.stack([np.sin(lat) * np.sin(lon), np.cos(lat), np.sin(lat) * np.cos(lon)], 2).reshape(-1, 3)
    weight = (np.sin(lat) * (np.pi / h) * (2 * np.pi / w)).reshape(-1, 1)
    cosine = np.array([1, 2 / 3, 2 / 3, 2 / 3, 0.25, 0.25, 0.25, 0.25, 0.25])[:, None]
    return np.asarray((_basis(d).T @ (small.reshape(-1, 3) * weight)) * cosine, np.float32)


def _irradiance(coefficients: np.ndarray, normal: np.ndarray) -> np.ndarray:
    return np.asarray(_basis(normal).astype(np.float32) @ coefficients)
