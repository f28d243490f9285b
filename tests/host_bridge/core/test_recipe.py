from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.core import recipe
from host_bridge.core.errors import MissingFrameError


def test_same_bytes_same_hash(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"pixels" * 1000)
    (tmp_path / "c").write_bytes(b"pixels" * 1000 + b"x")
    a, b, c = (recipe.content_hash(tmp_path / name) for name in "abc")
    assert a == b != c


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFrameError):
        recipe.content_hash(tmp_path / "none")


def test_every_ingredient_counts_and_their_order_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    one = recipe.recipe_hash({"plate": "x", "gain": 1.0})
    assert one == recipe.recipe_hash({"gain": 1.0, "plate": "x"})
    assert one != recipe.recipe_hash({"plate": "x", "gain": 1.1})
    monkeypatch.setattr(recipe, "art3d_version", lambda: "0.0.0-other")
    assert one != recipe.recipe_hash({"plate": "x", "gain": 1.0})
