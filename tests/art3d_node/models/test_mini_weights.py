"""Weights of mini as whole files and as differences to the bundled ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from art3d_node.models import mini_weights
from art3d_node.models.mini import load_mini
from art3d_node.models.mini_weights import BUNDLED, bundled_digest, bundled_files, read_weights
from training.mini.ship import write_delta


def _trained() -> dict[str, Tensor]:
    """The bundled whole weights, each moved by some per cent as a further training does."""
    generator = torch.Generator().manual_seed(3)
    weights = read_weights(BUNDLED)
    return {n: v + 0.02 * v.std(correction=0) * torch.randn(v.shape, generator=generator) for n, v in weights.items()}


def test_a_difference_brings_the_weights_back_to_half_a_step(tmp_path: Path) -> None:
    new, base, path = _trained(), read_weights(BUNDLED), tmp_path / "delta.safetensors"
    write_delta(new, path)
    found = read_weights(path)
    assert found.keys() == new.keys()
    for name, value in new.items():
        moved = (value - base[name]).abs()
        if value.ndim > 1:
            step = moved.flatten(1).amax(1) / 15
            error = (found[name] - value).abs().flatten(1).amax(1)
            assert bool((error <= 0.501 * step + 1e-7).all()), name
        else:
            torch.testing.assert_close(found[name] - base[name], value - base[name], rtol=1e-3, atol=1e-6)
    assert path.stat().st_size < 0.55 * BUNDLED.stat().st_size
    load_mini(path)


def test_weights_that_did_not_move_come_back_as_they_are(tmp_path: Path) -> None:
    write_delta(read_weights(BUNDLED), tmp_path / "delta.safetensors")
    found = read_weights(tmp_path / "delta.safetensors")
    assert all(torch.equal(found[name], value) for name, value in read_weights(BUNDLED).items())


def test_the_shipped_network_is_the_whole_and_its_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mini_weights, "BUNDLED_DELTA", tmp_path / "delta.safetensors")
    assert bundled_files() == (BUNDLED,)
    whole, digest = read_weights(), bundled_digest()
    write_delta(_trained(), tmp_path / "delta.safetensors")
    assert bundled_files() == (BUNDLED, tmp_path / "delta.safetensors")
    assert bundled_digest() != digest
    assert not torch.equal(read_weights()["head.1.weight"], whole["head.1.weight"])
    assert all(torch.equal(v, read_weights(tmp_path / "delta.safetensors")[n]) for n, v in read_weights().items())


def test_a_difference_to_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "delta.safetensors", tmp_path / "other.safetensors"
    write_delta(_trained(), path)
    save_file({n: v + 1 for n, v in load_file(BUNDLED).items()}, other, metadata={"format": mini_weights.FORMAT})
    monkeypatch.setattr(mini_weights, "BUNDLED", other)
    with pytest.raises(ValueError, match=r"delta\.safetensors: is a difference to other weights than other"):
        read_weights(path)


def test_a_difference_that_lacks_tensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "delta.safetensors"
    write_delta(_trained(), path)
    state = {n: v for n, v in load_file(path).items() if not n.startswith("head")}
    metadata = {"format": mini_weights.DELTA_FORMAT, "base": mini_weights.digest_of(BUNDLED)}
    save_file(state, path, metadata=metadata)
    with pytest.raises(ValueError, match=r"delta\.safetensors: tensors do not fit the network"):
        read_weights(path)


def test_weights_of_another_network_make_no_difference(tmp_path: Path) -> None:
    weights = _trained()
    weights["head.1.weight"] = torch.zeros(1)
    with pytest.raises(ValueError, match="not of mini's network"):
        write_delta(weights, tmp_path / "delta.safetensors")
    assert not list(tmp_path.iterdir())
