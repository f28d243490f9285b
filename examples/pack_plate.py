"""Turn the raw renders of `make_plate.py` into the plate and its truth: `python examples/pack_plate.py RAW`.

Writes `plate/plate.####.exr`, and for each frame with a right eye `truth/right.####.exr` and
`truth/disparity.####.exr`; then `truth/rig.json`. Ends by warping the right view back and printing how well it fits.
"""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from examples.denoise import smooth_light

FIRST, RATE = 1001, 24
# What the float channels keep: 1/1024 px and 1/4096 of Z. Finer bits are noise that no compressor can shrink.
DISPARITY_STEP_PX, DEPTH_BITS = 1 / 1024, 12


def main() -> None:
    """Pack every frame found in the raw folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, help="the folder given to make_plate.py")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder of plate/ and truth/")
    options = parser.parse_args()
    for folder in ("plate", "truth"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(options.raw.glob("beauty_left.*.exr")):
        frame = int(path.suffixes[0][1:])
        pack_frame(options.raw, options.out, frame)


def pack_frame(raw: Path, out: Path, frame: int) -> None:
    """Write one frame of the plate, and its truth where the right eye was rendered."""
    rig = json.loads((raw / f"rig_left.{frame}.json").read_text())
    left, z_left = picture(raw, "left", frame), depth(raw, "left", frame)
    write(out / "plate" / f"plate.{frame}.exr", {"RGBA": left, "depth.Z": rounded_depth(z_left)}, frame, rig)
    if not (raw / f"beauty_right.{frame}.exr").exists():
        return
    right, z_right = picture(raw, "right", frame), depth(raw, "right", frame)
    left_px, right_px = disparity(z_left, rig), disparity(z_right, rig)
    write(
        out / "truth" / f"right.{frame}.exr",
        {"RGBA": right},
        frame,
        json.loads((raw / f"rig_right.{frame}.json").read_text()),
    )
    still = np.zeros_like(left_px)
    write(
        out / "truth" / f"disparity.{frame}.exr",
        {"disparityR.x": -left_px, "disparityR.y": still, "disparityL.x": right_px, "disparityL.y": still},
        frame,
        rig,
        compression=OpenEXR.ZIP_COMPRESSION,
    )
    (out / "truth" / "rig.json").write_text(
        json.dumps({key: value for key, value in rig.items() if key != "camera_to_world"}, indent=2) + "\n"
    )
    print(frame, json.dumps(check(left, right, left_px, right_px)))


def picture(raw: Path, eye: str, frame: int) -> np.ndarray:
    """The clean scene-linear picture (H, W, 4) float16, put together from the renderer's passes."""
    layers = read(raw / f"beauty_{eye}.{frame}.exr")
    guides = layers["Denoising Normal"], inverse(layers["Denoising Depth.Z"])
    rgb = layers["Emit"] + layers["Env"]
    rgb = rgb + layers["DiffCol"] * smooth_light(layers["DiffDir"] + layers["DiffInd"], *guides, levels=4, contrast=1.4)
    shine = (layers["GlossDir"] + layers["GlossInd"]) * layers["GlossCol"]
    rgb = rgb + smooth_light(shine, *guides, levels=3, contrast=1.2)
    alpha = np.ones_like(rgb[..., :1])
    return np.concatenate([rgb, alpha], axis=2).astype(np.float16)


def depth(raw: Path, eye: str, frame: int) -> np.ndarray:
    """Distance along the optical axis (H, W) in metres, infinite in the sky."""
    z = read(raw / f"z_{eye}.{frame}.exr")["Depth.Z"]
    return np.where(z > 1e6, np.float32(np.inf), z)


def read(path: Path) -> dict[str, np.ndarray]:
    """The renderer's passes by name, float32."""
    channels = OpenEXR.File(str(path)).channels()
    passes = {name.split(".", 1)[1]: channel.pixels.astype(np.float32) for name, channel in channels.items()}
    vectors = {name[:-2] for name in passes if name.endswith(".X")}
    passes |= {name: np.stack([passes[f"{name}.{axis}"] for axis in "XYZ"], axis=2) for name in vectors}
    return passes


def inverse(z: np.ndarray) -> np.ndarray:
    """1/Z, zero in the sky."""
    return np.where(z > 1e-3, 1 / np.maximum(z, 1e-3), 0).astype(np.float32)


def disparity(z: np.ndarray, rig: dict[str, Any]) -> np.ndarray:
    """x_left - x_right in pixels for each Z of one eye's grid, positive in front of the screen."""
    pixels = rig["focal_px"] * rig["interaxial_m"] * (1 / z.astype(np.float64) - 1 / rig["zero_plane_m"])
    return np.asarray((np.round(pixels / DISPARITY_STEP_PX) * DISPARITY_STEP_PX), np.float32)


def rounded_depth(z: np.ndarray) -> np.ndarray:
    """Z with its mantissa cut to `DEPTH_BITS` bits; infinity stays."""
    mantissa, exponent = np.frexp(z)
    return np.asarray(np.ldexp(np.round(mantissa * 2**DEPTH_BITS) / 2**DEPTH_BITS, exponent), np.float32)


def write(
    path: Path,
    channels: dict[str, np.ndarray],
    frame: int,
    rig: dict[str, Any],
    *,
    compression: OpenEXR.Compression = OpenEXR.DWAA_COMPRESSION,
) -> None:
    """Write an EXR with the metadata a camera department would leave in it."""
    second, tick = divmod(frame - FIRST, RATE)
    world_to_camera = np.linalg.inv(np.array(rig["camera_to_world"])).T
    header = {
        "compression": compression,
        "type": OpenEXR.scanlineimage,
        "dwaCompressionLevel": 45.0,
        "timeCode": OpenEXR.TimeCode(1, 0, second, tick, *[0] * 14),
        "framesPerSecond": Fraction(RATE, 1),
        "colorInteropID": "lin_rec709_scene",
        "cameraModel": "Art3D lantern alley",
        "owner": "The Art3D authors, CC0-1.0",
        "nominalFocalLength": rig["focal_mm"],
        "sensorWidthMillimetres": rig["sensor_mm"],
        "interaxialMetres": rig["interaxial_m"],
        "zeroPlaneMetres": rig["zero_plane_m"],
        "focalPixels": rig["focal_px"],
        "worldToCamera": world_to_camera.astype(np.float32),
    }
    OpenEXR.File(header, channels).write(str(path))


def check(left: np.ndarray, right: np.ndarray, left_px: np.ndarray, right_px: np.ndarray) -> dict[str, float]:
    """Fetch the left picture at x + disparity for each right pixel; PSNR [dB] where both eyes see the surface."""
    width = left.shape[1]
    column = np.arange(width)[None, :] + right_px
    inside = (column >= 0) & (column <= width - 1)
    near = np.clip(np.floor(column), 0, width - 2).astype(int)
    part = np.clip(column - near, 0, 1)
    rows = np.arange(left.shape[0])[:, None]
    there = np.maximum(np.abs(left_px[rows, near] - right_px), np.abs(left_px[rows, near + 1] - right_px))
    seen = inside & (there < 0.5)
    fetched = (1 - part)[..., None] * left[rows, near, :3] + part[..., None] * left[rows, near + 1, :3]
    square = (np.clip(fetched, 0, 1) ** (1 / 2.2) - np.clip(right[..., :3].astype(np.float32), 0, 1) ** (1 / 2.2)) ** 2
    return {
        "psnr_db": round(float(-10 * np.log10(square[seen].mean())), 2),
        "seen": round(float(seen.mean()), 4),
        "disparity_min_px": float(left_px.min()),
        "disparity_max_px": float(left_px.max()),
    }


if __name__ == "__main__":
    main()
