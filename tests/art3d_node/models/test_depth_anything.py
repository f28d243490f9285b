"""Depth Anything: names converted, folders loaded, licences said. All networks here are small and random."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from art3d_node.models import depth_anything
from art3d_node.models.depth_anything import convert, from_file, small_config
from art3d_node.models.depth_net import SourceInput
from art3d_node.models.transformers_depth import TransformersDepth, from_folder, picture_processor

LOOK = (torch.arange(36 * 48 * 3).reshape(36, 48, 3) % 251).to(torch.uint8)


OUT: dict[str, Any] = {"out_indices": [1, 2, 3, 4]}  # taken by every backbone, declared by none


@pytest.fixture(scope="module")
def small() -> DepthAnythingForDepthEstimation:
    torch.manual_seed(0)
    model = DepthAnythingForDepthEstimation(small_config()).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return model  # type: ignore[no-any-return]


def _authors_layout(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """transformers' names → the names in the authors' code (dpt.py, dinov2.py), written independently of `convert`."""
    original: dict[str, Tensor] = {}
    fused: dict[str, dict[str, Tensor]] = {}
    for name, value in state.items():
        part = re.match(r"backbone\.encoder\.layer\.(\d+)\.attention\.([qkv])_proj\.(\w+)", name)
        if part:
            fused.setdefault(f"pretrained.blocks.{part[1]}.attn.qkv.{part[3]}", {})[part[2]] = value
            continue
        for old, new in (
            ("backbone.embeddings.position_embeddings", "pretrained.pos_embed"),
            ("backbone.embeddings.patch_embeddings.projection", "pretrained.patch_embed.proj"),
            ("backbone.embeddings.", "pretrained."),
            ("backbone.layernorm", "pretrained.norm"),
            ("backbone.encoder.layer.", "pretrained.blocks."),
            (".attention.o_proj.", ".attn.proj."),
            (".layer_scale1.lambda1", ".ls1.gamma"),
            (".layer_scale2.lambda1", ".ls2.gamma"),
            ("neck.fusion_stage.layers.0", "depth_head.scratch.refinenet4"),
            ("neck.fusion_stage.layers.1", "depth_head.scratch.refinenet3"),
            ("neck.fusion_stage.layers.2", "depth_head.scratch.refinenet2"),
            ("neck.fusion_stage.layers.3", "depth_head.scratch.refinenet1"),
            (".residual_layer1.convolution", ".resConfUnit1.conv"),
            (".residual_layer2.convolution", ".resConfUnit2.conv"),
            ("head.conv1", "depth_head.scratch.output_conv1"),
            ("head.conv2", "depth_head.scratch.output_conv2.0"),
            ("head.conv3", "depth_head.scratch.output_conv2.2"),
        ):
            name = name.replace(old, new)
        name = re.sub(r"^neck\.convs\.(\d)\.", lambda m: f"depth_head.scratch.layer{int(m[1]) + 1}_rn.", name)
        name = re.sub(r"^neck\.reassemble_stage\.layers\.(\d)\.projection", r"depth_head.projects.\1", name)
        name = re.sub(r"^neck\.reassemble_stage\.layers\.(\d)\.resize", r"depth_head.resize_layers.\1", name)
        if name.startswith("depth_head.scratch.refinenet"):
            name = name.replace(".projection.", ".out_conv.")
        original[name] = value
    for name, parts in fused.items():
        original[name] = torch.cat([parts["q"], parts["k"], parts["v"]])
    return original


def _seen() -> SourceInput:
    return SourceInput(look=LOOK, aspect=4 / 3)


def test_the_authors_layout_is_theirs(small: DepthAnythingForDepthEstimation) -> None:
    names = _authors_layout(small.state_dict())
    for known in (
        "pretrained.cls_token",
        "pretrained.blocks.11.attn.qkv.weight",
        "pretrained.blocks.0.ls1.gamma",
        "depth_head.resize_layers.3.weight",
        "depth_head.scratch.refinenet4.resConfUnit1.conv2.bias",
        "depth_head.scratch.layer4_rn.weight",
        "depth_head.scratch.output_conv2.2.bias",
    ):
        assert known in names
    assert not any(name.startswith(("backbone", "neck", "head")) for name in names)


def test_converted_weights_give_the_identical_network(small: DepthAnythingForDepthEstimation) -> None:
    converted = convert(_authors_layout(small.state_dict()))
    other = DepthAnythingForDepthEstimation(small_config()).eval()
    other.load_state_dict(converted)
    picture = torch.rand(1, 3, 56, 70)
    with torch.no_grad():
        assert torch.equal(small(picture).predicted_depth, other(picture).predicted_depth)


def test_the_authors_file_and_its_folder_say_the_same(small: DepthAnythingForDepthEstimation, tmp_path: Path) -> None:
    torch.save(_authors_layout(small.state_dict()), tmp_path / "depth_anything_v2_vits.pth")
    small.save_pretrained(tmp_path / "folder")
    picture_processor().save_pretrained(tmp_path / "folder")
    file = from_file(tmp_path / "depth_anything_v2_vits.pth", name="da2-small").estimate(_seen())
    folder = from_folder(tmp_path / "folder", name="x").estimate(_seen())
    assert torch.equal(file.inverse_depth, folder.inverse_depth)


def test_a_foreign_tensor_is_named() -> None:
    with pytest.raises(ValueError, match=r"'decoder\.weight'"):
        convert({"decoder.weight": torch.zeros(1)})


def test_the_authors_file_loads(small: DepthAnythingForDepthEstimation, tmp_path: Path) -> None:
    path = tmp_path / "depth_anything_v2_vits.pth"
    torch.save(_authors_layout(small.state_dict()), path)
    loaded = depth_anything.load_small(path)
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in small.state_dict().items())
    assert from_file(path, name="da2-small").model_id.startswith("da2-small:")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 truncated"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "depth_anything_v2_vits.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="holds no Depth Anything V2 Small"):
        depth_anything.load_small(path)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path, witness = tmp_path / "evil.pth", tmp_path / "witness"
    torch.save({"pretrained.cls_token": _Evil(witness)}, path)
    with pytest.raises(ValueError, match="holds no Depth Anything V2 Small"):
        depth_anything.load_small(path)
    assert not witness.exists()


class _Evil:
    def __init__(self, witness: Path) -> None:
        self._witness = witness

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._witness,)


def _tiny(*, metric: bool = False) -> DepthAnythingForDepthEstimation:
    backbone = Dinov2Config(
        image_size=518,
        patch_size=14,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        **OUT,
        reshape_hidden_states=False,
    )
    return DepthAnythingForDepthEstimation(
        DepthAnythingConfig(
            backbone_config=backbone,
            reassemble_hidden_size=16,
            neck_hidden_sizes=[4, 8, 16, 16],
            fusion_hidden_size=8,
            head_hidden_size=4,
            depth_estimation_type="metric" if metric else "relative",
            max_depth=20,
        )
    )


def test_a_transformers_folder_loads_and_estimates(tmp_path: Path) -> None:
    _tiny().save_pretrained(tmp_path)
    source = from_folder(tmp_path, name="house")
    found = source.estimate(_seen())
    assert source.name == "house"
    assert found.inverse_depth.shape == (36, 48)
    assert bool(torch.isfinite(found.inverse_depth).all())


def test_convention_metric_models_are_turned_into_nearness() -> None:
    model = _tiny(metric=True)
    source = TransformersDepth(model, picture_processor(), name="x", model_id="x")
    inverse = source.estimate(_seen()).inverse_depth
    assert float(inverse.min()) >= 1.0 / 20.0


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "cannot be read"), ("[]", "not a transformers"), ('{"model_type": "bert"}', "'bert' model")],
)
def test_a_folder_with_something_else_is_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        from_folder(tmp_path, name="x")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "depth_anything"}))
    with pytest.raises(ValueError, match="cannot be loaded"):
        from_folder(tmp_path, name="x")
