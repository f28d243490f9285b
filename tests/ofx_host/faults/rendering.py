"""What a render of a node must do: the right pixels and no message, or a message and an untouched target."""

from __future__ import annotations

import numpy as np

from tests.ofx_host import abi
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture
from tests.ofx_host.scenes import plate

RECT = (0, 0, 96, 64)
GAIN = 5  # what the synthetic engine adds to the right eye


def fails(node: Node, *words: str, status: int = abi.FAILED, **options: object) -> None:
    target = Picture(RECT)
    assert node.render_into(target, RECT, **options) == status  # type: ignore[arg-type]
    assert all(word in node.effect.message for word in words), node.effect.message
    assert target.intact()


def works(node: Node) -> None:
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    assert node.effect.message == ""
