"""A publisher, what it publishes, and model folders of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_bridge.models.checkpoints import Checkpoint, PublishedFolder
from tests.host_bridge.models.publisher import CONTENT, WEIGHTS_SHA256, Handler, Publisher, address


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher(("127.0.0.1", 0), Handler)
    server.asked, server.paths, server.files = [], [], {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def published(publisher: Publisher) -> Checkpoint:
    return Checkpoint(
        name="small",
        file_name="small.pth",
        size_bytes=len(CONTENT),
        sha256=WEIGHTS_SHA256,
        licence="Apache-2.0",
        url=f"http://127.0.0.1:{publisher.server_address[1]}/small.pth",
        about="test weights",
    )


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where models lie; nothing of the user's own is seen."""
    monkeypatch.setenv("ART3D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "models"


@pytest.fixture
def network(publisher: Publisher) -> PublishedFolder:
    """A folder whose weights are `CONTENT`."""
    publisher.files = {"config.json": b'{"model_type": "dpt"}', "preprocessor_config.json": b"{}"}
    return PublishedFolder(name="house-net", licence="MIT", url=f"{address(publisher)}/house/net/", about="a network")
