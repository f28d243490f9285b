"""The node in MLT itself (Kdenlive, Shotcut): `debootstrap --variant=minbase --include=melt sid build/mlt`, as root.

The last step of debootstrap, configuring packages, may fail; what melt needs is there all the same. It runs under its
own system's loader and libraries, so nothing of this machine has to be as new.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from host_bridge.core.frame import Array
from tests.art3d_node.server.conftest import Server
from tests.ofx_host.conftest import ROOT
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture

TREE = ROOT / "build" / "mlt"
LIBRARIES = TREE / "usr" / "lib" / "x86_64-linux-gnu"
SIZE = WIDTH, HEIGHT = 96, 64
FRAMES = 24
LOOK = {"depth": "mini", "style": "immersive"}
PROFILE = {
    "description": "small", "frame_rate_num": 24, "frame_rate_den": 1, "width": WIDTH, "height": HEIGHT,
    "progressive": 1, "sample_aspect_num": 1, "sample_aspect_den": 1, "display_aspect_num": 3,
    "display_aspect_den": 2, "colorspace": 709,
}  # fmt: skip
pytestmark = pytest.mark.skipif(
    not (LIBRARIES / "mlt-7" / "libmltopenfx.so").exists(), reason="no MLT with OpenFX in build/mlt"
)


def _film(path: Path) -> None:
    """Frames of noise in blocks, each another, without loss."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for number in range(FRAMES):
            blocks = np.random.default_rng(number).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
            pixels = np.ascontiguousarray(blocks.repeat(8, 0).repeat(8, 1))
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        film.mux(stream.encode())


class Melt:
    """MLT's command line, with the modules that this needs."""

    def __init__(self, folder: Path, bundle: Path, server: str) -> None:
        self._folder, self._server = folder, server
        modules = folder / "modules"
        modules.mkdir()
        for name in ("core", "avformat", "openfx"):
            (modules / f"libmlt{name}.so").symlink_to(LIBRARIES / "mlt-7" / f"libmlt{name}.so")
        self._profile = folder / "profile"
        self._profile.write_text("".join(f"{name}={value}\n" for name, value in PROFILE.items()))
        _film(folder / "film.mkv")
        data = TREE / "usr" / "share" / "mlt-7"
        self._values = {
            **os.environ, "OFX_PLUGIN_PATH": str(bundle.parent), "MLT_REPOSITORY": str(modules), "MLT_DATA": str(data),
            "MLT_PRESETS_PATH": str(data / "presets"), "MLT_PROFILES_PATH": str(data / "profiles"),
        }  # fmt: skip

    def run(self, *arguments: str) -> str:
        """What it prints."""
        paths = ":".join(str(LIBRARIES / name) for name in ("", "pulseaudio", "blas", "lapack"))
        loader = [str(LIBRARIES / "ld-linux-x86-64.so.2"), "--library-path", paths, str(TREE / "usr" / "bin" / "melt")]
        done = subprocess.run(
            [*loader, *arguments], env=self._values, capture_output=True, text=True, check=True, timeout=250
        )
        return done.stdout + done.stderr

    def frames(self, name: str, threads: int, **knobs: str) -> list[Array]:
        """The film through the node, (h, w, 3) each."""
        filtered = ["-filter", "openfx.org.art3d.stereo", f"server={self._server}"]
        written = [f"avformat:{self._folder}/{name}.%d.png", "vcodec=png", "f=image2", "pix_fmt=rgb24",
                   "mlt_image_format=rgb", f"real_time=-{threads}", "an=1"]  # fmt: skip
        files = [self._folder / f"{name}.{number}.png" for number in range(1, FRAMES + 1)]
        for _ in range(5):  # melt itself now and then writes nothing and ends well, without any filter too
            self.run("-profile", str(self._profile), f"avformat:{self._folder}/film.mkv", *filtered,
                     *(f"{knob}={value}" for knob, value in knobs.items()), "-consumer", *written)  # fmt: skip
            if files[-1].exists():
                break
        return [np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.UINT8)) for path in files]


@pytest.fixture
def melt(bundle: Path, real_server: Server, tmp_path: Path) -> Melt:
    return Melt(tmp_path, bundle, real_server.address)


def test_mlt_lists_the_node(melt: Melt) -> None:
    assert "openfx.org.art3d.stereo" in melt.run("-query", "filters")


def test_mlt_renders_what_the_stand_in_renders(melt: Melt, host: Host, real_server: Server) -> None:
    """Bit for bit, on one thread and on four, each of which makes an instance; the left eye is what MLT handed in."""
    seen = melt.frames("left", 1, output="left", **LOOK)
    node = Node(host, size=SIZE, knobs={"server": real_server.address, **LOOK})
    wanted = []
    for plate in seen:
        opaque = np.dstack([plate, np.full(plate.shape[:2], 255, np.uint8)])
        node.connect("Source", picture(opaque), (0, 0, *SIZE))
        wanted.append(np.asarray(node.render((0, 0, *SIZE)))[..., :3])
    node.destroy()
    assert len({frame.tobytes() for frame in seen}) == FRAMES
    assert all((frame != plate).any() for frame, plate in zip(wanted, seen, strict=True))
    for threads in (1, 4):
        got = melt.frames(f"right{threads}", threads, output="right", **LOOK)
        assert all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))
