"""A floating window that follows the shot file: in a host exactly as `art3d render` resolves it, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_bridge.client import Client
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.shot.edges import BANDS, Band, Edges
from host_bridge.shot.entry import ShotEntry
from host_bridge.shot.file import Shot, save_shot
from host_bridge.shot.floating import resolved
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.reference import frame_of
from tests.ofx_host.scenes import distance, plate

RECT = (0, 0, 96, 64)


def shot(folder: Path) -> tuple[Path, Shot]:
    """Two scenes with something at either edge that comes and goes."""
    frames = {}
    for number in range(1001, 1061):
        near = -1.9 if 1020 <= number < 1024 else 1.0
        left = tuple(Band(near, 0.5, 0.25) if i >= 6 else Band() for i in range(BANDS))
        right = tuple(Band(0.02 * (1030 - number), 0.4, 0.0) for _ in range(BANDS))
        frames[number] = ShotEntry(
            0.0,
            1.0,
            0.02,
            -0.01,
            0.0,
            int(number >= 1041),
            "00",
            size=(96, 64),
            edges={"left": Edges(left, right), "none": Edges(right, left)},
        )
    made = Shot("plate.####.exr", "aov", "id", "neutral", "distance", frames, cuts=(1041,))
    save_shot(made, folder / "shot.art3d")
    return folder / "shot.art3d", made


@pytest.mark.parametrize("choice", ["auto", "static"])
@pytest.mark.parametrize("animated", [False, True])
@pytest.mark.parametrize(("budget", "hero"), [("soft", "left"), ("none", "left"), ("soft", "none")])
def test_the_window_of_each_frame(
    host: Host, real_server: Server, tmp_path: Path, choice: str, animated: bool, budget: str, hero: str
) -> None:
    path, made = shot(tmp_path)

    def zero_plane(time: float) -> float:
        return -0.01 * (time - 1001) if animated else -0.25

    knobs: dict[str, Any] = {
        "depth": "aov",
        "z_meaning": "distance",
        "floating_window": choice,
        "depth_budget": budget,
        "hero": hero,
    }
    knobs["budget_front"] = 2.0
    node = Node(
        host,
        size=(96, 64),
        knobs={**knobs, "server": real_server.address, "shot": str(path), "input_colour": "linear", "output": "left"},
    )
    node.set(zero_plane=zero_plane)
    node.connect("Source", picture(plate()), RECT)
    node.connect("Depth", picture(distance()), RECT)
    frame = frame_of(plate(), depth=distance())

    def at(number: int) -> Controls:
        return Controls(
            floating_window=choice, zero_plane=zero_plane(number), budget_front=2.0, depth_budget=budget, hero=hero
        )

    masked = []
    with Client(real_server.address) as client:
        for number in (1001, 1015, 1022, 1032, 1040, 1041, 1060):
            target = Picture(RECT)
            assert node.render_into(target, RECT, time=float(number)) == abi.OK, node.effect.message
            controls = resolved(number, made.frames, at)
            entry = made.frames[number]
            settings = AnalysisSettings(
                "aov", "neutral", "distance", made.frame(number), picture=entry.picture(frame.data)
            )
            wanted = client.tile(frame, settings, controls, Box.of_size(96, 64), ("left",)).planes["left"]
            assert np.allclose(target.array, wanted, rtol=0, atol=2e-6)
            masked.append(controls.floating_left if hero == "left" else controls.floating_right)
    assert max(masked) > 1.5 and (choice == "static" or min(masked) < 0.5)
    node.destroy()


def test_without_a_shot_nobody_decides(host: Host, real_server: Server) -> None:
    node = Node(host, size=(96, 64), knobs={"server": real_server.address, "floating_window": "auto"})
    node.connect("Source", picture(plate()), RECT)
    assert node.render_into(Picture(RECT), RECT, time=1.0) == abi.FAILED
    assert "Shot Analysis names no file" in node.effect.message
    node.destroy()


@pytest.mark.parametrize(
    ("spoil", "hero", "said"),
    [
        (lambda text: text.replace('"left": "', '"left": "x '), "left", "damaged"),
        (lambda text: _old(text), "left", "too old"),
        (lambda text: text, "right", "with this hero eye"),
    ],
)
def test_a_shot_file_that_does_not_say(
    host: Host, real_server: Server, tmp_path: Path, spoil: Callable[[str], str], hero: str, said: str
) -> None:
    path, _ = shot(tmp_path)
    path.write_text(spoil(path.read_text()))
    knobs = {"depth": "aov", "z_meaning": "distance", "floating_window": "auto", "shot": str(path), "hero": hero}
    node = Node(host, size=(96, 64), knobs={**knobs, "server": real_server.address})
    node.connect("Source", picture(plate()), RECT)
    node.connect("Depth", picture(distance()), RECT)
    assert node.render_into(Picture(RECT), RECT, time=1022.0) == abi.FAILED
    assert said in node.effect.message
    node.destroy()


def _old(text: str) -> str:
    """The file as an Art3D wrote it that knew nothing of edges."""
    import json

    body = json.loads(text)
    for entry in body["frames"].values():
        del entry["edges"]
    return json.dumps(body)
