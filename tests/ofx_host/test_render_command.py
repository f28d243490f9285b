"""The node against `art3d render` on the project's own plate: the same pixels, with and without a shot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture

FRAMES = (1001, 1005)
KNOBS = {"depth": "aov", "depth_gain": 1.5, "zero_plane": -0.4}
HALF, FLOAT = "OfxBitDepthHalf", "OfxBitDepthFloat"


def _parts(path: Path) -> dict[str, dict[str, Any]]:
    """Part name → channel name → pixels."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {part.name(): {name: np.array(c.pixels) for name, c in part.channels.items()} for part in file.parts}


@pytest.fixture(scope="module")
def rendered(example_plate: Path, real_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames as the command line renders them: alone, and through a shot."""
    folder = tmp_path_factory.mktemp("rendered")
    plates = str(example_plate / "plate.####.exr")
    common = ["--depth", "aov", "--server", real_server.address]
    knobs = ["--depth-gain", "1.5", "--zero-plane=-0.4", "--frames", "1001,1005"]
    shot = folder / "plate.art3d"
    assert main(["analyse", plates, "-o", str(shot), *common]) == 0
    for name, which in (("alone", "none"), ("shot", str(shot))):
        out = str(folder / f"{name}.####.exr")
        assert main(["render", plates, "-o", out, *common, *knobs, "--shot", which, "--compression", "zip"]) == 0
    return folder


@pytest.fixture
def node(host: Host, real_server: Server, example_plate: Path) -> Any:
    """A node fed with the plate's RGBA and depth."""
    made = Node(host, size=(960, 540), knobs={**KNOBS, "server": real_server.address})
    pictures: dict[float, tuple[Picture, Picture]] = {}
    for number in FRAMES:
        channels = next(iter(_parts(example_plate / f"plate.{number}.exr").values()))
        color = np.stack([channels[name] for name in "RGBA"], axis=2)
        pictures[float(number)] = (picture(color), picture(channels["depth.Z"][..., None].astype(np.float32)))
    first = float(FRAMES[0])
    rect = (0, 0, 960, 540)
    made.connect("Source", lambda time, region: pictures.get(time, pictures[first])[0], rect)
    made.connect("Depth", lambda time, region: pictures.get(time, pictures[first])[1], rect)
    yield made
    made.destroy()


def _render(node: Node, output: str, depth: str, number: int) -> Any:
    node.set(output=output)
    target = Picture((0, 0, 960, 540), depth)
    for y in range(0, 540, 180):
        status = node.render_into(target, (0, y, 960, y + 180), time=float(number))
        assert status == abi.OK, node.effect.message
    return target.array


@pytest.mark.parametrize("name", ["alone", "shot"])
@pytest.mark.parametrize("number", FRAMES)
def test_same_pixels(node: Node, rendered: Path, name: str, number: int) -> None:
    """Right view, disparity on both grids and occlusion."""
    if name == "shot":
        node.set(shot=str(rendered / "plate.art3d"))
    parts = _parts(rendered / f"{name}.{number}.exr")
    view = np.stack([parts["right"][channel] for channel in "RGBA"], axis=2)
    assert np.array_equal(_render(node, "right", HALF, number), view, equal_nan=True)
    disparity = _render(node, "disparity", FLOAT, number)
    assert np.array_equal(disparity[..., 0], parts["disparityR"]["disparityR.x"], equal_nan=True)
    assert np.array_equal(disparity[..., 2], parts["disparityL"]["disparityL.x"], equal_nan=True)
    assert np.array_equal(_render(node, "occlusion", HALF, number)[..., 1], parts["occlusion.right"]["occlusion.mask"])


def test_shot_matters(rendered: Path) -> None:
    """The two ways differ, so that the test above tells one from the other."""
    alone, shot = (_parts(rendered / f"{name}.1001.exr")["disparityR"]["disparityR.x"] for name in ("alone", "shot"))
    assert not np.array_equal(alone, shot)


def test_bad_shots(node: Node, rendered: Path, tmp_path: Path) -> None:
    """Absent, damaged, of another style, without the frame: a line that says what to do."""
    good = (rendered / "plate.art3d").read_text()
    cases = {
        "absent": (None, "cannot be read"),
        "cut": (good[: len(good) // 2], "damaged"),
        "other": ('{"a": 1}', "damaged"),
        "newer": (good.replace('"version": 2', '"version": 99'), "newer"),
        "style": (good.replace('"style": "neutral"', '"style": "gentle"'), "style gentle"),
        "deep": ("[" * 100000, "damaged"),
    }
    for name, (text, word) in cases.items():
        path = tmp_path / f"{name}.art3d"
        if text is not None:
            path.write_text(text)
        node.set(shot=str(path))
        assert node.render_into(Picture((0, 0, 960, 540)), (0, 0, 8, 8), time=1001.0) == abi.FAILED
        assert word in node.effect.message and name in node.effect.message, node.effect.message
    node.set(shot=str(rendered / "plate.art3d"))
    assert node.render_into(Picture((0, 0, 960, 540)), (0, 0, 8, 8), time=7.0) == abi.FAILED
    assert "frame 7 " in node.effect.message
