"""Styles by name, and what a learned style does to a frame."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from art3d_node.library import Library
from art3d_node.models.camera_net import CameraNet
from art3d_node.models.neutral import SCALE, SHIFT
from art3d_node.models.style_file import StyleCard, read_card, save_style
from art3d_node.models.styles import (
    LearnedStyle,
    find_style,
    input_grid,
    list_styles,
    load_style,
    style_named,
)
from host_bridge.core.errors import StyleError
from host_bridge.wire.codec import decode, encode
from host_bridge.wire.limits import REPLY_HEADER_BYTES
from host_bridge.wire.messages import Styles

LOOK = torch.zeros(30, 40, 3, dtype=torch.uint8)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ART3D_STYLES", str(tmp_path))
    save_style(tmp_path / "deep.style", CameraNet(4), StyleCard(name="anything", architecture={}, input_size=64))
    return tmp_path


def test_neutral_is_always_there() -> None:
    assert style_named("neutral").name == "neutral"
    assert list_styles()[0].name == "neutral"


@pytest.mark.parametrize("name", ["", "nix", "../deep", "/etc/passwd", ".hidden", "a/b"])
def test_unknown_names_and_paths_are_refused(name: str, studio: Path) -> None:
    with pytest.raises(StyleError):
        find_style(name)


def test_the_studios_styles_are_found_by_file_name(studio: Path) -> None:
    assert find_style("deep") == studio / "deep.style"
    assert "deep" in [card.name for card in list_styles()]
    assert style_named("deep").id == load_style(studio / "deep.style").id


def _with_card(path: Path, text: str) -> None:
    """A file whose card says this, instead of what `deep` says."""
    net = CameraNet(4)
    tensors = {name: value.detach().half().contiguous() for name, value in net.state_dict().items()}
    path.write_bytes(save(tensors, metadata={"art3d_style": text}))


DEEP = "[" * 9 + "]" * 9
SPOILT: dict[str, Callable[..., Any]] = {
    "nonsense": lambda path, card: path.write_bytes(b"nonsense"),
    "empty": lambda path, card: path.touch(),
    "fifo": lambda path, card: os.mkfifo(path),
    "device": lambda path, card: path.symlink_to("/dev/zero"),
    "folder": lambda path, card: path.mkdir(),
    "loop": lambda path, card: path.symlink_to(path),
    "surrogate": lambda path, card: _with_card(path, card.replace("films", "\\ud800")),
    "metric": lambda path, card: _with_card(path, card.replace('"metrics": {', '"metrics": {"x": 1' + "0" * 30 + ", ")),
    "nan": lambda path, card: _with_card(path, card.replace('"metrics": {', '"metrics": {"x": NaN, ')),
    "truth": lambda path, card: _with_card(path, card.replace('"metrics": {', '"metrics": {"x": true, ')),
    "text": lambda path, card: _with_card(path, card.replace("films", "x" * 5000)),
    "thumbnail": lambda path, card: _with_card(path, card.replace('"thumbnail": "', '"thumbnail": "' + "A" * 300_000)),
    "deep": lambda path, card: _with_card(path, card.replace('"metrics": {', f'"extra": {DEEP}, "metrics": {{')),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_file_is_named_and_left_out_and_the_others_still_cross_the_wire(kind: str, studio: Path) -> None:
    card = json.dumps({**asdict(read_card(studio / "deep.style")), "training_data": "films", "metrics": {"y": 1.0}})
    SPOILT[kind](studio / "spoilt.style", card)
    found = Library().styles()
    assert "spoilt.style" in " ".join(style["fault"] for style in found if "fault" in style)
    good = tuple(style for style in found if "fault" not in style)
    assert {"neutral", "deep"} <= {style["name"] for style in good} and "spoilt" not in {s["name"] for s in good}
    assert decode(encode(1, Styles(good, ())), limit_bytes=REPLY_HEADER_BYTES).message.styles


def test_a_file_whose_name_is_no_text_is_left_out(studio: Path) -> None:
    data = (studio / "deep.style").read_bytes()
    Path(os.fsdecode(bytes(str(studio / "b"), "ascii") + b"\xff.style")).write_bytes(data)
    (studio / "a\x1b[2J.style").write_bytes(data)
    faults = [style["fault"] for style in Library().styles() if "fault" in style]
    assert len(faults) == 2 and all(fault.isprintable() for fault in faults)


def test_more_styles_than_a_message_holds(studio: Path) -> None:
    card = json.dumps(
        {**asdict(read_card(studio / "deep.style")), "training_data": "x" * 4000, "thumbnail": "A" * 9000}
    )
    for number in range(600):
        _with_card(studio / f"many{number}.style", card)
    found = Library().styles()
    good = tuple(style for style in found if "fault" not in style)
    assert any("more styles" in style["fault"] for style in found if "fault" in style)
    assert decode(encode(1, Styles(good, ())), limit_bytes=REPLY_HEADER_BYTES).message.styles


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float64])
def test_weights_of_other_types_are_refused(dtype: torch.dtype, studio: Path) -> None:
    tensors = {name: value.detach().to(dtype).contiguous() for name, value in CameraNet(4).state_dict().items()}
    card = json.dumps(asdict(read_card(studio / "deep.style")))
    (studio / "odd.style").write_bytes(save(tensors, metadata={"art3d_style": card}))
    with pytest.raises(StyleError, match="float16 or float32"):
        style_named("odd")


def test_an_untrained_style_stages_as_neutral(studio: Path) -> None:
    iz = torch.rand(60, 80)
    scale, shift = style_named("deep").stage(LOOK, iz, aspect=4 / 3)
    assert scale.shape == shift.shape == iz.shape
    # Weights are stored in half precision.
    assert torch.allclose(scale, torch.full_like(iz, SCALE), rtol=1e-3)
    assert torch.allclose(shift, torch.full_like(iz, SHIFT), rtol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (7, 5)])
def test_tiny_and_thin_frames_are_staged(size: tuple[int, int], studio: Path) -> None:
    iz = torch.rand(size)
    iz[0, 0] = float("nan")
    scale, _ = style_named("deep").stage(LOOK, iz, aspect=size[1] / size[0])
    assert scale.shape == size
    assert bool(torch.isfinite(scale).all())


def test_known_grids() -> None:
    assert input_grid(16 / 9, 512) == (288, 512)
    assert input_grid(0.5, 512) == (512, 256)


@given(st.floats(1e-3, 1e3), st.integers(8, 128))
def test_grids_are_multiples_of_eight(aspect: float, eighths: int) -> None:
    height, width = input_grid(aspect, 8 * eighths)
    assert height % 8 == 0 and width % 8 == 0
    assert max(height, width) == 8 * eighths


@pytest.fixture
def moved(tmp_path: Path) -> LearnedStyle:
    """A style whose network says something of its own, softly: at a fresh network's full strength it is noise."""
    net = CameraNet(4)
    constants = net.out.bias.detach().clone()  # type: ignore[union-attr]
    torch.manual_seed(3)
    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.reset_parameters()
    net.out.bias = torch.nn.Parameter(constants)
    torch.nn.init.normal_(net.out.weight, std=0.2)
    save_style(tmp_path / "moved.style", net, StyleCard(name="moved", architecture={}, input_size=64))
    return load_style(tmp_path / "moved.style")


def test_borders_are_treated_like_the_middle(moved: LearnedStyle) -> None:
    """The zeros around a network's input must not show as a frame around the picture."""
    look = torch.full((40, 64, 3), 100, dtype=torch.uint8)
    maps = torch.stack(moved.stage(look, torch.full((80, 128), 0.5), aspect=1.6))
    bare = moved.net(look.permute(2, 0, 1)[None] / 255.0, torch.full((1, 1, 40, 64), 0.5))
    spread = (bare.scale.max() - bare.scale.min()).item()
    assert spread > 0 and (maps[0].max() - maps[0].min()).item() < 0.2 * spread


def test_maps_step_where_the_inverse_depth_does(moved: LearnedStyle) -> None:
    """No halo: beside the outline of something near, a style's maps are those of the background."""
    iz = torch.zeros(160, 256)
    iz[40:120, 83:171] = 1.0
    look = (iz[::4, ::4, None].expand(40, 64, 3) * 200).to(torch.uint8)
    scale, _ = moved.stage(look, iz, aspect=1.6)
    inside, outside = scale[80, 90:160].mean(), scale[80, 60:76].mean()
    steps = scale[80].diff().abs()
    assert steps.argmax() + 1 in (83, 171)
    assert (scale[80, 82] - outside).abs() < 0.5 * (inside - outside).abs()
