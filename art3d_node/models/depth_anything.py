"""Depth Anything V2 Small from its authors' own file, under transformers' names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from art3d_node.models.depth_net import CPU
from art3d_node.models.transformers_depth import (
    PATCH_PX,
    SHORT_SIDE_PX,
    TransformersDepth,
    digest,
    picture_processor,
)

_V2_SMALL_TAPS = [3, 6, 9, 12]

# The authors' names → transformers' names. Fused qkv is split apart from this table.
_RENAMES: tuple[tuple[str, str], ...] = (
    (r"^pretrained\.(cls_token|mask_token)$", r"backbone.embeddings.\1"),
    (r"^pretrained\.pos_embed$", r"backbone.embeddings.position_embeddings"),
    (r"^pretrained\.patch_embed\.proj\.", r"backbone.embeddings.patch_embeddings.projection."),
    (r"^pretrained\.norm\.", r"backbone.layernorm."),
    (r"^pretrained\.blocks\.(\d+)\.ls(\d)\.gamma$", r"backbone.encoder.layer.\1.layer_scale\2.lambda1"),
    (r"^pretrained\.blocks\.(\d+)\.attn\.proj\.", r"backbone.encoder.layer.\1.attention.o_proj."),
    (r"^pretrained\.blocks\.(\d+)\.", r"backbone.encoder.layer.\1."),
    (r"^depth_head\.projects\.(\d)\.", r"neck.reassemble_stage.layers.\1.projection."),
    (r"^depth_head\.resize_layers\.(\d)\.", r"neck.reassemble_stage.layers.\1.resize."),
    (r"^depth_head\.scratch\.output_conv1\.", r"head.conv1."),
    (r"^depth_head\.scratch\.output_conv2\.0\.", r"head.conv2."),
    (r"^depth_head\.scratch\.output_conv2\.2\.", r"head.conv3."),
)
_FUSION = re.compile(r"^depth_head\.scratch\.refinenet(\d)\.(.+)$")
_LAYER = re.compile(r"^depth_head\.scratch\.layer(\d)_rn\.weight$")
_QKV = re.compile(r"^pretrained\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)$")


def small_config() -> DepthAnythingConfig:
    """The architecture of Depth Anything V2 Small."""
    backbone = Dinov2Config(
        image_size=SHORT_SIDE_PX,
        patch_size=PATCH_PX,
        hidden_size=384,
        num_attention_heads=6,
        out_indices=_V2_SMALL_TAPS,  # type: ignore[call-arg]  # taken from its **kwargs
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    return DepthAnythingConfig(backbone_config=backbone)


def convert(original: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' state dict under transformers' names; the tensors themselves are shared, not copied.

    Raises:
        ValueError: a name that this network does not have.
    """
    converted: dict[str, Tensor] = {}
    for name, value in original.items():
        qkv = _QKV.match(name)
        if qkv:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                converted[f"backbone.encoder.layer.{qkv[1]}.attention.{letter}_proj.{qkv[2]}"] = part
        else:
            converted[_renamed(name)] = value
    return converted


def _renamed(name: str) -> str:
    fusion, layer = _FUSION.match(name), _LAYER.match(name)
    if fusion:
        # The authors count fusion blocks from fine to coarse, transformers in the order they run.
        rest = fusion[2].replace("out_conv", "projection")
        rest = re.sub(r"resConfUnit(\d)\.conv(\d)", r"residual_layer\1.convolution\2", rest)
        return f"neck.fusion_stage.layers.{4 - int(fusion[1])}.{rest}"
    if layer:
        return f"neck.convs.{int(layer[1]) - 1}.weight"
    for pattern, replacement in _RENAMES:
        renamed, count = re.subn(pattern, replacement, name)
        if count:
            return renamed
    raise ValueError(f"{name!r} is not a tensor of Depth Anything V2 Small")


def load_small(path: Path) -> DepthAnythingForDepthEstimation:
    """Load the authors' `depth_anything_v2_vits.pth`; nothing in it is executed.

    Raises:
        ValueError: the file is damaged or holds another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        model: DepthAnythingForDepthEstimation = DepthAnythingForDepthEstimation(small_config()).eval()
        model.load_state_dict(convert(state))
    except (OSError, EOFError, RuntimeError, AttributeError, ValueError, UnpicklingError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} holds no Depth Anything V2 Small: {first}") from error
    return model


def from_file(path: Path, *, name: str, device: torch.device = CPU) -> TransformersDepth:
    """The source behind the authors' V2 Small file.

    Raises:
        ValueError: as `load_small`.
    """
    return TransformersDepth(load_small(path), picture_processor(), name=name, model_id=f"{name}:{digest([path])}",
                             device=device)  # fmt: skip
