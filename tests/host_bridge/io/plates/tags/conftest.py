"""Pictures to tag, and no warning remembered from the test before."""

from __future__ import annotations

import numpy as np
import pytest

from host_bridge.io.plates import tags


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    tags._warn.cache_clear()


@pytest.fixture
def ramp() -> np.ndarray:
    return np.repeat(np.linspace(0, 65535, 16 * 24).reshape(16, 24, 1), 3, axis=2).astype(np.uint16)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65536, (16, 24, 3)).astype(np.uint16)
