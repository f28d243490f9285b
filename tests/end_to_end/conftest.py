"""What the tests of whole commands share: a server of each module's own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from host_bridge.client.server_process import own_endpoint, ping


def kill_server(how: int = signal.SIGKILL) -> bool:
    """Ends the server of `$ART3D_RUNTIME_DIR`; whether there was one."""
    pong = ping(own_endpoint().address, timeout_s=0.3)
    if pong is not None:
        os.kill(pong.pid, how)
    return pong is not None


@pytest.fixture(scope="module", autouse=True)
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of the module's own, so that killing it harms nobody."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("s")
        home.chmod(0o700)
        patch.setenv("ART3D_RUNTIME_DIR", str(home))
        patch.delenv("ART3D_SERVER", raising=False)
        patch.delenv("OCIO", raising=False)
        yield
        kill_server(signal.SIGTERM)
