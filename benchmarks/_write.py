"""What `benchmarks.writing` measures, in whatever version of Art3D is on the path: one stereo EXR, several times.

python -m benchmarks._write PLATE.exr OUT.exr --times N
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from host_bridge.io.outputs import Result, Writing, write_stereo
from host_bridge.io.plates import Pattern, Plate, read_plate


def result_of(plate: Plate) -> Result:
    """A new view, disparities and a mask that look like those of a render: a grainy picture and smooth, noisy depth."""
    frame = plate.frame
    rows, columns = frame.data.height, frame.data.width
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    disparity = (np.sin(x / 211) * 9 + y / 97 + rng.normal(0, 1e-3, (rows, columns))).astype(np.float32)[..., None]
    color = np.roll(frame.layers["color"], 7, 1).astype(np.float32)
    planes = {
        "right": color,
        "disparity_left": disparity,
        "disparity_right": np.roll(disparity, 7, 1),
        "occlusion_right": (disparity > 12).astype(np.float32),
    }
    if "extra" in frame.layers:
        planes["right_extra"] = np.roll(frame.layers["extra"], 7, 1).astype(np.float32)
    return Result(plate, "left", frame.data, planes, {}, "recipe")


def bench() -> None:
    """Prints the CPU and wall seconds of each turn as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plate", type=Path)
    parser.add_argument("out")
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    result, out = result_of(read_plate(args.plate)), Pattern.parse(args.out)
    turns = []
    for _ in range(args.times):
        wall, cpu = time.perf_counter(), time.process_time()
        write_stereo(out, result, Writing("0"))
        turns.append({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})
    print(json.dumps(turns))


if __name__ == "__main__":
    bench()
