"""The mini depth network: its shapes, its file, its refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from art3d_node.models.mini import WORKING_SHORT_SIDE, MiniDepth, load_mini
from art3d_node.models.mini_weights import FORMAT, bundled_files


def test_smoke_the_bundled_weights_estimate() -> None:
    model = load_mini()
    assert not model.training
    assert all(p.dtype == torch.float32 for p in model.parameters())
    with torch.inference_mode():
        out = model(torch.rand(1, 3, 128, 160))
    assert bool(torch.isfinite(out).all()) and float(out.std()) > 0


def test_the_files_in_the_box_are_small() -> None:
    assert sum(path.stat().st_size for path in bundled_files()) <= 12_000_000


def test_the_working_size_suits_the_network() -> None:
    assert WORKING_SHORT_SIDE % 32 == 0


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 3, 60, 64), (1, 3, 64, 33)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        MiniDepth()(torch.zeros(shape))


def test_files_that_are_no_mini_are_refused_in_one_line(tmp_path: Path) -> None:
    missing, damaged, other, unfit = (tmp_path / n for n in ("missing", "damaged", "other", "unfit"))
    damaged.write_bytes(b"no safetensors")
    save_file({"a": torch.zeros(1)}, other)
    save_file({"a": torch.zeros(1)}, unfit, metadata={"format": FORMAT})
    for path, why in (
        (missing, "cannot be read"),
        (damaged, "cannot be read"),
        (other, "format is"),
        (unfit, "do not fit"),
    ):
        with pytest.raises(ValueError, match=why):
            load_mini(path)


@pytest.mark.parametrize("shape", [(32, 32), (64, 96), (128, 64)])
def test_any_multiple_of_32_keeps_its_size(shape: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert load_mini()(torch.rand(2, 3, *shape)).shape == (2, 1, *shape)


def test_a_large_picture_keeps_the_layout_of_its_small_copy() -> None:
    """What is broad comes from the small look, so both looks agree on it."""
    model, small = load_mini(), torch.rand(1, 3, 6, 10, generator=torch.Generator().manual_seed(5))
    large = torch.nn.functional.interpolate(small, size=(384, 640), mode="bilinear")
    with torch.inference_mode():
        one = model(large)
        two = model(torch.nn.functional.interpolate(large, size=(192, 320), mode="bilinear", antialias=True))
    one, two = (torch.nn.functional.adaptive_avg_pool2d(v, (6, 10)).flatten() for v in (one, two))
    assert torch.corrcoef(torch.stack([one, two]))[0, 1] > 0.95


def test_a_mirrored_large_picture_has_the_mirrored_layout() -> None:
    model, small = load_mini(), torch.rand(1, 3, 6, 10, generator=torch.Generator().manual_seed(5))
    large = torch.nn.functional.interpolate(small, size=(384, 640), mode="bilinear")
    with torch.inference_mode():
        one, two = model(large), model(large.flip(3)).flip(3)
    one, two = (torch.nn.functional.adaptive_avg_pool2d(v, (6, 10)).flatten() for v in (one, two))
    assert torch.corrcoef(torch.stack([one, two]))[0, 1] > 0.995


def test_pictures_of_a_batch_do_not_touch_one_another() -> None:
    model, pair = load_mini(), torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(model(pair)[1:], model(pair[1:]), atol=1e-3, rtol=1e-3)


def test_ground_is_nearer_than_sky() -> None:
    """A plain landscape: blue above, brown below with texture growing towards the viewer."""
    generator = torch.Generator().manual_seed(2)
    picture = torch.empty(1, 3, 192, 256)
    picture[:, :, :96] = torch.tensor([0.45, 0.65, 0.95]).view(1, 3, 1, 1)
    earth = torch.rand(1, 1, 96, 256, generator=generator) * torch.linspace(0.1, 0.6, 96).view(1, 1, 96, 1)
    picture[:, :, 96:] = torch.tensor([0.45, 0.35, 0.2]).view(1, 3, 1, 1) + 0.4 * earth
    with torch.inference_mode():
        depth = load_mini()(picture.clamp(0, 1))[0, 0]
    assert depth[150:].mean() > depth[100:120].mean() > depth[:80].mean()
