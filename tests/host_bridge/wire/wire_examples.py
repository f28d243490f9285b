"""One message of every kind, with awkward values; run as a script, this writes the golden vectors.

The vectors are the wire's bytes for ever: a change of an existing file is a change of the protocol.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgpack
import numpy as np

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import NAMES, encode
from host_bridge.wire.layout import Layer, Plane
from host_bridge.wire.memory import Segment
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame

VECTORS = Path(__file__).parent / "vectors"
OLDER = Path(__file__).parent / "vectors_1_4"
KEY = "00112233445566778899aabbccddeeff"
SEGMENT = Segment(4711, 9, "0f" * 16, 1 << 33)
SHOT = ShotFrame(-0.25, 1e-7, 1.5, -0.5, 0.02, None, (KEY,), ("é",))
BOX = Box(-7, 0, 70000, 1080)
PUT = m.PutFrame(
    KEY,
    Box.of_size(1920, 1080),
    Box(-16, -8, 1936, 1088),
    ("R", "G", "B", "A"),
    (Layer("color", "<f2", 1096, 1952, 4, 0), Layer("look", "|u1", 288, 512, 3, 17115136)),
    17557504,
    1.0,
    "memory",
)

EXAMPLES = (
    m.Hello("nuke 12", (1, 0)),
    m.Welcome(
        "art3d 0.1.0", (1, 0), "a1b2", "c3d4", ({"name": "neutral", "unit": 0.5},), ({"name": "aov", "ready": True},),
        {"frame_bytes": 1 << 30, "clients": 256}, ("cpu", "cuda:0"), 4711, "ipc:///run/x.ctl", "", SEGMENT,
    ),
    m.HaveFrame((KEY, "x")),
    m.NeedFrame(()),
    PUT,
    m.SendFrame(3, SEGMENT),
    m.Chunk(3, 4194304),
    m.Commit(3),
    m.Held(KEY),
    m.TileRequest(
        KEY, AnalysisSettings("auto", "neutral", "distance", SHOT, 4, Box(0, 132, 1920, 948)),
        Controls(depth_gain=2, zero_plane=-0.125, hero="none", occlusion_to_alpha=True),
        BOX, ("right", "disparity_left"), "interactive", "viewer 1", "memory",
    ),
    m.TileReply(
        BOX, (Plane("right", 1080, 70007, 4, 0), Plane("disparity_left", 1080, 70007, 1, 1209720960)),
        {"fit_scale": 0.02, "budget": "strong", "ms": {"render": 12.5}, "psnr": None}, 1512151232, SEGMENT, 77,
    ),
    m.Release((1, 2, 300)),
    m.Measure(KEY),
    m.Measured({"psnr_db": 41.5, "ssim": None, "width": 1920}),
    m.Cancel("c3d4", (5, 65536)),
    m.Cancelled(2),
    m.Progress((5, 6), "analysis"),
    m.StylesRequest(),
    m.Styles(({"name": "neutral"},), ()),
    m.StatusRequest(),
    m.Status({"queue": {"running": 1}, "workers": [{"id": 1}]}),
    m.Ping(),
    m.Pong("a1b2", 4711, "art3d 0.1.0"),
    m.Bye(),
    m.Failure("limit", "a frame of 9 bytes", "the limit frame_bytes is 8", "", False),
    m.Match(KEY, 6.25, "memory"),
    m.Written(3, 12582912),
)  # fmt: skip


def key_frame() -> Frame:
    """The frame of the golden content key: two layers, a data window that is not the display window."""
    data = Box(-2, 1, 3, 4)
    count = data.width * data.height
    color = (np.arange(count * 3, dtype="<f4") / 8).astype("<f2").reshape(data.height, data.width, 3)
    depth = np.arange(1, count + 1, dtype="<f4").reshape(data.height, data.width, 1)
    return Frame(Box.of_size(4, 4), data, {"depth": depth, "color": color}, ("R", "G", "B"), 1.5)


def golden() -> dict[str, bytes]:
    """File name → bytes."""
    files = {}
    for number, message in enumerate(EXAMPLES, 1):
        data = encode(number, message)
        name = NAMES[type(message)]
        files[f"{name}.bin"] = data
        plain = msgpack.unpackb(data)
        files[f"{name}.json"] = (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode()
    frame = key_frame()
    files["content_key.bin"] = frame.layers["color"].tobytes() + frame.layers["depth"].tobytes()
    description = {
        "display": frame.display.as_tuple(), "data": frame.data.as_tuple(), "pixel_aspect": frame.pixel_aspect,
        "channels": frame.channels, "layers": [["color", "<f2", 3, 5, 3], ["depth", "<f4", 3, 5, 1]], "key": frame.key,
    }  # fmt: skip
    files["content_key.json"] = (json.dumps(description, indent=1) + "\n").encode()
    return files


if __name__ == "__main__":
    VECTORS.mkdir(exist_ok=True)
    for file, content in golden().items():
        (VECTORS / file).write_bytes(content)
