"""A stage to be dressed: things put at places, walls, lamps and cameras. Metres, y up; a person faces -z at yaw 0."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import trimesh

from training.mini import meshes
from training.mini.embree import Camera, Lamp, World
from training.mini.meshes import Mesh


@dataclass(frozen=True)
class Props:
    """What stages are dressed from.

    Attributes:
        people, furniture, small, vehicles, houses, plants, statues, sets: GLB files by what they are.
        textures: ``(t, n, n, 4)`` uint8 surfaces. skies: equirectangular, linear.
    """

    people: list[Path]
    furniture: dict[Path, float]
    small: dict[Path, float]
    vehicles: list[Path]
    houses: list[Path]
    plants: list[Path]
    statues: dict[Path, float]
    sets: list[Path]
    textures: np.ndarray
    skies: list[np.ndarray]


_FURNITURE = {
    "models_furniture_polyhaven/painted_wooden_cabinet": 1.18,
    "models_furniture_polyhaven/painted_wooden_cabinet_02": 2.4,
    "models_furniture_polyhaven/painted_wooden_stool": 0.58, "models_furniture_polyhaven/sofa_03": 1.0,
    "models_furniture_polyhaven/wooden_bookshelf_worn": 2.06, "models_furniture_polyhaven/wooden_table_02": 0.8,
    "models_gltf_samples/GlamVelvetSofa": 0.8, "models_gltf_samples/LightsPunctualLamp": 1.86,
    "models_gltf_samples/SheenChair": 0.75, "models_rooms/drake_shelves": 1.2, "models_rooms/drake_table_wide": 0.75,
    "models_market_cc0/bed": 0.9, "models_market_cc0/bench": 0.8, "models_market_cc0/barrel": 0.9,
    "models_market_cc0/chest": 0.6, "models_market_cc0/sci-fi-crate": 0.9, "models_market_cc0/plant": 1.1,
}  # fmt: skip
_SMALL = {
    "models_gltf_samples/Avocado": 0.1, "models_gltf_samples/BoomBox": 0.25,
    "models_gltf_samples/MaterialsVariantsShoe": 0.12,
    "models_gltf_samples/IridescentDishWithOlives": 0.2, "models_gltf_samples/GlassVaseFlowers": 0.3,
    "models_gltf_samples/StainedGlassLamp": 0.55, "models_gltf_samples/WaterBottle": 0.26,
    "models_furniture_polyhaven/tea_set_01": 0.16, "models_market_cc0/bag": 0.35, "models_market_cc0/banana": 0.08,
    "models_market_cc0/bottle": 0.3, "models_market_cc0/burger": 0.12, "models_market_cc0/cake-birthday": 0.2,
    "models_market_cc0/guitar": 0.95, "models_market_cc0/knife-block": 0.25, "models_market_cc0/loaf": 0.14,
    "models_market_cc0/mug": 0.11, "models_market_cc0/pan": 0.07, "models_market_cc0/pineapple": 0.3,
    "models_market_cc0/pot-stew": 0.2, "models_market_cc0/present": 0.25, "models_market_cc0/watermelon": 0.3,
    "models_market_cc0/wine-red": 0.32, "models_market_cc0/expresso-cup": 0.08, "models_market_cc0/cactus": 0.4,
}  # fmt: skip
_STATUES = {"lee_perry_smith_head": 0.42, "statue_bust_man_wreath": 0.6, "statue_maria": 1.88, "statue_ugolino": 1.6}
_VEHICLES = (
    "ambulance citroen-old-van delivery-truck firetruck garbage-truck hatchback police-car sedan suv taxi tractor "
    "truck van"
)
_HOUSES = "house-18 house-3 house-4 house-5 house-6 house-7 house1 library-large tower"
_PLANTS = "low-poly-tree palm-detailed-long palm-long tree-big tree-small plant formation-large-rock formation-stone"


def props(assets: Path, textures: np.ndarray, skies: list[np.ndarray]) -> Props:
    """Everything under ``assets`` that a stage may use; one dancing statue is left for nobody's training."""
    market = assets / "models_market_cc0"
    return Props(
        sorted((assets / "people_makehuman").glob("p*.glb")),
        {assets / f"{name}.glb": tall for name, tall in _FURNITURE.items()},
        {assets / f"{name}.glb": tall for name, tall in _SMALL.items()},
        [market / f"{name}.glb" for name in _VEHICLES.split()],
        [market / f"{name}.glb" for name in _HOUSES.split()],
        [market / f"{name}.glb" for name in _PLANTS.split()],
        {assets / "people_scans" / f"{name}.glb": tall for name, tall in _STATUES.items()},
        sorted((assets / "models_rooms").glob("webxr_*.glb")),
        textures,
        skies,
    )


def turn(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """A rotation about y, then x, then z."""
    return np.asarray(trimesh.transformations.euler_matrix(pitch, yaw, roll, "rxyz")[:3, :3])


def aim(eye: np.ndarray, target: np.ndarray, *, focal: float, roll: float = 0.0) -> Camera:
    """A camera at ``eye`` that looks at ``target``."""
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross([0.0, 1.0, 0.0], ahead)
    right /= np.linalg.norm(right)
    down = -np.cross(ahead, right)
    c, s = np.cos(roll), np.sin(roll)
    return Camera(np.stack([right * c + down * s, down * c - right * s, ahead, eye], 1), focal)


@dataclass
class Shot:
    """A camera and what its lens does: the depth in focus (m) and the blur at infinity (share of the height)."""

    camera: Camera
    focus: float
    blur: float


@dataclass
class Stage:
    """What is being dressed."""

    rng: np.random.Generator
    props: Props
    placed: list[tuple[Mesh, int]] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    ambient: float = 1.0
    things: int = 0

    def pick(self, files: list[Path] | dict[Path, float]) -> Path:
        """One file at random."""
        names = list(files)
        return names[int(self.rng.integers(len(names)))]

    def texture(self) -> np.ndarray:
        """One surface at random."""
        return np.asarray(self.props.textures[self.rng.integers(len(self.props.textures))])

    def tint(self) -> np.ndarray:
        """A colour about grey, now and then strong, now and then dark."""
        rng = self.rng
        colour = rng.uniform(0.4, 1.6) * rng.uniform(0.8, 1.2, 3)
        return np.asarray(colour * (rng.uniform(0.05, 0.4) if rng.random() < 0.2 else 1.0))

    def whole(self) -> int:
        """A new number for a thing that has to stay whole."""
        self.things = min(self.things + 1, 255)
        return self.things

    def put(self, file: Path, at: tuple[float, float, float], *, yaw: float, tall: float | None = None,
            number: int | None = None, dressed: bool = False) -> int:  # fmt: skip
        """Stand a GLB at a place, ``tall`` metres high (as it is when None), on its lowest point.

        ``dressed`` puts a photograph's surface on parts without a texture. Returns the thing's number.
        """
        mesh = meshes.load(file)
        if dressed:
            mesh = self._dressed(mesh)
        low, high = mesh.bounds
        scale = 1.0 if tall is None else tall / max(float(high[1] - low[1]), 1e-6)
        foot = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2]) * scale
        matrix = turn(yaw) * scale
        number = self.whole() if number is None else number
        gain = self.rng.uniform(0.7, 1.3) * self.rng.uniform(0.9, 1.1, 3)
        self.placed.append((mesh.moved(matrix, np.array(at) - turn(yaw) @ foot).tinted(gain), number))
        return number

    def _dressed(self, mesh: Mesh) -> Mesh:
        if any(t is not None for t in mesh.textures):
            return mesh
        size = float(np.ptp(mesh.bounds, axis=0).max())
        facing = np.abs(mesh.normals).argmax(1)
        along = np.array([[2, 1], [0, 2], [0, 1]])[facing]
        uv = np.take_along_axis(mesh.vertices, along, 1) * (self.rng.uniform(1, 5) / size)
        textures = tuple(self.texture() for _ in mesh.textures)
        return Mesh(
            mesh.vertices, mesh.normals, uv.astype(np.float32), mesh.faces, mesh.part, textures, mesh.tints * 1.6
        )

    def block(self, low: tuple[float, float, float], high: tuple[float, float, float], *, number: int = 0,
              tint: np.ndarray | None = None, grain: float | None = None) -> None:  # fmt: skip
        """A box between two corners with some surface."""
        tint = self.tint() if tint is None else tint
        texture = None if self.rng.random() < 0.15 else self.texture()
        grain = float(np.exp(self.rng.uniform(-1.2, 1.0))) if grain is None else grain
        self.placed.append((meshes.box(np.array(low), np.array(high), tint * 1.6, texture, grain), number))

    def form(self, at: np.ndarray, size: float, *, number: int) -> None:
        """One machine part: box, tube, ball, cone or ring, turned at random."""
        rng = self.rng
        kind = int(rng.integers(5))
        wide, tall = size * rng.uniform(0.15, 0.6), size * rng.uniform(0.4, 1.2)
        shape = (
            trimesh.creation.box(extents=size * rng.uniform(0.3, 1.0, 3)) if kind == 0
            else trimesh.creation.cylinder(wide / 2, tall, sections=20) if kind == 1
            else trimesh.creation.icosphere(2, wide) if kind == 2
            else trimesh.creation.cone(wide, tall, sections=20) if kind == 3
            else trimesh.creation.torus(size * 0.4, size * rng.uniform(0.05, 0.14), 20, 8)
        )  # fmt: skip
        metal = np.full(3, rng.uniform(0.15, 1.3)) * rng.uniform(0.9, 1.1, 3)
        texture = self.texture() if rng.random() < 0.5 else None
        mesh = meshes.solid(shape, self.tint() if rng.random() < 0.4 else metal, texture, 2 / size)
        self.placed.append((mesh.moved(turn(*rng.uniform(-3, 3, 3)), at), number))

    def lamp(self, at: tuple[float, float, float], power: float, *, colour: np.ndarray | None = None) -> None:
        """A lamp in the room; ``power`` is its light at one metre."""
        colour = self.rng.uniform(0.85, 1.15, 3) if colour is None else colour
        self.lamps.append(Lamp(np.array(at), (power * colour).astype(np.float32)))

    def sun(self) -> None:
        """Light from far away and above."""
        rng = self.rng
        yaw, up = rng.uniform(-3.1, 3.1), rng.uniform(0.15, 1.3)
        at = 500 * np.array([np.sin(yaw) * np.cos(up), np.sin(up), np.cos(yaw) * np.cos(up)])
        power = rng.uniform(0.3, 2.0) * np.array([1.1, 1.0, rng.uniform(0.7, 1.0)])
        self.lamps.append(Lamp(at, power.astype(np.float32), far=True))

    def world(self) -> World:
        """All that was put, ready to be looked at."""
        sky = self.props.skies[self.rng.integers(len(self.props.skies))]
        return World(self.placed, self.lamps, sky, ambient=self.ambient)
