"""House rules that a count can hold: how long files and functions are, how much a function takes."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("host_bridge", "art3d_node", "training")
FILE_LINES, MEDIAN_LINES, FUNCTION_LINES, PARAMETERS = 300, 130, 50, 7
WIDER = {
    # Public, every further one an option with a default that its caller names.
    "art3d_node/stereo/synthesis.py": {"new_view"},
    "host_bridge/client/client.py": {"__init__"},
}
"""Functions that take more than `PARAMETERS`; the list may only get shorter."""


def sources(root: Path) -> list[Path]:
    """Every Python file of the packages."""
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, list[str]]]:
    """The functions of a file, and each one's lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, lines


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of the body that hold code: no docstring, comment or blank."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not body:
        return 0
    held = (line.strip() for line in lines[body[0].lineno - 1 : function.end_lineno])
    return sum(bool(line) and not line.startswith("#") for line in held)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Parameters that have names, `self` and `cls` aside."""
    named = function.args
    names = [one.arg for one in (*named.posonlyargs, *named.args, *named.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_files_are_short(root: Path) -> None:
    lengths = {str(p.relative_to(root)): len(p.read_text(encoding="utf-8").splitlines()) for p in sources(root)}
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_LINES


def test_functions_are_short(root: Path) -> None:
    long = {
        f"{path.relative_to(root)}: {function.name}": count
        for path in sources(root)
        for function, lines in functions(path)
        if (count := code_lines(function, lines)) > FUNCTION_LINES
    }
    assert long == {}


def test_functions_take_few_parameters(root: Path) -> None:
    found: dict[str, set[str]] = {}
    for path in sources(root):
        for function, _ in functions(path):
            if parameters(function) > PARAMETERS:
                found.setdefault(str(path.relative_to(root)), set()).add(function.name)
    assert found == WIDER


def test_what_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    head, body = "def f(self, a, *, b=1, **c):", ('"""Said."""', "", "# why", "x = (", "    1", ")", "return x")
    path.write_text("\n    ".join((head, *body)))
    ((function, lines),) = functions(path)
    assert (code_lines(function, lines), parameters(function)) == (4, 2)
