"""The systemd unit of docs/server.md is one that systemd takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def unit(root: Path, tmp_path: Path) -> Path:
    """The unit as the page shows it, but for the path of the program."""
    page = (root / "docs" / "server.md").read_text(encoding="utf-8")
    lines = page[page.index("    [Unit]") :].splitlines()
    shown = [line[4:] for line in lines[: next(n for n, line in enumerate(lines) if line and line[0] != " ")]]
    made = tmp_path / "art3d.service"
    made.write_text(re.sub(r"/opt/\S+/art3d", sys.executable, "\n".join(shown)), encoding="utf-8")
    return made


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize(
    "check", [["verify"], ["security", "--offline=true", "--threshold=25"]], ids=["sound", "tight"]
)
def test_systemd_takes_the_unit(unit: Path, check: list[str]) -> None:
    done = subprocess.run([str(ANALYZE), *check, str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert check != ["verify"] or not done.stderr
