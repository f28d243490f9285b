"""The real engine: caches, forgetting, measuring."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from art3d_node import native, renderer
from art3d_node.plate import PlateTensors
from art3d_node.prepared import Prepared
from art3d_node.server.workers.compute import Compute, make
from art3d_node.transfer import host_array
from host_bridge.core.errors import BadInputError, CancelledError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

BOX = Box.of_size(48, 32)
OUTPUTS = ("left", "right", "disparity_left", "occlusion_right")


@pytest.fixture(scope="module")
def engine() -> Compute:
    return make("cpu", 64 << 20)


def picture(seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    color = rng.random((32, 48, 4)).astype(np.float32)
    depth = (1.0 + rng.random((32, 48, 1))).astype(np.float32)
    return Frame(BOX, BOX, {"color": color, "depth": depth}, ("R", "G", "B", "A"))


def ask(
    engine: Compute,
    frame: Frame,
    *,
    controls: Controls | None = None,
    box: Box = BOX,
    settings: AnalysisSettings | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Any]]:
    planes, stats = engine.tile(
        {frame.key: frame}, frame.key, settings or AnalysisSettings(), controls or Controls(), box, OUTPUTS, check=check
    )
    return {name: np.concatenate([host_array(strip) for strip in plane]) for name, plane in planes.items()}, stats


def test_smoke(engine: Compute) -> None:
    planes, stats = ask(engine, picture())
    assert set(planes) == set(OUTPUTS) and stats["depth_source"] == "aov"
    assert all(plane.dtype == np.float32 and plane.flags["C_CONTIGUOUS"] for plane in planes.values())


def test_analysis_is_done_once(engine: Compute) -> None:
    frame = picture(1)
    assert "analysis" in ask(engine, frame)[1]["ms"]
    assert "analysis" not in ask(engine, frame, controls=Controls(depth_gain=2.0))[1]["ms"]


def test_tiles_made_side_by_side_are_the_same(engine: Compute) -> None:
    assert engine.tiles_at_once > 1
    frames = [picture(seed) for seed in (30, 31)]
    asked = [(frame, gain, box) for frame in frames for gain in (0.5, 2.0) for box in BOX.tiles(17, 11)]

    def one(asked: tuple[Frame, float, Box]) -> dict[str, npt.NDArray[np.float32]]:
        frame, gain, box = asked
        return ask(engine, frame, controls=Controls(depth_gain=gain), box=box)[0]

    alone = [one(this) for this in asked]
    engine.forget(frames[0].key)
    with ThreadPoolExecutor(4) as pool:
        for planes, wanted in zip(pool.map(one, asked), alone, strict=True):
            assert all(np.array_equal(planes[name], wanted[name]) for name in OUTPUTS)


def test_while_it_renders_the_kernels_have_the_cores_and_torch_one(
    engine: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, render = [], renderer.render_box

    def watched(*what: Any) -> Any:
        seen.append((native.threads(), torch.get_num_threads()))
        return render(*what)

    monkeypatch.setattr(renderer, "render_box", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        ask(engine, picture(7))
        assert seen == [(native.cores(), 1)] and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_forget_keeps_the_analysis_and_the_picture(engine: Compute) -> None:
    frame = picture(2)
    before, _ = ask(engine, frame)
    engine.forget(frame.key)
    after, stats = ask(engine, frame)
    assert "analysis" not in stats["ms"]
    assert all(np.array_equal(before[name], after[name]) for name in OUTPUTS)


def test_an_analysis_owns_its_memory(engine: Compute) -> None:
    frame = picture(3)
    before, _ = ask(engine, frame)
    engine.forget(frame.key)
    again = Frame(frame.display, frame.data, {n: a.copy() for n, a in frame.layers.items()}, frame.channels)
    again.__dict__["key"] = frame.key
    for array in frame.layers.values():
        array[:] = 0
    after, _ = ask(engine, again)
    assert all(np.array_equal(before[name], after[name]) for name in OUTPUTS)


def test_check_stops(engine: Compute) -> None:
    def check() -> None:
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        ask(engine, picture(4), check=check)


def test_caches_stay_within_their_bound() -> None:
    engine = Compute("cpu", 200_000)
    for seed in range(10, 22):
        ask(engine, picture(seed))
        assert engine.figures()["analysis_bytes"] <= 200_000


def test_a_dragged_knob_pushes_no_other_frame_out() -> None:
    engine = Compute("cpu", 200_000)
    other, dragged = picture(30), picture(31)
    ask(engine, other)
    for turn in range(60):
        ask(engine, dragged, controls=Controls(depth_gain=1 + turn / 60))
    assert "analysis" not in ask(engine, other)[1]["ms"]


def test_measure_known_answer(engine: Compute) -> None:
    left = np.random.default_rng(0).random((64, 96, 3)).astype(np.float32)
    disparity = np.full((64, 96, 1), -0.96, np.float32)
    figures = engine.measure(
        {"left": left, "right": left, "reference": left + 0.1, "disparity": disparity}, check=lambda: None
    )
    assert figures["psnr_db"] == pytest.approx(20.0, abs=0.01)
    assert figures["parallax_p50_pct"] == pytest.approx(1.0, abs=1e-4)
    assert engine.measure({"left": left, "right": left, "reference": left}, check=lambda: None)["psnr_db"] is None


def test_other_devices_are_refused() -> None:
    with pytest.raises(BadInputError, match="cuda:64"):
        make("cuda:64", 1 << 20)


def test_measure_needs_both_views(engine: Compute) -> None:
    with pytest.raises(BadInputError, match="left and a right"):
        engine.measure({"left": np.zeros((2, 2, 3), np.float32)}, check=lambda: None)


def test_a_proxy_is_every_few_pixels_of_the_plate_and_shares_its_depth(engine: Compute) -> None:
    frame = picture(11)
    before = engine.figures()["analysis_count"]
    whole, stats = ask(engine, frame)
    seen = frame.proxy(4)
    planes, coarse = ask(engine, frame, settings=AnalysisSettings(proxy=4), box=seen.data)
    assert planes["left"].shape == (8, 12, 4)
    assert np.array_equal(planes["left"], whole["left"][::4, ::4])
    assert np.allclose(planes["disparity_left"], whole["disparity_left"][::4, ::4] / 4, atol=1e-4)
    assert (coarse["iz_low"], coarse["fit_scale"]) == (stats["iz_low"], stats["fit_scale"])
    assert engine.figures()["analysis_count"] == before + 2 + 2 + 2 + 1  # two each but for the one depth


def test_what_the_cache_lets_go_is_gone_at_once(engine: Compute) -> None:
    """No circle of references holds a turn's planes, or an evicted plate, until Python happens to look for circles."""
    frame = picture(12)
    gc.collect()
    gc.disable()
    try:
        ask(engine, frame)
        held = [weakref.ref(kept) for kept in gc.get_objects() if type(kept) in (Prepared, PlateTensors)]
        assert held
        engine._drop_caches()
        assert [ref() for ref in held if ref() is not None] == []
    finally:
        gc.enable()
