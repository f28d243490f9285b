"""Input Colour: a picture of code values gives what the command line gives for the same file, code for code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from host_bridge.client import Client
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates.images import read_image
from tests.art3d_node.server.conftest import Server
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.reference import Reference, frame_of
from tests.ofx_host.scenes import distance, plate

WIDTH, HEIGHT = 96, 64
RECT = (0, 0, WIDTH, HEIGHT)
SPACES = {"srgb": colour.SRGB, "rec709": "g24_rec709_scene", "cineon": colour.CINEON, "linear": colour.LINEAR_REC709}
# Noise has no order of near and far: what Z means would hang on the rounding that the two ways differ by.
DEEP: dict[str, Any] = {"depth": "aov", "z_meaning": "inverse", "depth_gain": 2.0}


def _all_codes(dtype: str) -> Array:
    """A picture that holds every code of eight bits, or every 11th of sixteen."""
    kind = np.dtype(dtype)
    codes = np.arange(WIDTH * HEIGHT * 4) * (1 if kind.itemsize == 1 else 11)
    return np.asarray(codes % (np.iinfo(kind).max + 1), kind).reshape(HEIGHT, WIDTH, 4)


def _file(folder: Path, pixels: Array) -> Path:
    path = folder / "plate.png"
    writer = oiio.ImageOutput.create(str(path))
    assert writer is not None
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "uint8" if pixels.dtype.itemsize == 1 else "uint16")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    assert writer.open(str(path), spec) and writer.write_image(pixels) and writer.close()
    return path


def _codes(light: Array, space: str, dtype: np.dtype[Any]) -> Array:
    top = np.iinfo(dtype).max
    values = np.array(light, np.float64)
    encoded: dict[Any, Callable[..., Any]] = {  # type: ignore[assignment, no-untyped-call]
        "srgb": lambda: curves.linear_to_srgb(values[..., :3]),
        "rec709": lambda: np.sign(values[..., :3]) * np.abs(values[..., :3]) ** (1 / 2.4),
        "linear": lambda: values[..., :3],
    }[space]()
    values[..., :3] = encoded  # type: ignore[call-overload]
    return np.floor(values.clip(0, 1) * top + 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", ["|u1", "<u2"])
@pytest.mark.parametrize("space", ["srgb", "rec709", "linear"])
def test_integers_equal_the_command_line(
    host: Host, real_server: Server, tmp_path: Path, dtype: str, space: str
) -> None:
    """The right eye is the command line's of the same PNG, in the PNG's own codes; auto takes integers as sRGB."""
    pixels = plate(dtype=dtype)
    pixels[..., 3] = np.iinfo(pixels.dtype).max
    image = read_image(_file(tmp_path, pixels), space=SPACES[space])
    with Client(real_server.address) as client:
        light = Reference(client, frame_of(image.pixels, depth=distance()), **DEEP).output(
            "right", Box.of_size(WIDTH, HEIGHT)
        )
    for knob in (space, "auto") if space == "srgb" else (space,):
        node = Node(host, size=(WIDTH, HEIGHT), knobs={**DEEP, "server": real_server.address, "input_colour": knob})
        node.connect("Source", picture(pixels), RECT)
        node.connect("Depth", picture(distance()), RECT)
        found, wanted = node.render(RECT), _codes(light, space, pixels.dtype)
        # Linear integers travel as they are, where the command line makes halves of eight bits.
        assert np.abs(found.astype(int) - wanted.astype(int)).max() <= (space == "linear")
        node.destroy()


@pytest.mark.parametrize("dtype", ["|u1", "<u2"])
@pytest.mark.parametrize("space", SPACES)
def test_decoded_to_the_last_bit(host: Host, fake_server: Server, dtype: str, space: str) -> None:
    """Every code becomes the very number that the command line makes of it: the server holds one plate for both."""
    pixels = _all_codes(dtype)
    top = int(np.iinfo(pixels.dtype).max)
    kind = "<f2" if top == 255 else "<f4"
    light = np.empty(pixels.shape, kind)
    light[..., :3] = colour.decode_codes(pixels[..., :3], top, SPACES[space])
    light[..., 3:] = pixels[..., 3:] / np.float32(top)
    node = Node(host, size=(WIDTH, HEIGHT), knobs={"server": fake_server.address, "input_colour": space})
    node.connect("Source", picture(pixels), RECT)
    node.render(RECT)
    with Client(fake_server.address) as client:
        if space != "linear":  # which travels as it is
            Reference(client, frame_of(light)).output("right", Box.of_size(WIDTH, HEIGHT))
        assert client.status()["plates"]["count"] == 1
    node.destroy()


@pytest.mark.parametrize("dtype", ["|u1", "<u2"])
@pytest.mark.parametrize("space", SPACES)
def test_codes_survive(host: Host, real_server: Server, dtype: str, space: str) -> None:
    """Every code comes back as itself: the left half of a pair is the plate, by way of the server."""
    pixels = _all_codes(dtype)
    node = Node(host, size=(WIDTH, HEIGHT), knobs={**DEEP, "server": real_server.address, "input_colour": space})
    node.set(output="side-by-side")
    node.connect("Source", picture(pixels), RECT)
    node.connect("Depth", picture(distance()), RECT)
    assert np.array_equal(node.render(RECT), pixels)
    node.destroy()


@pytest.mark.parametrize(
    ("told", "dtype", "same_as"),
    [
        ("ofx_scene_linear", "|u1", "linear"),
        ("lin_rec709_srgb", "<u2", "linear"),
        ("srgb_tx", "<f4", "srgb"),
        ("ofx_display_sdr", "<f4", "srgb"),
        ("rec1886_rec709_display", "|u1", "rec709"),
        (None, "|u1", "srgb"),
        (None, "<f4", "linear"),
        ("raw", "<f2", "linear"),
    ],
)
def test_auto_believes_the_host(host: Host, fake_server: Server, told: str | None, dtype: str, same_as: str) -> None:
    """OpenFX 1.5 names a clip's colour space; without it the depth decides."""
    found = []
    for knob in ("auto", same_as):
        node = Node(host, size=(WIDTH, HEIGHT), knobs={"server": fake_server.address, "input_colour": knob})
        node.connect("Source", picture(plate(dtype=dtype)), RECT)
        if told:
            node.effect.clips["Source"].properties.put("OfxImageClipPropColourspace", told)
        found.append(node.render(RECT))
        node.destroy()
    assert np.array_equal(found[0], found[1], equal_nan=True)


def test_floats_come_back_in_their_curve(host: Host, real_server: Server) -> None:
    """A float picture of sRGB values is rebuilt in light and given back as sRGB; the hero eye is the plate."""
    color = np.abs(plate())
    node = Node(
        host, size=(WIDTH, HEIGHT), knobs={"server": real_server.address, "depth": "aov", "input_colour": "srgb"}
    )
    node.set(output="side-by-side")
    node.connect("Source", picture(color), RECT)
    node.connect("Depth", picture(distance()), RECT)
    assert np.allclose(node.render(RECT), color, rtol=1e-5, atol=1e-6)
    node.destroy()
