"""The whole engine on a device that is not the processor: every tensor where it belongs, the same picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from art3d_node import renderer
from art3d_node.server.workers import devices
from art3d_node.server.workers.compute import Compute
from art3d_node.stereo import render_cpu, synthesis
from art3d_node.stereo.request import Rendered
from art3d_node.stereo.upsample import guided_upsample
from art3d_node.transfer import as_float, download, host_array, upload
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.pretend import CUDA, OnDevice, pretended

BOX = Box.of_size(96, 64)
WIDE = Controls(budget_front=20.0, budget_behind=20.0, depth_gain=1.3, sculpt=0.5, zero_plane=0.2)


def picture(seed: int = 0, **more: Any) -> Frame:
    generator = np.random.default_rng(seed)
    z = np.full((64, 96, 1), 9.0, np.float32)
    z[20:50, 30:60], z[10:30, 70:80] = 3.0, 1.5
    layers = {
        "color": generator.random((64, 96, 4)).astype(np.float16),
        "extra": generator.random((64, 96, 1), np.float32),
        "matte": generator.integers(0, 255, (64, 96, 1), np.uint8),
        "clean_plate": generator.random((64, 96, 4)).astype(np.float16),
        "depth": z,
        "disparity": (z - 6.0).astype(np.float32),
        **more,
    }
    return Frame(BOX, BOX, {k: v for k, v in layers.items() if v is not None}, ("R", "G", "B", "A"))


def _render(image: OnDevice, data: OnDevice | None, disparity: OnDevice, request: Any) -> Rendered:
    """The processor's renderer for tensors of the pretended device, all of which must be there."""
    assert all(isinstance(part, OnDevice) for part in (image, data, disparity) if part is not None)
    clean = {name: getattr(request, name) for name in ("clean_plate", "clean_disparity")}
    assert all(part is None or isinstance(part, OnDevice) for part in clean.values())
    held = replace(request, **{name: part.held for name, part in clean.items() if part is not None})
    view = render_cpu.render(image.held, None if data is None else data.held, disparity.held, held)
    return Rendered(**{k: None if v is None else OnDevice(v) for k, v in view.__dict__.items()})  # type: ignore[arg-type]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(synthesis, "_renderer", lambda image: _render if isinstance(image, OnDevice) else None)
    for name in ("settle", "give_back"):
        monkeypatch.setattr(devices, name, lambda device: None)
    monkeypatch.setattr(devices, "figures", lambda device: {})
    with pretended():
        yield


def ask(engine: Compute, frames: list[Frame], settings: AnalysisSettings, controls: Controls, box: Box = BOX) -> Any:
    planes, stats = engine.tile(
        {f.key: f for f in frames}, frames[0].key, settings, controls, box, tuple(OUTPUTS), check=lambda: None
    )
    found = {}
    for name, strips in planes.items():
        assert engine.device == "cpu" or all(isinstance(strip, OnDevice) for strip in strips), name
        found[name] = np.empty((box.height, box.width, strips[0].shape[2]), np.float32)
        engine.write(strips, found[name])
    return found, {name: value for name, value in stats.items() if name != "ms"}


CASES = [
    (AnalysisSettings(depth="aov"), WIDE),
    (AnalysisSettings(depth="aov"), replace(WIDE, hero="none", fill="clean-plate", occlusion_to_alpha=True)),
    (AnalysisSettings(style="given"), replace(WIDE, hero="right", edges="hard")),
    (AnalysisSettings(depth="mini"), WIDE),
]


@pytest.mark.parametrize(("settings", "controls"), CASES)
@pytest.mark.parametrize("box", [BOX, Box(-20, 10, 40, 70), Box(500, 500, 510, 510)])
def test_the_engine_keeps_to_its_device(pretend: None, settings: Any, controls: Controls, box: Box) -> None:
    engine, here = Compute("cuda:0", 64 << 20), Compute("cpu", 64 << 20)
    behind = None if settings.depth == "mini" else np.full((64, 96, 1), 9.0, np.float32)
    frame = picture(clean_depth=behind)
    there, stats = ask(engine, [frame], settings, controls, box)
    wanted, truth = ask_on_cpu(here, [frame], settings, controls, box)
    if settings.depth == "mini":
        assert stats.keys() == truth.keys()
        return  # the upsampling sums in another order: see below
    assert stats == truth
    for name in OUTPUTS:
        assert there[name].tobytes() == wanted[name].tobytes(), name


def ask_on_cpu(*arguments: Any) -> Any:
    """The same, out of the pretence."""
    before, synthesis._renderer = synthesis._renderer, lambda image: render_cpu.render
    try:
        return ask(*arguments)
    finally:
        synthesis._renderer = before


@pytest.mark.parametrize("style", ["neutral", "immersive"])
def test_a_window_of_neighbours_and_a_learned_style(pretend: None, style: str) -> None:
    frames = [picture(seed, depth=None) for seed in range(3)]
    shot = ShotFrame(0.0, 1.0, before=(frames[1].key,), after=(frames[2].key,))
    settings = AnalysisSettings(depth="mini", style=style, shot=shot)
    planes, _ = ask(Compute("cuda:0", 64 << 20), frames, settings, WIDE)
    assert all(np.isfinite(plane).all() for plane in planes.values())


def test_the_pretence_finds_what_a_gpu_would_refuse() -> None:
    with pretended():
        there = torch.ones(2, 2, device="cuda:0")
        assert isinstance(there * 2.0, OnDevice) and there.device == CUDA
        with pytest.raises(AssertionError, match="mixes"):
            there + torch.ones(2, 2)
        with pytest.raises(AssertionError, match="numpy"):
            there.numpy()
        assert float(there.sum()) == 4.0 and type(there.cpu()) is torch.Tensor


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize("shape", [(0, 3, 1), (5, 7, 3), (400, 900, 13)])
def test_up_and_down_again_bit_for_bit(dtype: Any, shape: tuple[int, ...]) -> None:
    """Also in several chunks, also from a view with strides."""
    values = np.random.default_rng(2).integers(0, 255, shape).astype(dtype)
    with pretended():
        for array in (values, values[..., :1], values[:, ::2]):
            there = upload(array, CUDA)
            back = np.empty(array.shape, dtype)
            download(there, back)
            assert isinstance(there, OnDevice) and back.tobytes() == array.tobytes()
            assert np.array_equal(host_array(as_float(array, CUDA)), as_float(array).numpy())


@pytest.mark.parametrize("sizes", [((6, 9), (60, 90)), ((5, 8), (61, 99)), ((32, 48), (32, 48)), ((1, 1), (7, 5))])
def test_upsampling_on_a_gpu_agrees_with_the_processors(sizes: Any) -> None:
    generator = torch.Generator().manual_seed(4)
    low, guide = torch.rand(sizes[0], generator=generator), torch.rand((*sizes[1], 3), generator=generator)
    truth = guided_upsample(low, guide)
    with pretended():
        found = guided_upsample(OnDevice(low), OnDevice(guide))
    assert isinstance(found, OnDevice)
    assert float((found.held - truth).abs().mean()) < 0.02
    assert float(found.held.min()) >= float(low.min()) - 1e-5 and float(found.held.max()) <= float(low.max()) + 1e-5


def test_a_device_without_room_drops_its_caches_and_tries_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, frame, tries = Compute("cpu", 64 << 20), picture(), []
    real = renderer.render_box

    def render_box(*arguments: Any) -> Any:
        tries.append(len(engine.analyses))
        if len(tries) == 2:
            raise torch.OutOfMemoryError("no room")
        return real(*arguments)

    settings = AnalysisSettings(depth="aov")
    ask(engine, [frame], settings, WIDE)
    monkeypatch.setattr(renderer, "render_box", render_box)
    ask(engine, [frame], settings, WIDE)
    ask(engine, [frame], settings, replace(WIDE, zero_plane=0.1))
    assert len(tries) == 3

    def full(*arguments: Any) -> Any:
        raise torch.OutOfMemoryError("none")

    monkeypatch.setattr(renderer, "render_box", full)
    with pytest.raises(MemoryError, match="none"):
        ask(engine, [frame], settings, WIDE)
    assert len(engine.analyses) == 0
