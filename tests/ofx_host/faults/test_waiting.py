"""The host can stop every wait, and shows the progress of a long one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.faults.rendering import GAIN, RECT, works
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture
from tests.ofx_host.scenes import plate


def test_abort_is_heard_while_waiting(node: Node, tmp_path: Path) -> None:
    """`abort` is polled every 20 ms, connected or not, and ends the wait; the bound leaves room for a busy machine."""
    for knobs in ({"depth": "slow-200"}, {"server": f"ipc://{tmp_path}/nobody"}):
        node.set(**knobs)
        polled: list[float] = []

        def abort(polled: list[float] = polled) -> bool:
            polled.append(time.monotonic())
            return len(polled) > 30

        node.effect.abort = abort
        assert node.render_into(Picture(RECT), RECT) == abi.OK
        assert node.effect.message == ""
        assert float(np.median(np.diff(polled))) <= 0.25
    node.effect.abort = lambda: False


def test_abort_cancels_at_the_server(node: Node, fake_server: Server) -> None:
    """The worker stops an analysis that nobody waits for, and serves the next request."""
    node.set(depth="slow-200")
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 20
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    node.effect.abort = lambda: False
    node.set(depth="auto")
    started = time.monotonic()
    works(node)
    assert time.monotonic() - started < 60


def test_progress_of_a_long_analysis(node: Node) -> None:
    """A bar appears after a second, grows and goes; its Cancel is an abort."""
    node.set(depth="slow-2.5")
    assert np.array_equal(node.render(RECT), plate() + GAIN)
    shares = [entry for entry in node.effect.progress if isinstance(entry, float)]
    assert isinstance(node.effect.progress[0], str) and node.effect.progress[-1] == "end"
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    node.set(depth="slow-200")
    node.effect.progress_reply = abi.REPLY_NO
    started = time.monotonic()
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    assert time.monotonic() - started < 60
