"""What a program settles while it starts."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from host_bridge.core.startup import importing


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Python collects garbage after the test, whatever it did."""
    yield
    gc.enable()


def test_no_garbage_is_looked_for_while_modules_are_imported() -> None:
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), importing():
        raise ImportError
    assert gc.isenabled()


def test_who_collects_no_garbage_still_does_not() -> None:
    gc.disable()
    with importing():
        pass
    assert not gc.isenabled()
