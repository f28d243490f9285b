"""Nothing that others wrote reaches a terminal as more than text."""

from __future__ import annotations

import logging

import pytest

from host_bridge.commands import status, styles
from host_bridge.core.errors import BadInputError
from host_bridge.core.printable import PrintableFormatter, printable

ESCAPE = "\x1b]0;owned\x07\x1b[2J"


@pytest.mark.parametrize("text", [ESCAPE, "a\rb", "a\nb", "\x9b31m", "\u202egpj.exe", "\x7f", "\x00", "\ud800"])
def test_what_a_terminal_would_obey_is_written_out(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() and shown.encode("utf-8") and shown != text


@pytest.mark.parametrize("text", ["", "Übergröße 4 %", "立体", "x_L − x_R", "🎬", "non\u00a0breaking"])
def test_other_text_stays(text: str) -> None:
    assert printable(text) == text


def test_lines_stay_where_they_may() -> None:
    assert printable(f"a\n\tb{ESCAPE[0]}", lines=True) == "a\n\tb\\x1b"


def test_errors_logs_cards_and_names() -> None:
    assert str(BadInputError(ESCAPE, where=ESCAPE, remedy=ESCAPE)).isprintable()
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "a client %s", (ESCAPE,), None)
    assert PrintableFormatter("%(message)s").format(record).isprintable()
    assert all(line.isprintable() for line in styles._lines([{"name": ESCAPE, "training_data": ESCAPE}]))
    figures = {
        "server": "x", "pid": 1, "address": "a", "queue": {"running": 0, "queued": 0, "merged": 0},
        "plates": {"count": 0, "bytes": 0, "hit_rate": 0.0},
        "memory": {"used_bytes": 0, "idle_bytes": 0, "budget_bytes": 0},
        "counts": {"tiles": 0, "failed": 0, "cancelled": 0, "workers_lost": 0},
        "workers": [], "clients": [{"name": ESCAPE, "requests": 0, "lent_bytes": 0}], "stage_ms": {},
    }  # fmt: skip
    assert printable(status.describe(figures), lines=True) == status.describe(figures)
