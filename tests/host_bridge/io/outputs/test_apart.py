from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.core.errors import OutputError
from host_bridge.io.outputs import validate_apart


def test_an_output_that_is_an_input_by_any_name(tmp_path: Path) -> None:
    plate = tmp_path / "plate.exr"
    plate.write_bytes(b"x")
    (tmp_path / "alias.exr").symlink_to(plate)
    for name in ("plate.exr", "alias.exr", "folder/../plate.exr"):
        with pytest.raises(OutputError, match="the output is an input"):
            validate_apart([tmp_path / name], [plate])
    validate_apart([tmp_path / "other.exr"], [plate])


def test_outputs_that_would_replace_each_other(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="two outputs would share one file"):
        validate_apart([tmp_path / "a.exr", tmp_path / "b" / ".." / "a.exr"], [])
