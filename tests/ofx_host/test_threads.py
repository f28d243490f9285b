"""Two instances and eight render threads at once, and a short run of `stress` in every host."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.profiles import PLAIN, PROFILES, Profile
from tests.ofx_host.scenes import plate
from tests.ofx_host.stress import Stress

SIZE = 256


def test_eight_threads_upload_once(host: Host, fake_server: Server) -> None:
    """Eight windows of one plate at once: all right, one upload."""
    color = plate(SIZE, SIZE)
    node = Node(host, size=(SIZE, SIZE), knobs={"server": fake_server.address})
    node.connect("Source", picture(color), (0, 0, SIZE, SIZE))
    target = Picture((0, 0, SIZE, SIZE))
    rows = SIZE // 8
    statuses: list[int] = []

    def render(n: int) -> None:
        statuses.append(node.render_into(target, (0, n * rows, SIZE, (n + 1) * rows)))

    threads = [threading.Thread(target=render, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [abi.OK] * 8
    assert np.array_equal(target.array, color + 5)
    from host_bridge.client import Client

    with Client(fake_server.address) as client:
        assert client.status()["plates"]["count"] == 1
    node.destroy()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_stress(bundle: Path, fake_server: Server, profile: Profile) -> None:
    """Random windows, aborts, knobs and kills: no wrong pixel, no image kept, no thread or file left behind."""
    me = psutil.Process()
    before = (me.num_threads(), me.num_fds())
    count, kills = (120, 2) if profile is PLAIN else (60, 1)
    stress = Stress(bundle, fake_server, seed=1, threads=8, profile=profile)
    tally = stress.run(count, kills=kills)
    stress.close()
    assert tally.wrong == 0
    # While the server is away those that the host gives up are done first, and count.
    assert tally.right > count // 4 and tally.right + tally.aborted > count // 2 and tally.kills == kills
    assert tally.aborted > 0 or profile is not PLAIN
    assert tally.aborted == 0 or "effect.abort" not in profile.null
    assert stress.host.crimes == []
    end_s = time.monotonic() + 5.0
    while me.num_threads() > before[0] and time.monotonic() < end_s:
        time.sleep(0.01)  # the kernel counts a thread that was joined for a moment longer
    assert me.num_threads() <= before[0]
    assert me.num_fds() <= before[1] + 1


def test_stress_ends_when_its_server_does_not_start(
    bundle: Path, fake_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the test's own is told; no thread goes on rendering for ever."""
    stress = Stress(bundle, fake_server, seed=1, threads=4)

    def refuse() -> None:
        raise AssertionError("the server does not start")

    monkeypatch.setattr(fake_server, "start", refuse)
    threads = threading.active_count()
    with pytest.raises(AssertionError, match="does not start"):
        stress.run(40, kills=1)
    assert threading.active_count() == threads
    stress.close()
