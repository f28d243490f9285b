"""Styles that ship: round trip, hostile files, ONNX and TorchScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import load_style_file
from art3d_node.models.styles import load_style
from host_bridge.core.errors import OutputError, StyleError
from training import export as exporting
from training.colours import coloured
from training.export import CardFields, export, thumbnail, write_style
from training.figures import measure
from training.shards import Entry


def _net() -> CameraNet:
    torch.manual_seed(0)
    net = CameraNet(4)
    torch.nn.init.normal_(net.out.weight, std=0.1)
    return net.eval()


@pytest.fixture
def style(entries: list[Entry], tmp_path: Path) -> Path:
    """A style with a full card."""
    net = _net()
    path = tmp_path / "made" / "studio.style"
    write_style(
        path,
        net,
        CardFields("studio", 128, "sidecar", "a rehearsal", "CC0-1.0", thumbnail(net, entries[0], 128)),
        rows=measure(net, entries[:2], size_px=128),
    )
    return path


def test_the_node_loads_it(style: Path) -> None:
    loaded = load_style(style)
    assert loaded.card.name == "studio" and loaded.card.input_size == 128
    assert set(loaded.card.statistics) == {"s_mean", "s_std", "t_mean", "t_std"}
    assert "ddc_right" in loaded.card.metrics and len(loaded.card.thumbnail) > 1000
    scale, _ = loaded.stage(torch.zeros(32, 64, 3, dtype=torch.uint8), torch.rand(64, 128), aspect=2.0)
    assert scale.shape == (64, 128)


def test_exports_equal_the_network(style: Path, tmp_path: Path) -> None:
    made = export(style, tmp_path / "out")
    assert made.style.read_bytes() == style.read_bytes()
    assert made.onnx.is_file() and made.torchscript.is_file()
    assert max(made.onnx_error, made.torchscript_error) <= 1e-5


def test_the_reference_in_the_docs_is_what_renders(style: Path, root: Path, tmp_path: Path) -> None:
    """The lines that docs/training.md gives for ONNX equal the node's own style, on a plate of any size."""
    onnx = export(style, tmp_path / "out").onnx
    text = (root / "docs" / "training.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(text, names)
    rng = np.random.default_rng(2)
    look, iz = rng.integers(0, 255, (149, 257, 3)).astype(np.uint8), rng.random((149, 257)).astype(np.float32)
    loaded = load_style(style)
    truth = loaded.stage(torch.from_numpy(look), torch.from_numpy(iz), aspect=257 / 149)
    found = names["staged"](str(onnx), look, iz)
    for ours, node in zip(found, truth, strict=True):
        assert float((ours - node).abs().max()) < 1e-5
    session = onnxruntime.InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    assert told["art3d_style_id"] == loaded.id and told["art3d_input_size"] == "128"
    assert "fraction_of_picture_width" in told["art3d_output"]


def test_an_export_that_differs_is_refused(style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def skewed(path: Path, probe: torch.Tensor) -> np.ndarray:
        return np.ones((1, 3, *probe.shape[2:]), np.float32)

    monkeypatch.setattr(exporting, "_run_onnx", skewed)
    monkeypatch.setattr(exporting, "_write_onnx", lambda *_: None)
    with pytest.raises(OutputError, match="differs from the style"):
        export(style, tmp_path / "out")


@pytest.mark.parametrize("harm", ["truncated", "tampered", "pickle", "missing"])
def test_hostile_files_are_refused(style: Path, harm: str) -> None:
    data = bytearray(style.read_bytes())
    if harm == "truncated":
        style.write_bytes(data[: len(data) // 2])
    elif harm == "tampered":
        data[-3] ^= 0x11
        style.write_bytes(data)
    elif harm == "pickle":
        torch.save({"weights": 1}, style)
    else:
        style.unlink()
    with pytest.raises(StyleError):
        load_style_file(style)


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="name"):
        write_style(tmp_path / "x.style", _net(), CardFields("../x", 128, "mini"), rows=[])


def test_colours_of_disparity() -> None:
    shown = coloured(np.array([[0.0, 4.0, -4.0]], np.float32))[0].astype(int)
    assert shown[0].min() > 240
    assert shown[1, 2] > shown[1, 0] + 100  # front: orange (BGR)
    assert shown[2, 0] > shown[2, 2] + 100  # behind: blue
