"""A trained mini goes into the box."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from art3d_node.models.mini_weights import BUNDLED, FORMAT, read_weights
from training.mini.ship import ship


def test_a_share_of_the_way_is_shipped(tmp_path: Path) -> None:
    shipped, out = read_weights(), tmp_path / "delta.safetensors"
    trained = {n: (v + 0.2 * v.std(correction=0)).half() for n, v in shipped.items()}
    save_file(trained, tmp_path / "run.safetensors", metadata={"format": FORMAT})
    ship(tmp_path / "run.safetensors", out, share=0.25)
    found = read_weights(out)
    base = read_weights(BUNDLED)
    for name, old in shipped.items():
        wanted = old + 0.25 * (trained[name].float() - old)
        half_a_step = float((wanted - base[name]).abs().max()) / 30
        torch.testing.assert_close(found[name], wanted, rtol=1e-3, atol=1.01 * half_a_step)


def test_another_network_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(3)}, tmp_path / "run.safetensors", metadata={"format": FORMAT})
    with pytest.raises(ValueError, match=r"run\.safetensors: the weights are not of mini's network"):
        ship(tmp_path / "run.safetensors", tmp_path / "delta.safetensors")
    assert not (tmp_path / "delta.safetensors").exists()
