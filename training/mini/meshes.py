"""Meshes of the training assets, ready to be placed: one frozen set of arrays a file.

Convention: metres, y up. A GLB's own scale is kept where it is metric; makers scale the rest by bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import trimesh

_MAX_TEXTURE_PX = 512


@dataclass(frozen=True)
class Mesh:
    """Triangles with colour; n vertices, f faces.

    Attributes:
        vertices, normals: ``(n, 3)`` float32; normals are smooth, of unit length.
        uv: ``(n, 2)`` float32, the texture's top left at (0, 0).
        faces: ``(f, 3)`` int32. part: ``(f,)`` int32, which of ``textures`` and ``tints`` a face wears.
        textures: one ``(h, w, 4)`` uint8 a part, or None: a part in one colour.
        tints: ``(parts, 3)`` linear 0..1.
    """

    vertices: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    faces: np.ndarray
    part: np.ndarray
    textures: tuple[np.ndarray | None, ...]
    tints: np.ndarray

    @property
    def bounds(self) -> np.ndarray:
        """``(2, 3)`` lowest and highest corner."""
        return np.stack([self.vertices.min(0), self.vertices.max(0)])

    def moved(self, turn: np.ndarray, to: np.ndarray) -> Mesh:
        """The same, every vertex ``v`` at ``turn @ v + to``; ``turn`` is a rotation times one scale."""
        normals = self.normals @ (turn / max(float(np.cbrt(np.linalg.det(turn))), 1e-9)).T
        vertices = self.vertices @ turn.T + to
        return Mesh(
            vertices.astype(np.float32), normals.astype(np.float32), self.uv, self.faces, self.part, self.textures,
            self.tints,
        )  # fmt: skip

    def tinted(self, gain: np.ndarray) -> Mesh:
        """The same with every colour times ``gain`` ``(3,)``."""
        return Mesh(
            self.vertices, self.normals, self.uv, self.faces, self.part, self.textures,
            np.clip(self.tints * gain, 0, 1.5).astype(np.float32),
        )  # fmt: skip


@lru_cache(maxsize=64)
def load(path: Path) -> Mesh:
    """One GLB as a mesh standing where the file puts it; parts that let light through (BLEND) are left out."""
    scene = trimesh.load(path)
    parts = [p for p in scene.dump() if _alpha_mode(p) != "BLEND"] if hasattr(scene, "dump") else [scene]
    starts = np.cumsum([0, *(len(p.vertices) for p in parts)])
    colours = [_colour(p) for p in parts]
    return Mesh(
        np.concatenate([p.vertices for p in parts]).astype(np.float32),
        np.concatenate([p.vertex_normals for p in parts]).astype(np.float32),
        np.concatenate([_uv(p) for p in parts]).astype(np.float32),
        np.concatenate([p.faces + start for p, start in zip(parts, starts, strict=False)]).astype(np.int32),
        np.repeat(np.arange(len(parts), dtype=np.int32), [len(p.faces) for p in parts]),
        tuple(texture for texture, _ in colours),
        np.stack([tint for _, tint in colours]).astype(np.float32),
    )


def _alpha_mode(part: trimesh.Trimesh) -> str:
    return str(getattr(part.visual.material, "alphaMode", None) or "OPAQUE")


def _uv(part: trimesh.Trimesh) -> np.ndarray:
    uv = getattr(part.visual, "uv", None)
    if uv is None:
        return np.zeros((len(part.vertices), 2))
    return np.asarray(uv) * [1, -1] + [0, 1]


def _colour(part: trimesh.Trimesh) -> tuple[np.ndarray | None, np.ndarray]:
    material = part.visual.material
    factor = getattr(material, "baseColorFactor", None)
    tint = np.ones(3) if factor is None else np.asarray(factor, float)[:3] / 255
    picture = getattr(material, "baseColorTexture", None)
    if picture is None or getattr(part.visual, "uv", None) is None:
        return None, tint
    picture = picture.convert("RGBA")
    picture.thumbnail((_MAX_TEXTURE_PX, _MAX_TEXTURE_PX))
    return np.asarray(picture), tint


def box(low: np.ndarray, high: np.ndarray, tint: np.ndarray, texture: np.ndarray | None, grain: float) -> Mesh:
    """A box whose faces carry a texture ``grain`` times a metre."""
    solid = trimesh.creation.box(bounds=np.stack([low, high]))
    vertices = solid.vertices[solid.faces].reshape(-1, 3)
    normals = np.repeat(solid.face_normals, 3, axis=0)
    return _textured(vertices, normals, tint, texture, grain)


def solid(shape: trimesh.Trimesh, tint: np.ndarray, texture: np.ndarray | None, grain: float) -> Mesh:
    """Any of trimesh's solids, textured along the axis that each face looks at; edges of over 40 degrees stay sharp."""
    vertices = shape.vertices[shape.faces].reshape(-1, 3)
    smooth, flat = shape.vertex_normals[shape.faces].reshape(-1, 3), np.repeat(shape.face_normals, 3, axis=0)
    normals = np.where(((smooth * flat).sum(1) > 0.77)[:, None], smooth, flat)
    return _textured(vertices, normals, tint, texture, grain)


def _textured(
    vertices: np.ndarray, normals: np.ndarray, tint: np.ndarray, texture: np.ndarray | None, grain: float
) -> Mesh:
    facing = np.abs(normals.reshape(-1, 3, 3).mean(1)).argmax(1).repeat(3)
    along = np.array([[2, 1], [0, 2], [0, 1]])[facing]
    uv = np.take_along_axis(vertices, along, 1) * grain * [1, -1]
    count = len(vertices) // 3
    return Mesh(
        vertices.astype(np.float32), normals.astype(np.float32), uv.astype(np.float32),
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3), np.zeros(count, np.int32), (texture,),
        np.asarray(tint, np.float32)[None],
    )  # fmt: skip
