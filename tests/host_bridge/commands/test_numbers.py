"""Numbers on the command line that mean nothing are refused before anything is looked at."""

from __future__ import annotations

import pytest

from host_bridge import cli
from host_bridge.core.errors import EXIT_BAD_INPUT

ANALYSE = ("analyse", "nothing.####.exr", "-o", "nothing.art3d")
SHEET = ("contact-sheet", "nothing", "-o", "sheet.png")


@pytest.mark.parametrize(
    ("command", "flag", "value", "range_told"),
    [
        (ANALYSE, "--smooth", "nan", "0 to 10000"),
        (ANALYSE, "--smooth", "inf", "0 to 10000"),
        (ANALYSE, "--smooth", "-5", "0 to 10000"),
        (ANALYSE, "--handover", "-3", "0 to 10000"),
        (ANALYSE, "--steady", "-1", "0 to 30"),
        (ANALYSE, "--steady", "999", "0 to 30"),
        (ANALYSE, "--cuts-fps", "0", "1 to 240"),
        (ANALYSE, "--cuts-fps", "nan", "1 to 240"),
        (SHEET, "--limit", "0", "1 to 10000"),
        (SHEET, "--limit", "-1", "1 to 10000"),
    ],
)
def test_a_number_out_of_range(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], flag: str, value: str, range_told: str
) -> None:
    assert cli.main([*command, flag, value]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == f"art3d: {flag}: {value} is not usable; give {range_told}\n"
