"""What the build of the kernels takes from PyPI, and the C++ cases of single rows, which it builds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from art3d_node.native.build import HERE, build, needed_packages


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


def test_every_case_of_a_single_row_holds() -> None:
    """Those of `art3d_node/native/tests`; built in the checkout, so that only what has changed is compiled."""
    folder = HERE.parents[1] / "build" / "native"
    build(HERE, folder, target="native_tests")
    done = subprocess.run([folder / "native_tests"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("holds ") == sum(
        text.read_text().count("\nCASE(") for text in (HERE / "tests").glob("*.cpp")
    )
