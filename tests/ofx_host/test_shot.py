"""Shots whose depth a network estimates: neighbouring frames steady it, in a host exactly as in `art3d render`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.client import Client
from host_bridge.core.style_track import animated_style
from host_bridge.shot.file import load_shot, save_shot
from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.scenes import plate, shot_file

RECT = (0, 0, 96, 64)
FRAMES = (1001, 1008)
CUT = 1005


@pytest.fixture
def node(host: Host, fake_server: Server, tmp_path: Path) -> Iterator[Node]:
    """A node with a shot; every frame is another picture."""
    made = Node(host, size=(96, 64), knobs={"server": fake_server.address, "shot": str(shot_file(tmp_path))})
    pictures = {float(number): picture(plate(seed=number)) for number in range(990, 1020)}
    made.connect("Source", lambda time, region: pictures.get(time, pictures[990.0]), RECT)
    yield made
    made.destroy()


@pytest.mark.parametrize(
    ("time", "first", "last"), [(1001.0, 1001, 1004), (1004.0, 1001, 1005), (1006.0, 1006, 1009), (1010.0, 1007, 1010)]
)
def test_frames_needed(node: Node, time: float, first: int, last: int) -> None:
    """So many frames on either side, none across a cut, none that was not analysed; of the connected inputs only."""
    assert node.frames_needed(time)["Source"] == (first, last)
    assert node.frames_needed(time)["Matte"] == (time, time)
    node.set(output="left")
    assert node.frames_needed(time)["Source"] == (time, time)
    node.set(output="right", shot="")
    assert node.frames_needed(time)["Source"] == (time, time)


def test_shot_offset(node: Node) -> None:
    """A host that counts its clip from 0 gives the same picture, and asks for its own times."""
    target = Picture(RECT)
    pictures = {float(number): picture(plate(seed=number + 1001)) for number in range(20)}
    node.connect("Source", lambda time, region: pictures[time], RECT)
    assert node.render_into(target, RECT, time=2.0) == abi.FAILED
    assert "frame 2 is not in the shot analysis; set Shot Offset" in node.effect.message
    node.set(shot_offset=1001)
    assert node.frames_needed(2.0)["Source"] == (0, 4)
    assert node.render_into(target, RECT, time=2.0) == abi.OK, node.effect.message
    assert np.array_equal(target.array, plate(seed=1003) + 5)


def test_every_picture_goes_up_once(node: Node, fake_server: Server) -> None:
    """Three frames in two windows each share their neighbours; between two images none is kept."""
    for time in (1002.0, 1003.0, 1004.0):
        for window in ((0, 0, 96, 32), (0, 32, 96, 64)):
            target = Picture(window)
            assert node.render_into(target, window, time=time) == abi.OK, node.effect.message
            rows = slice(64 - window[3], 64 - window[1])
            assert np.array_equal(target.array, (plate(seed=int(time)) + 5)[rows])
            assert node.effect.open_images == 0
    with Client(fake_server.address) as client:
        figures = client.status()["plates"]
    assert (figures["count"], figures["uploads"]) == (5, 0)


def test_without_a_neighbour(node: Node) -> None:
    """A frame that the input lacks, or that the host would only hold, is named with what to do."""
    target = Picture(RECT)
    good = node.effect.clips["Source"].images
    assert good is not None
    node.effect.clips["Source"].images = lambda time, region: good(time, region) if time < 1004 else None
    assert node.render_into(target, RECT, time=1002.0) == abi.FAILED
    assert "frame 1004 steadies" in node.effect.message and "without steadying" in node.effect.message
    node.connect("Source", good, RECT, frames=(1002.0, 1020.0))
    assert node.render_into(target, RECT, time=1002.0) == abi.FAILED
    assert "frame 1001 steadies" in node.effect.message
    node.connect("Source", good, RECT, frames=(1001.0, 1020.0))
    assert node.render_into(target, RECT, time=1002.0) == abi.OK
    assert node.effect.message == ""


def test_the_plate_itself_needs_no_neighbour(node: Node, fake_server: Server) -> None:
    """Of a host that renders the hero eye though the node changes nothing there."""
    target = Picture(RECT)
    node.set(output="left")
    assert node.render_into(target, RECT, time=1002.0) == abi.OK, node.effect.message
    with Client(fake_server.address) as client:
        assert client.status()["plates"]["count"] == 1


def test_host_without_other_frames(bundle: Path, fake_server: Server, tmp_path: Path) -> None:
    """It says so rather than show another depth; a shot without steadying needs no other frame."""
    host = Host(bundle, values={"OfxImageEffectPropTemporalClipAccess": 0})
    host.load()
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address, "shot": str(shot_file(tmp_path))})
    node.connect("Source", picture(plate()), RECT)
    assert node.render_into(Picture(RECT), RECT, time=1002.0) == abi.FAILED
    assert "no other frames" in node.effect.message and "without steadying" in node.effect.message
    node.set(shot=str(shot_file(tmp_path, name="alone", steady=0)))
    assert node.render_into(Picture(RECT), RECT, time=1002.0) == abi.OK
    node.destroy()
    host.unload()


def test_abort_between_neighbours(node: Node) -> None:
    """The host is asked at every frame; what was fetched goes back, and the next render is whole."""
    for patience in range(12):
        calls = iter(range(10**6))
        node.effect.abort = lambda calls=calls, patience=patience: next(calls) >= patience  # type: ignore[misc]
        assert node.render_into(Picture(RECT), RECT, time=1003.0) == abi.OK
        assert node.effect.open_images == 0
    node.effect.abort = lambda: False
    target = Picture(RECT)
    assert node.render_into(target, RECT, time=1003.0) == abi.OK, node.effect.message
    assert np.array_equal(target.array, plate(seed=1003) + 5)


@pytest.mark.parametrize(
    ("changes", "knobs", "word"),
    [
        ({"depth_source": "mini"}, {"depth": "aov"}, "depth source mini, the node has aov"),
        ({"z_meaning": "distance"}, {}, "Z meaning distance, the node has auto"),
        ({"style": "gentle"}, {}, "style gentle, the node has neutral"),
    ],
)
def test_shot_of_other_settings(
    node: Node, tmp_path: Path, changes: dict[str, Any], knobs: dict[str, Any], word: str
) -> None:
    """As `art3d render` refuses it: a shot's figures hold for what it was analysed with."""
    node.set(shot=str(shot_file(tmp_path, name="other", **changes)), **knobs)
    assert node.render_into(Picture(RECT), RECT, time=1002.0) == abi.FAILED
    assert word in node.effect.message


@pytest.mark.parametrize(
    ("frame", "style", "fits"),
    [
        (1001, "immersive", True),
        (1001, "gentle", False),
        # Nuke's own digits, another order and other weights of the same mix.
        (1003, "immersive:0.777777778,gentle:0.222222222", True),
        (1003, "gentle: 2, immersive:7", True),
        (1003, "immersive:7,gentle:2,neutral:0", True),
        (1003, "immersive:0.77,gentle:0.23", False),
        (1003, "immersive", False),
        (1003, "immersive:x,gentle:2", False),
        (1010, "gentle", True),
    ],
)
def test_shot_of_a_style_that_changes(node: Node, tmp_path: Path, frame: int, style: str, fits: bool) -> None:
    """Each frame's own style must be the node's at that frame."""
    moving = animated_style({1001: "immersive", 1010: "gentle"}, "linear")
    node.set(shot=str(shot_file(tmp_path, name="moving", style=moving, steady=0)), style=style)
    target = Picture(RECT)
    status = node.render_into(target, RECT, time=float(frame))
    assert (status == abi.OK) is fits, node.effect.message
    if not fits:
        assert "the shot was analysed with style" in node.effect.message and style in node.effect.message


def test_frames_of_a_shot_vary(node: Node) -> None:
    """A host must not show one frame's picture for another, not even of a still plate."""
    assert node.preferences().get("OfxImageEffectFrameVarying") == 1
    node.set(shot="")
    assert node.preferences().get("OfxImageEffectFrameVarying") == 0


def _part(path: Path, name: str) -> dict[str, Any]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        part = next(part for part in file.parts if part.name() == name)
        return {channel: np.array(c.pixels) for channel, c in part.channels.items()}


@pytest.fixture(scope="module")
def rendered(example_plate: Path, real_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example plate through a network, as the command line renders it: steadied, cut, alone and inside bars."""
    folder = tmp_path_factory.mktemp("steadied")
    plates = str(example_plate / "plate.####.exr")
    common = ["--depth", "mini", "--server", real_server.address]
    assert main(["analyse", plates, "-o", str(folder / "steady.art3d"), "--steady", "2", *common]) == 0
    shot = load_shot(folder / "steady.art3d")
    cut = {number: replace(entry, scene=int(number >= CUT)) for number, entry in shot.frames.items()}
    save_shot(replace(shot, frames=cut, cuts=(CUT,)), folder / "cut.art3d")
    save_shot(replace(shot, steady=0), folder / "alone.art3d")
    barred = {number: replace(entry, bars=(60, 30, 40, 8)) for number, entry in shot.frames.items()}
    save_shot(replace(shot, frames=barred), folder / "barred.art3d")
    for name in ("steady", "cut", "alone", "barred"):
        out = str(folder / f"{name}.####.exr")
        which = ["--frames", "1001,1004", "--shot", str(folder / f"{name}.art3d")]
        assert main(["render", plates, "-o", out, *common, *which, "--compression", "zip"]) == 0
    return folder


@pytest.mark.parametrize("name", ["steady", "cut", "alone", "barred"])
@pytest.mark.parametrize("number", [1001, 1004])
def test_same_pixels(
    host: Host, real_server: Server, example_plate: Path, rendered: Path, name: str, number: int
) -> None:
    """Right view and disparity equal `art3d render --shot` to the last bit, window by window."""
    pictures = {}
    for n in range(FRAMES[0], FRAMES[1] + 1):
        with OpenEXR.File(str(example_plate / f"plate.{n}.exr"), separate_channels=True) as file:
            channels = file.parts[0].channels
            pictures[float(n)] = picture(np.stack([np.array(channels[c].pixels) for c in "RGBA"], axis=2))
    node = Node(host, size=(960, 540), knobs={"server": real_server.address, "shot": str(rendered / f"{name}.art3d")})
    node.connect("Source", lambda time, region: pictures.get(time, pictures[1001.0]), (0, 0, 960, 540))
    path = rendered / f"{name}.{number}.exr"
    wanted = {
        "right": np.stack([_part(path, "right")[c] for c in "RGBA"], axis=2),
        "disparity": _part(path, "disparityR")["disparityR.x"],
    }
    for output, depth in (("right", "OfxBitDepthHalf"), ("disparity", "OfxBitDepthFloat")):
        node.set(output=output)
        target = Picture((0, 0, 960, 540), depth)
        for y in (0, 270):
            assert node.render_into(target, (0, y, 960, y + 270), time=float(number)) == abi.OK, node.effect.message
        found = target.array if output == "right" else target.array[..., 0]
        assert np.array_equal(found, wanted[output], equal_nan=True)
    node.destroy()


def test_bars_of_the_shot_hold(rendered: Path) -> None:
    """The plate has none: what lies outside the picture that the shot file tells is on the screen all the same."""
    found = _part(rendered / "barred.1004.exr", "disparityR")["disparityR.x"]
    outside = np.ones(found.shape, bool)
    outside[60:-30, 40:-8] = False
    assert not found[outside].any() and found[~outside].any()


def test_steadying_matters(rendered: Path) -> None:
    """The three ways differ, so that the test above tells one from another."""
    one, two, three = (
        _part(rendered / f"{name}.1004.exr", "disparityR")["disparityR.x"] for name in ("steady", "cut", "alone")
    )
    assert not np.array_equal(one, two) and not np.array_equal(two, three) and not np.array_equal(one, three)
