"""Errors are one line, keep their kind over the wire and decide the exit code."""

from __future__ import annotations

import pytest

from host_bridge.core import errors
from host_bridge.core.errors import Art3DError, BusyError, PlateError, ServerError, from_wire, to_wire


def every_kind(root: type[Art3DError] = Art3DError) -> list[type[Art3DError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in every_kind(child))]


def test_line_says_where_what_and_remedy() -> None:
    error = PlateError("the file is cut off", where="a.1001.exr", remedy="copy it again")
    assert str(error) == "a.1001.exr: the file is cut off; copy it again"


@pytest.mark.parametrize("kind", every_kind())
def test_kind_survives_the_wire(kind: type[Art3DError]) -> None:
    again = from_wire(to_wire(kind("what", remedy="do", where="here")))
    assert type(again) is kind and str(again) == "here: what; do"


def test_codes_are_unique_and_exits_documented() -> None:
    kinds = every_kind()
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert {kind.exit_code for kind in kinds} <= {errors.EXIT_BAD_INPUT, errors.EXIT_SERVER}


def test_a_code_of_a_later_version_is_a_server_fault() -> None:
    assert type(from_wire({"code": "from_the_future", "message": "m"})) is ServerError
    assert BusyError("b").retryable and not PlateError("p").retryable
