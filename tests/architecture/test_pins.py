"""constraints.txt holds for every Python that the project says it runs on."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
PINS = re.findall(r"^([\w.-]+)==([\w.+!-]+)", (ROOT / "constraints.txt").read_text(), re.M)


def oldest_python() -> str:
    """The least version that pyproject.toml names, with the patch that it leaves out: `>=3.11` is 3.11.0."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    match = re.fullmatch(r">=(\d+\.\d+)", named)
    assert match, named
    return f"{match[1]}.0"


@pytest.mark.parametrize(("name", "pinned"), PINS, ids=[name for name, _ in PINS])
def test_a_pin_runs_on_the_oldest_python(name: str, pinned: str) -> None:
    """Debian 12 has Python 3.11.2: a pin that needs 3.11.5 has pip search for minutes, and find nothing."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not installed here")
    if found.version.partition("+")[0] != pinned.partition("+")[0]:
        pytest.skip(f"{found.version} is installed, not {pinned}")
    needs = found.metadata["Requires-Python"]
    assert not needs or SpecifierSet(needs).contains(oldest_python()), f"{name} {pinned} needs Python {needs}"
