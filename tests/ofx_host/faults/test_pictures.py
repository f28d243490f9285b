"""A picture that cannot be taken or made is refused by name; the message goes when it is no longer true."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ofx_host import abi
from tests.ofx_host.faults.rendering import GAIN, RECT, fails, works
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.scenes import plate


def test_message_names_the_remedy_and_clears_itself(node: Node) -> None:
    """A fault of the server stands on the node until a render goes well."""
    node.set(depth="boom")
    fails(node, "boom", "do not ask for it")
    node.set(depth="auto")
    works(node)


def test_change_clears_the_message(node: Node) -> None:
    """What stood there may no longer be true."""
    node.set(depth="boom")
    fails(node, "boom")
    node.changed("depth")
    assert node.effect.message == ""


@pytest.mark.parametrize("field", ["OfxFieldLower", "OfxFieldUpper"])
def test_fields_are_refused(node: Node, field: str) -> None:
    """Rendering a field, or a source made of fields."""
    fails(node, "whole frames", status=abi.ERR_UNSUPPORTED, field=field)
    node.effect.clips["Source"].properties.put("test.field", field)
    fails(node, "progressive", "de-interlace", status=abi.ERR_UNSUPPORTED)


@pytest.mark.parametrize(
    ("field", "order", "taken"),
    [
        ("", "OfxFieldNone", True),
        ("OfxFieldBoth", "OfxFieldNone", True),
        ("OfxFieldBoth", None, True),
        ("", "OfxFieldUpper", False),
        ("OfxFieldBoth", "OfxFieldLower", False),
        ("OfxFieldNone", "OfxFieldLower", True),
    ],
)
def test_whole_pictures_are_taken(node: Node, field: str, order: str | None, taken: bool) -> None:
    """A picture that says "both fields" or nothing is progressive unless its clip has a field order."""
    clip = node.effect.clips["Source"].properties
    clip.put("test.field", field)
    if order is not None:
        clip.put("OfxImageClipPropFieldOrder", order)
    if taken:
        works(node)
    else:
        fails(node, "progressive", status=abi.ERR_UNSUPPORTED)
    node.effect.clips["Source"].properties.put("OfxImageClipPropFieldOrder", "OfxFieldNone")
    node.effect.clips["Source"].properties.put("test.field", "OfxFieldNone")
    assert np.array_equal(node.render(RECT, field="OfxFieldBoth"), plate() + GAIN)


@pytest.mark.parametrize("depth", ["OfxBitDepthByte", "OfxBitDepthShort"])
def test_disparity_needs_float(node: Node, depth: str) -> None:
    """Pixels of disparity do not fit 0..1."""
    node.set(output="disparity")
    target = Picture(RECT, depth)
    assert node.render_into(target, RECT) == abi.ERR_UNSUPPORTED
    assert "float" in node.effect.message


def test_no_source(node: Node) -> None:
    """Nothing connected, an empty region, no picture at this frame."""
    node.effect.clips["Source"].rod = (0, 0, 0, 0)
    fails(node, "no picture")
    node.effect.clips["Source"].rod = RECT
    node.effect.clips["Source"].images = lambda time, region: None
    fails(node, "no picture", "connect")


def test_strange_pictures(node: Node) -> None:
    """A depth or components of a later API, rows shorter than the picture, a clean plate of other channels."""
    for change in ({"depth": "OfxBitDepthDouble"}, {"components": "OfxImageComponentYUVA"}):
        odd = picture(plate())
        vars(odd).update(change)
        node.connect("Source", odd, RECT)
        fails(node, next(iter(change.values())), status=1000)
    short = picture(plate())
    short.stride //= 2
    node.connect("Source", short, RECT)
    fails(node, "shorter")
    node.connect("Source", picture(plate()), RECT)
    node.connect("CleanPlate", picture(plate(channels=3)), RECT)
    fails(node, "clean plate", "channels")


def test_target_smaller_than_window(node: Node) -> None:
    """Only pixels that exist are written."""
    target = Picture((10, 10, 40, 30))
    assert node.render_into(target, RECT) == abi.OK
    assert target.intact()
    assert np.array_equal(target.array, (plate() + GAIN)[34:54, 10:40])
