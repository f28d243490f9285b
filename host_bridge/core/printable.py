"""Texts of others, made harmless for terminals and logs: names, cards and errors may carry escape sequences."""

from __future__ import annotations

import logging
import unicodedata

_KEPT = frozenset("\n\t")
# Control characters, surrogates, and formatting that turns the order of what follows.
_HARMFUL = frozenset(("Cc", "Cs"))
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2066\u2067\u2068\u2069")


def printable(text: object, *, lines: bool = False) -> str:
    """A text with every harmful character written out, such as ``\\x1b``.

    Args:
        text: whatever is to be shown.
        lines: whether line ends and tabs stay.
    """
    found = str(text)
    if found.isprintable():
        return found
    return "".join(_shown(each, lines) for each in found)


def _shown(character: str, lines: bool) -> str:
    if lines and character in _KEPT:
        return character
    if character not in _TURNS and unicodedata.category(character) not in _HARMFUL:
        return character
    return character.encode("unicode_escape").decode()


class PrintableFormatter(logging.Formatter):
    """Log lines that a terminal can show, whatever was logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with those of an exception behind it."""
        return printable(super().format(record), lines=True)
