"""The networks of a GPU worker and of the trainer, with random weights: what `benchmarks.gpu` says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from transformers import DepthAnythingForDepthEstimation

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.depth_anything import small_config
from training.config import FitConfig
from training.dataset import Batch, EyeTruth
from training.fit import Blueprint, begin
from training.objective import objective

Job = Callable[[], object]


def jobs(device: torch.device) -> Iterator[tuple[str, Job]]:
    """What to time, by name; on the processor the pictures are small."""
    real = device.type == "cuda"
    size = (518, 924) if real else (56, 98)
    yield f"Depth Anything V2 Small, half, {size[1]} x {size[0]}", depth_anything(device, size)
    size = (288, 512) if real else (48, 80)
    yield f"CameraNet, half, {size[1]} x {size[0]}", camera_net(device, size)
    size_px, batch = (256, 32) if real else (64, 4)
    yield f"a step of fitting, {batch} samples of {size_px} x {size_px}", fitting(device, size_px, batch)


@torch.no_grad()
def depth_anything(device: torch.device, size: tuple[int, int]) -> Job:
    """One picture through the depth network, in half precision."""
    model: Any = DepthAnythingForDepthEstimation(small_config()).eval().to(device, torch.float16)
    picture = torch.rand(1, 3, *size, device=device, dtype=torch.float16)
    return torch.no_grad()(lambda: model(pixel_values=picture).predicted_depth)


def camera_net(device: torch.device, size: tuple[int, int]) -> Job:
    """One picture and its inverse depth through CameraNet, in half precision."""
    net = CameraNet().eval().to(device, torch.float16)
    rgb, iz = (torch.rand(1, channels, *size, device=device, dtype=torch.float16) for channels in (3, 1))
    return torch.no_grad()(partial(net, rgb, iz))


def fitting(device: torch.device, size_px: int, batch: int) -> Job:
    """One optimiser step as `training.fit` takes it, in single precision, the samples on the device."""
    config = FitConfig(size_px=size_px, batch=batch)
    net = CameraNet(config.width).to(device)
    optimiser, blueprint = begin(net, config).optimiser, Blueprint(net)
    data = random_batch(size_px, batch).to(device)

    def step() -> None:
        optimiser.zero_grad()
        objective(blueprint(data.rgb, data.iz[:, None]), data, config).total.backward()
        optimiser.step()

    return step


def random_batch(size_px: int, count: int) -> Batch:
    """Square samples of noise, of which a tenth is local."""
    shape = (count, size_px, size_px)
    eyes = [EyeTruth(torch.randn(shape), torch.ones(shape), (torch.rand(shape) > 0.9).float()) for _ in range(2)]
    return Batch(torch.rand(count, 3, size_px, size_px), torch.rand(shape), eyes[0], eyes[1], ("x",) * count)
