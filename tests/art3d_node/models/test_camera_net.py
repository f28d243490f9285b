"""CameraNet: shapes, and that a fresh one is neutral, exactly."""

from __future__ import annotations

import pytest
import torch

from art3d_node.models.camera_net import CameraNet, _Doubled, _doubled
from art3d_node.models.neutral import SCALE, SHIFT


def _batch(n: int = 2, h: int = 24, w: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((n, 3, h, w), generator=generator), torch.rand((n, 1, h, w), generator=generator)


@pytest.mark.parametrize("width", [3, 129])
def test_absurd_widths_are_refused(width: int) -> None:
    with pytest.raises(ValueError, match="width"):
        CameraNet(width)


def test_wrong_shapes_are_refused() -> None:
    net, (rgb, iz) = CameraNet(4), _batch()
    with pytest.raises(ValueError, match="expected"):
        net(rgb, iz[:, :, :8])
    with pytest.raises(ValueError, match="multiples of 8"):
        net(rgb[..., :39], iz[..., :39])


@pytest.mark.parametrize("width", [4, 16, 24])
@pytest.mark.parametrize("size", [(8, 8), (24, 40), (64, 16)])
def test_maps_lie_on_the_input_grid(width: int, size: tuple[int, int]) -> None:
    maps = CameraNet(width)(*_batch(1, *size))
    assert maps.scale.shape == maps.shift.shape == maps.right.shape == (1, 1, *size)


def test_a_fresh_net_is_neutral_bit_for_bit() -> None:
    maps = CameraNet()(*_batch())
    assert torch.equal(maps.scale, torch.full_like(maps.scale, SCALE))
    assert torch.equal(maps.shift, torch.full_like(maps.shift, SHIFT))


def test_the_default_is_small_enough_for_real_time() -> None:
    assert sum(p.numel() for p in CameraNet().parameters()) * 2 < 1_000_000


def test_every_weight_learns() -> None:
    net, (rgb, iz) = CameraNet(8), _batch()
    torch.nn.init.normal_(net.out.weight, std=0.1)
    maps = net(rgb, iz)
    (maps.scale * iz + maps.shift + maps.right).sum().backward()
    assert all(p.grad is not None and bool((p.grad != 0).any()) for p in net.parameters())


def test_each_frame_of_a_batch_is_on_its_own() -> None:
    net, (rgb, iz) = CameraNet(8).eval(), _batch()
    torch.nn.init.normal_(net.out.weight, std=0.1)
    with torch.no_grad():
        both, first = net(rgb, iz).scale[:1], net(rgb[:1], iz[:1]).scale
    assert torch.allclose(both, first, atol=1e-6)


def test_what_is_far_away_counts_for_the_whole_frame() -> None:
    torch.manual_seed(0)
    net = CameraNet(8).eval()
    torch.nn.init.normal_(net.out.weight, std=0.1)
    rgb, iz = _batch(1, 256, 256)
    other = rgb.clone()
    other[..., -32:, -32:] = 1.0
    with torch.no_grad():
        change = (net(rgb, iz).scale - net(other, iz).scale)[0, 0, :16, :16].abs().max()
    assert float(change) > 0.0


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 5)])
def test_doubling_passes_back_what_torch_does(size: tuple[int, int]) -> None:
    x = torch.rand((2, 3, *size), dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    pulled = torch.rand((2, 3, 2 * size[0], 2 * size[1]), dtype=torch.float64)
    ours, torchs = (torch.autograd.grad(double(x), x, pulled)[0] for double in (_Doubled.apply, _doubled))
    torch.testing.assert_close(ours, torchs)


def test_training_and_rendering_see_the_same_maps() -> None:
    net, (rgb, iz) = CameraNet(8), _batch()
    torch.nn.init.normal_(net.out.weight, std=0.1)
    trained = net.train()(rgb, iz)
    assert all(torch.equal(getattr(trained, name), getattr(net.eval()(rgb, iz), name)) for name in ("scale", "right"))
