"""A node that is connected to a source and to a server of known arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host.faults.rendering import RECT
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.scenes import plate


@pytest.fixture
def node(host: Host, fake_server: Server) -> Iterator[Node]:
    """A connected node."""
    made = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    made.connect("Source", picture(plate()), RECT)
    yield made
    made.destroy()
