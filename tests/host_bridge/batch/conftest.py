from __future__ import annotations

from pathlib import Path

import pytest

from tests.host_bridge.conftest import MakeRgba, Write


@pytest.fixture
def folder(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> Path:
    for number in (1, 2, 3, 4, 5):
        write_exr(f"in/p.{number:04d}.exr", ({}, rgba(seed=number)))
    return tmp_path
