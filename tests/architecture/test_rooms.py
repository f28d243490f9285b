"""Tests lie where what they test lies: tests/PACKAGE/ROOM beside PACKAGE/ROOM."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGES = ("art3d_node", "host_bridge", "training")
ACROSS = {"architecture", "browser", "end_to_end", "engines", "examples", "golden", "ofx_host", "properties"}


def folders(path: Path) -> set[str]:
    """Names of the folders that hold Python files, at any depth."""
    return {found.relative_to(path).parts[0] for found in path.rglob("*/*.py")}


def test_every_folder_of_tests_is_a_package_or_reaches_across(root: Path) -> None:
    assert folders(root / "tests") == {*PACKAGES, *ACROSS}


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_of_tests_are_rooms_of_the_package(root: Path, package: str) -> None:
    assert folders(root / "tests" / package) - folders(root / package) == set()


def test_only_what_all_share_lies_at_the_top(root: Path) -> None:
    assert [path.name for path in (root / "tests").glob("*.py")] == ["conftest.py"]


def test_the_default_budget_is_written_once(root: Path) -> None:
    """Whoever needs it reads the knob table."""
    named = re.compile(r"budget_(?:front|behind)\b[^\n=]*=\s*\d|\"budget_(?:front|behind)\"[^\n]*\b2\.[05]\b")
    found = [
        str(path.relative_to(root))
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        if named.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["host_bridge/core/params.py"]
