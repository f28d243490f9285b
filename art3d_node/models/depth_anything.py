"""Depth Anything through transformers: from a transformers folder, or from the authors' own V2 Small file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from art3d_node.models.depth_net import CPU, Estimate, SourceInput, resized_look, working_size

SHORT_SIDE_PX = 518
_PATCH_PX = 14
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
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
        patch_size=_PATCH_PX,
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
    raise ValueError(f"{name!r} is no tensor of Depth Anything V2 Small")


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


class DepthAnythingDepth:
    """Inverse depth from one picture, by Depth Anything V1 or V2.

    Args:
        model: the network.
        name: the depth source's name.
        model_id: what made it.
        licence_note: what the user has to know before commercial work, or "".
        mean, std: normalisation of the input, per channel.
        device: where it computes; on CUDA in half precision.
    """

    needs_look = True

    def __init__(
        self,
        model: DepthAnythingForDepthEstimation,
        *,
        name: str,
        model_id: str,
        licence_note: str = "",
        mean: tuple[float, ...] = _MEAN,
        std: tuple[float, ...] = _STD,
        device: torch.device = CPU,
    ) -> None:
        self.name, self.model_id, self.licence_note = name, model_id, licence_note
        self._model, self._device = model.eval().to(device), device
        self._mean, self._std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (mean, std))
        self._metric = model.config.depth_estimation_type == "metric"

    @torch.no_grad()
    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at the network's working size; metric models give 1/distance."""
        size = working_size(frame.aspect, short_side_px=SHORT_SIDE_PX, multiple=_PATCH_PX)
        rgb = resized_look(frame.look.to(self._device), size)
        # Not for smaller networks: docs/decisions/035-a-gpu-worker.md.
        with torch.autocast(self._device.type, dtype=torch.float16, enabled=self._device.type == "cuda"):
            depth: Tensor = self._model((rgb - self._mean) / self._std).predicted_depth[0].float()
        return Estimate(1.0 / depth.clamp_min(1e-3) if self._metric else depth, self.model_id)


def from_file(path: Path, *, name: str, device: torch.device = CPU) -> DepthAnythingDepth:
    """The source behind the authors' V2 Small file.

    Raises:
        ValueError: as `load_small`.
    """
    return DepthAnythingDepth(load_small(path), name=name, model_id=f"{name}:{_digest(path)}", device=device)


def from_folder(folder: Path, *, name: str, licence_note: str = "", device: torch.device = CPU) -> DepthAnythingDepth:
    """The source behind a transformers folder; nothing is fetched.

    Args:
        folder: holds config.json and weights.
        name: the depth source's name.
        licence_note, device: as `DepthAnythingDepth`.

    Raises:
        ValueError: the folder is incomplete, damaged or holds another architecture.
    """
    config = _json(folder / "config.json")
    if config.get("model_type") != "depth_anything":
        raise ValueError(f"{folder} holds a {config.get('model_type')!r} model, not a depth_anything one")
    try:
        model = DepthAnythingForDepthEstimation.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # transformers raises whatever its loaders raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{folder} cannot be loaded: {first}") from error
    preset = _json(folder / "preprocessor_config.json") if (folder / "preprocessor_config.json").is_file() else {}
    weights = next(iter(sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))))
    return DepthAnythingDepth(
        model,
        name=name,
        model_id=f"{folder.name}:{_digest(weights)}",
        licence_note=licence_note,
        mean=tuple(preset.get("image_mean", _MEAN)),
        std=tuple(preset.get("image_std", _STD)),
        device=device,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is no transformers configuration")
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
