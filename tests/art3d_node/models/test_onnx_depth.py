"""ONNX networks of one picture and one map, made here: nearness or distance is a weighted sum of the colours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from art3d_node.models.depth_net import SourceInput, resized_look
from art3d_node.models.onnx_depth import OnnxDepth

WEIGHTS = np.array([0.5, 0.3, 0.2], np.float32)
LOOK = torch.from_numpy(np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8))
PLAIN: dict[str, Any] = {"mean": "[0, 0, 0]", "std": "[1, 1, 1]"}


def network(path: Path, *, shape: tuple[Any, ...] = (1, 3, "h", "w"), rank: int = 4, **metadata: str) -> Path:
    """Saves a 1×1 convolution over the colours; with channels last, behind a transpose."""
    last = shape[3] == 3
    nodes = [helper.make_node("Transpose", ["picture"], ["first"], perm=[0, 3, 1, 2])] if last else []
    nodes.append(helper.make_node("Conv", ["first" if last else "picture", "weights"], ["map"]))
    if rank == 3:
        nodes.append(helper.make_node("Squeeze", ["map", "axes"], ["out"]))
    given = [numpy_helper.from_array(WEIGHTS.reshape(1, 3, 1, 1), "weights"),
             numpy_helper.from_array(np.array([1]), "axes")]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out" if rank == 3 else "map", TensorProto.FLOAT, None)], given,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, path)
    return path


def estimate(path: Path, aspect: float = 1.5) -> torch.Tensor:
    return OnnxDepth(path, name="house").estimate(SourceInput(look=LOOK, aspect=aspect)).inverse_depth


def grey(size: tuple[int, int], *, weights: np.ndarray = WEIGHTS) -> np.ndarray:
    return np.asarray(np.einsum("c,chw->hw", weights, resized_look(LOOK, size)[0].numpy()))


@pytest.mark.parametrize(("shape", "rank"), [((1, 3, "h", "w"), 4), ((1, 3, "h", "w"), 3), ((1, "h", "w", 3), 4)])
def test_one_map_of_one_picture(tmp_path: Path, shape: tuple[Any, ...], rank: int) -> None:
    found = estimate(network(tmp_path / "n.onnx", shape=shape, rank=rank, short_side="28", **PLAIN))
    assert found.shape == (28, 42)
    assert np.allclose(found.numpy(), grey((28, 42)), atol=1e-5)


def test_a_fixed_size_is_kept(tmp_path: Path) -> None:
    found = estimate(network(tmp_path / "n.onnx", shape=(1, 3, 32, 32), **PLAIN))
    assert np.allclose(found.numpy(), grey((32, 32)), atol=1e-5)


def test_normalisation_and_what_is_assumed(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", shape=(1, 3, 32, 32))
    source = OnnxDepth(path, name="house")
    assert "says nothing of its input" in source.licence_note
    offset = float(WEIGHTS @ (np.array([0.485, 0.456, 0.406]) / np.array([0.229, 0.224, 0.225])))
    wanted = grey((32, 32), weights=WEIGHTS / np.array([0.229, 0.224, 0.225], np.float32)) - offset
    assert np.allclose(estimate(path).numpy(), wanted, atol=1e-4)
    assert source.model_id.startswith("n:") and source.name == "house"


def test_the_sidecar_wins(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", shape=(1, 3, 32, 32), output="inverse", **PLAIN)
    card = {"output": "distance", "range": 255, "order": "BGR", "licence": "CC-BY-4.0"}
    (tmp_path / "n.onnx.json").write_text(json.dumps(card))
    assert OnnxDepth(path, name="house").licence_note == "n.onnx: CC-BY-4.0"
    wanted = 1.0 / (255.0 * grey((32, 32), weights=WEIGHTS[::-1]))
    assert np.allclose(estimate(path).numpy(), wanted, rtol=1e-4)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "not a JSON object"),
        ('{"meen": 1}', "'meen' is not known; keys are mean"),
        ('{"mean": [1, 2]}', "not 3 numbers"),
        ('{"std": [1, 0, 1]}', "not 3 numbers"),
        ('{"order": "XYZ"}', "RGB or BGR"),
        ('{"output": "depth"}', "inverse or distance"),
        ('{"short_side": 100000}', "short_side"),
        ('{"mean": "red"}', "cannot be used"),
    ],
)
def test_a_card_that_cannot_be_used(tmp_path: Path, card: str, message: str) -> None:
    path = network(tmp_path / "n.onnx")
    (tmp_path / "n.onnx.json").write_text(card)
    with pytest.raises(ValueError, match=message):
        OnnxDepth(path, name="house")


def test_what_is_no_such_network(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no network")
    with pytest.raises(ValueError, match="cannot be loaded"):
        OnnxDepth(tmp_path / "x.onnx", name="x")
    flat = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3)) for name in ("in", "out")]
    graph = helper.make_graph([helper.make_node("Identity", ["in"], ["out"])], "g", flat[:1], flat[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "n.onnx")
    with pytest.raises(ValueError, match=r"in tensor\(float\)\[1, 3\], not one picture"):
        OnnxDepth(tmp_path / "n.onnx", name="x")
