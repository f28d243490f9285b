"""The Python that has the engines' libraries."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def python(root: Path) -> str:
    """Its path; the test is skipped where `make engines` has not run."""
    found = root / "build" / "engines" / "bin" / "python"
    if not found.is_file():
        pytest.skip("no farm engine's library here (make engines)")
    return str(found)
