"""A trained mini goes into the box."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from art3d_node.models.mini_weights import FORMAT, read_weights
from training.mini.ship import ship


def test_a_share_of_the_way_is_shipped(tmp_path: Path) -> None:
    shipped, out = read_weights(), tmp_path / "delta.safetensors"
    trained = {n: (v + 0.01 * v.std(correction=0)).half() for n, v in shipped.items()}
    save_file(trained, tmp_path / "run.safetensors", metadata={"format": FORMAT})
    ship(tmp_path / "run.safetensors", out, share=0.25)
    found = read_weights(out)
    for name, old in shipped.items():
        if old.ndim > 1:
            way = trained[name].float() - old
            torch.testing.assert_close(found[name] - old, 0.25 * way, rtol=0, atol=float(way.abs().max()) * 0.02)


def test_another_network_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(3)}, tmp_path / "run.safetensors", metadata={"format": FORMAT})
    with pytest.raises(ValueError, match=r"run\.safetensors: the weights are not of mini's network"):
        ship(tmp_path / "run.safetensors", tmp_path / "delta.safetensors")
    assert not (tmp_path / "delta.safetensors").exists()
