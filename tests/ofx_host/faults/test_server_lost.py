"""A server or worker that dies costs one render at most."""

from __future__ import annotations

import threading
import time

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.faults.rendering import RECT, fails, works
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture


def test_server_restarts_between_renders(node: Node, fake_server: Server) -> None:
    """Its cache is only a cache: the plate goes up again."""
    works(node)
    fake_server.kill()
    fake_server.start()
    works(node)


def test_server_dies_during_a_render(node: Node, fake_server: Server) -> None:
    """An explicit server that dies is reported; one that comes back in time is used."""
    node.set(depth="slow-1.5")

    def restart() -> None:
        time.sleep(0.5)
        fake_server.kill()
        fake_server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    status = node.render_into(Picture(RECT), RECT)
    thread.join()
    assert status == abi.OK or "gone" in node.effect.message or "nobody" in node.effect.message
    node.set(depth="auto")
    time.sleep(4.1)
    works(node)


def test_worker_dies_over_a_request(node: Node) -> None:
    """The server tries again and then says so; the node stays usable."""
    node.set(depth="die")
    fails(node, "worker")
    node.set(depth="auto")
    works(node)
