"""Render the example plate with Blender: `blender -b -P examples/make_plate.py -- --out FOLDER`.

For each frame and eye it writes two multilayer EXR files into FOLDER: `beauty_EYE.FRAME.exr` (the picture with the
renderer's albedo and normal passes) and `z_EYE.FRAME.exr` (one sample through the exact centre of each pixel, so that
Z is the distance along the optical axis of one surface, never a blend of two). `pack_plate.py` makes the plate of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from examples.lantern_alley import rig, street
from examples.lantern_alley.cast import Cast


def main() -> None:
    """Build the set once, then pose, aim and render each frame."""
    options = _options()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    street.build()
    street.dress()
    cast = Cast()
    rig.light(cast)
    camera = rig.StereoCamera()
    _prepare(options.width)
    for frame, eyes in _shots(options.frames, options.truth):
        cast.pose(frame)
        for eye in eyes:
            matrix = camera.aim(frame, eye)
            _render_beauty(options.out / f"beauty_{eye}.{frame}.exr", options.samples, frame)
            _render_depth(options.out / f"z_{eye}.{frame}.exr")
            numbers = {
                "focal_px": rig.focal_px(options.width),
                "interaxial_m": rig.INTERAXIAL,
                "zero_plane_m": rig.ZERO_PLANE,
                "focal_mm": rig.FOCAL_MM,
                "sensor_mm": rig.SENSOR_MM,
                "camera_to_world": [list(row) for row in matrix],
            }
            (options.out / f"rig_{eye}.{frame}.json").write_text(json.dumps(numbers, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make_plate.py", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=lambda text: Path(text).resolve(), required=True, help="folder for the raw renders"
    )
    parser.add_argument("--frames", default="1001-1008", help="first-last")
    parser.add_argument("--truth", default="1001,1005", help="frames that get a right view too")
    parser.add_argument("--width", type=int, default=960, help="picture width in pixels (16:9)")
    parser.add_argument("--samples", type=int, default=12, help="most camera samples a pixel")
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])


def _shots(frames: str, truth: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    first, _, last = frames.partition("-")
    stereo = {int(frame) for frame in truth.split(",") if frame}
    for frame in range(int(first), int(last or first) + 1):
        yield frame, ("left", "right") if frame in stereo else ("left",)


def _prepare(width: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = width, width * 9 // 16
    scene.render.use_persistent_data = True
    scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.exr_codec = "ZIP"
    layer, cycles = bpy.context.view_layer, scene.cycles
    layer.use_pass_z = layer.use_pass_emit = layer.use_pass_environment = True
    for part in ("diffuse", "glossy"):
        for kind in ("direct", "indirect", "color"):
            setattr(layer, f"use_pass_{part}_{kind}", True)
    layer.cycles.denoising_store_passes = True
    cycles.use_denoising = False
    cycles.diffuse_bounces, cycles.glossy_bounces = 1, 2
    cycles.transparent_max_bounces = 16
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.blur_glossy, cycles.light_sampling_threshold = 2.0, 0.4, 0.0
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.05


def _render_beauty(path: Path, samples: int, frame: int) -> None:
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.adaptive_min_samples, cycles.seed = samples, min(8, samples), frame
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    cycles.max_bounces = 3
    _write(path)


def _render_depth(path: Path) -> None:
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.pixel_filter_type, cycles.filter_width = 1, "BOX", 0.01
    cycles.max_bounces = 0
    _write(path)


def _write(path: Path) -> None:
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


main()
