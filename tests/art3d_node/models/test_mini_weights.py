"""Weights of mini as whole files and as differences to the bundled ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from art3d_node.models import mini_weights
from art3d_node.models.mini import load_mini
from art3d_node.models.mini_weights import BUNDLED, bundled_digest, bundled_files, packed, read_weights, unpacked
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


@pytest.mark.parametrize("count", range(1, 7))
def test_signs_come_back_whatever_their_number(count: int) -> None:
    signs = torch.randint(-1, 2, (count, 3), generator=torch.Generator().manual_seed(count))
    assert len(packed(signs)) == -(-3 * count // 5)
    assert torch.equal(unpacked(packed(signs), signs.shape), signs.to(torch.int8))


def test_signs_of_another_number_are_refused() -> None:
    assert packed(torch.ones(5)).tolist() == [242]
    with pytest.raises(RuntimeError, match="2 bytes hold no"):
        unpacked(packed(torch.ones(6)), torch.Size([5]))


def test_a_second_difference_is_added_to_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "delta.safetensors", tmp_path / "delta_2.safetensors"
    monkeypatch.setattr(mini_weights, "BUNDLED_DELTAS", (first, second))
    assert bundled_files() == (BUNDLED,)
    whole, digest = read_weights(), bundled_digest()
    write_delta(_trained(), first)
    assert bundled_files() == (BUNDLED, first)
    assert bundled_digest() != digest
    after_first, digest = read_weights(), bundled_digest()
    assert not torch.equal(after_first["head.1.weight"], whole["head.1.weight"])
    wanted = {n: v + 0.01 * v.std(correction=0) * torch.sign(v) for n, v in after_first.items()}
    write_delta(wanted, second, onto=bundled_files(), levels=1)
    assert second.stat().st_size < 0.13 * BUNDLED.stat().st_size
    assert bundled_files() == (BUNDLED, first, second)
    assert bundled_digest() != digest
    assert all(torch.equal(v, after_first[n]) for n, v in read_weights(first).items())
    assert all(torch.equal(v, read_weights(second)[n]) for n, v in read_weights().items())
    for name, value in read_weights().items():
        torch.testing.assert_close(value, wanted[name], rtol=1e-3, atol=1e-5)
    first.write_bytes(BUNDLED.read_bytes())
    with pytest.raises(ValueError, match=r"delta_2\.safetensors: is a difference to other weights"):
        read_weights()


def test_a_few_large_steps_do_not_drown_the_others(tmp_path: Path) -> None:
    weights = read_weights(BUNDLED)
    name = "head.1.weight"
    delta = torch.full_like(weights[name], 0.01)
    delta.flatten()[0] = 0.04
    weights[name] += delta
    write_delta(weights, tmp_path / "delta.safetensors", levels=1)
    found = read_weights(tmp_path / "delta.safetensors")[name] - read_weights(BUNDLED)[name]
    assert bool((found > 0.005).all())


def test_a_difference_to_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "delta.safetensors", tmp_path / "other.safetensors"
    write_delta(_trained(), path)
    save_file({n: v + 1 for n, v in load_file(BUNDLED).items()}, other, metadata={"format": mini_weights.FORMAT})
    monkeypatch.setattr(mini_weights, "BUNDLED", other)
    with pytest.raises(ValueError, match=r"delta\.safetensors: is a difference to other weights than the bundled ones"):
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
