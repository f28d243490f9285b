"""Names say what a value holds; a verb or a pronoun in its place makes every reader look the value up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.test_size import sources

VAGUE = frozenset({"said", "told", "asked", "spoken", "heard", "laid", "owed", "mine", "whole", "spilt", "worn"})
KEPT = {("host_bridge/shot/depth_choice.py", "asked")}
"""Fields that files on disk know by this name."""


def bound(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that code gives to a variable, a parameter or a field, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def test_no_variable_is_called_by_a_verb_or_a_pronoun(root: Path) -> None:
    found = {
        f"{name}:{line}: {word}"
        for path in sources(root)
        for name in [path.relative_to(root).as_posix()]
        for word, line in bound(ast.parse(path.read_text(encoding="utf-8")))
        if word.strip("_") in VAGUE and (name, word) not in KEPT
    }
    assert found == set()


def test_every_kind_of_binding_is_looked_at() -> None:
    tree = ast.parse(
        "class A:\n    a: int = 0\ndef f(b, *c, **d):\n    for e in b:\n        self.g = (h := e)\n    return d"
    )
    assert {name for name, _ in bound(tree)} == set("abcdegh")
