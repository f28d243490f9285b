"""A plate inside bars through a network: the plug-in gives inside the picture what the plate without bars gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge.cli import main
from tests.art3d_node.server.conftest import Server
from tests.end_to_end.street import (
    FRAMES,
    LIT,
    SIDES,
    allowed_px,
    assert_same_disparity,
    inside,
    outside,
    padded,
    save,
    street,
)
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture

Bars = tuple[int, int, int, int]
NO_BARS: Bars = (0, 0, 0, 0)
NEAR_PX = 4
LENGTH = (float(FRAMES[0]), float(FRAMES[-1]))
Rendered = dict[str, np.ndarray]


def analysed(folder: Path, bars: Bars, server: Server) -> str:
    """The shot file of the street inside bars."""
    for index in range(len(FRAMES)):
        save(folder, index, street(index), bars)
    words = ["analyse", str(folder / "p.####.exr"), "-o", str(folder / "p.art3d"), "--depth", "mini"]
    assert main([*words, "--style", "immersive", "--server", server.address]) == 0
    return str(folder / "p.art3d")


def rendered(host: Host, server: Server, bars: Bars, shot: str) -> list[Rendered]:
    """Every frame's outputs, in two windows as a host renders them."""
    pictures = {float(n): picture(padded(street(i), bars).astype(np.float32)) for i, n in enumerate(FRAMES)}
    height, width = padded(street(0), bars).shape[:2]
    knobs = {"server": server.address, "shot": shot, "depth": "mini", "style": "immersive", "input_colour": "linear"}
    node = Node(host, size=(width, height), knobs=knobs)
    node.connect("Source", lambda time, region: pictures.get(time, pictures[1.0]), (0, 0, width, height), frames=LENGTH)
    made = []
    for number in FRAMES:
        outputs = {}
        for output in ("left", "right", "disparity"):
            node.set(output=output)
            target = Picture((0, 0, width, height))
            for y0, y1 in ((0, height // 2), (height // 2, height)):
                status = node.render_into(target, (0, y0, width, y1), time=float(number))
                assert status == abi.OK, node.effect.message
            outputs[output] = target.array[..., 0] if output == "disparity" else target.array[..., :3]
        made.append(outputs)
    node.destroy()
    return made


@pytest.fixture(scope="module")
def shots(real_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[Bars, str]:
    """A shot file for every padding."""
    every = [NO_BARS, *SIDES.values()]
    return {bars: analysed(tmp_path_factory.mktemp("street"), bars, real_server) for bars in every}


@pytest.mark.parametrize("how", ["shot", "alone"])
@pytest.mark.parametrize("side", SIDES)
def test_a_padded_plate_gives_what_the_plate_gives(
    host: Host, real_server: Server, shots: dict[Bars, str], side: str, how: str
) -> None:
    """The shot file tells the bars of frames too dark to show them; without one, every frame tells its own."""
    bars = SIDES[side]
    plain = rendered(host, real_server, NO_BARS, shots[NO_BARS] if how == "shot" else "")
    made = rendered(host, real_server, bars, shots[bars] if how == "shot" else "")
    lit = len(FRAMES) if how == "shot" else LIT
    assert np.ptp(plain[0]["disparity"]) > 2.0
    for index, (wanted, found) in enumerate(list(zip(plain, made, strict=True))[:lit]):
        assert_same_disparity(found["disparity"], wanted["disparity"], bars)
        assert np.array_equal(found["left"], padded(street(index), bars).astype(np.float32))
        assert not outside(found["right"], bars).any()
        core = np.s_[NEAR_PX:-NEAR_PX, NEAR_PX:-NEAR_PX]
        # The steepest step, shifted by what the disparity may differ; a pixel at an outline may change sides.
        allowed = allowed_px(wanted["disparity"]) * np.ptp(wanted["right"])
        assert (np.abs(found["right"][inside(bars)] - wanted["right"])[core] > allowed).mean() <= 1e-3
