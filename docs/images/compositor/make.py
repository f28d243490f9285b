"""Makes the pictures of docs/compositor.md with the plug-in itself, on the example plate.

python docs/images/compositor/make.py [--server ADDRESS]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from host_bridge.client.server_process import ensure_server  # noqa: E402
from host_bridge.io.colour.curves import linear_to_srgb  # noqa: E402
from tests.ofx_host.host import Host  # noqa: E402
from tests.ofx_host.node import Node  # noqa: E402
from tests.ofx_host.pictures import Picture, picture  # noqa: E402

HERE = Path(__file__).parent
SIZE_PX = 640
WINDOW = (0, 0, 960, 540)


def node_for(address: str) -> Node:
    """A node that shows the example plate and its depth."""
    host = Host(ROOT / "build" / "ofx" / "Art3D.ofx.bundle")
    assert host.load() == 0
    with OpenEXR.File(str(ROOT / "examples" / "plate" / "plate.1001.exr"), separate_channels=True) as file:
        channels = {name: np.array(c.pixels) for name, c in file.parts[0].channels.items()}
    node = Node(host, size=WINDOW[2:], knobs={"server": address, "depth": "aov"})
    node.connect("Source", picture(np.stack([channels[c] for c in "RGBA"], axis=2).astype(np.float32)), WINDOW)
    node.connect("Depth", picture(channels["depth.Z"][..., None].astype(np.float32)), WINDOW)
    return node


def rendered(node: Node, output: str, window: tuple[int, int, int, int] = WINDOW, **knobs: object) -> np.ndarray:
    """(h, w, 4) of one output."""
    node.set(output=output, **knobs)
    target = Picture(window)
    assert node.render_into(target, window) == 0, node.effect.message
    return target.array


def save(name: str, linear: np.ndarray, *, grey: bool = False) -> None:
    """Writes a JPEG that a browser shows."""
    shown = linear[..., :3].astype(np.float32).clip(0, 1)
    shown = shown if grey else linear_to_srgb(shown)
    image = Image.fromarray(np.asarray(shown * 255 + 0.5, np.uint8))
    image.thumbnail((SIZE_PX * (2 if image.width > 1000 else 1), 2000), Image.Resampling.LANCZOS)
    image.save(HERE / f"{name}.jpg", quality=88)


def toned(disparity: np.ndarray) -> np.ndarray:
    """Nuke's disparityR.x as colour: orange in front of the screen, blue behind."""
    share = (-disparity[..., :1] / (0.025 * WINDOW[2])).clip(-1, 1)
    front, screen, behind = (np.array(c, np.float32) / 255 for c in ((232, 92, 16), (236, 236, 232), (24, 92, 196)))
    return np.where(share > 0, screen + share * (front - screen), screen - share * (behind - screen))


def main() -> None:
    """Every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="")
    node = node_for(parser.parse_args().server or ensure_server().address)
    save("plate", rendered(node, "left"))
    save("right", rendered(node, "right"))
    save("side-by-side", rendered(node, "side-by-side", (0, 0, 1920, 540)))
    save("anaglyph", rendered(node, "anaglyph"))
    save("inverse-depth", rendered(node, "inverse-depth"), grey=True)
    save("occlusion", rendered(node, "occlusion"), grey=True)
    save("disparity", toned(rendered(node, "disparity")), grey=True)
    save("zero-plane", toned(rendered(node, "disparity", zero_plane=-1.0)), grey=True)
    save("depth-gain", toned(rendered(node, "disparity", zero_plane=0.0, depth_gain=2.0)), grey=True)
    save("no-fill", rendered(node, "right", fill="none", depth_gain=2.0))
    host = node.host
    node.destroy()
    host.unload()


if __name__ == "__main__":
    main()
