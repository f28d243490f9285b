from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.cli import main


def test_a_range_below_zero_needs_no_equals_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word with a hyphen before it is an option to argparse; frames begin below zero all the same."""
    (tmp_path / "p.0001.exr").write_bytes(b"x")
    for words in (["--frames", "-2-0"], ["--frames=-2-0"]):
        assert main(["render", str(tmp_path / "p.####.exr"), "-o", str(tmp_path / "o.####.exr"), *words]) == 2
        assert "none of the 3 requested frames has a file" in capsys.readouterr().err
