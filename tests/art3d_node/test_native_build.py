"""What the build of the kernels takes from PyPI."""

from __future__ import annotations

from pathlib import Path

import pytest

from art3d_node.native.build import needed_packages


@pytest.mark.parametrize(("ends", "missing"), [(0, set()), (1, {"cmake", "ninja"})])
def test_a_tool_that_does_not_run_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: int, missing: set[str]
) -> None:
    """Such as the script of an environment whose packages pip hides from an isolated build."""
    for name in ("cmake", "ninja"):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {ends}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert {"cmake", "ninja"} & set(needed_packages()) == missing
