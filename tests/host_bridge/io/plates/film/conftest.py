"""Every kind of movie, encoded once, and no movie kept open from the test before."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.io.plates import film
from tests.host_bridge.io.plates.film.kinds import KINDS
from tests.host_bridge.io.plates.films import make


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    film._opened.cache_clear()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {name: make(folder / name, how) for name, how in KINDS.items()}
