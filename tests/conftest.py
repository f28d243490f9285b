"""What every test may use: the real plates when they are there, and the project's own examples."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Nothing here is judged by the clock: the machine may be busy.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def log_levels() -> None:
    """A command that a test or a fixture runs sets how much is told for its process; each test hears everything."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("host_bridge").setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def plates() -> Path:
    """The folder of real plates; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ART3D_PLATES", ROOT.parent / "shared" / "plates"))
    if not folder.is_dir():
        pytest.skip(f"no real plates at {folder} (set ART3D_PLATES)")
    return folder


@pytest.fixture(scope="session")
def example_plate() -> Path:
    """The project's own plate, `plate.####.exr`."""
    return ROOT / "examples" / "plate"
