"""Depth networks in transformers folders: any head of its depth estimators, through its own picture processor.

What a network says is what transformers' depth-estimation pipeline says of the same picture, turned to inverse depth
where it is a distance. Nothing is fetched, no code of the folder is run, and weights are tensors only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoImageProcessor, AutoModelForDepthEstimation, DPTImageProcessor

from art3d_node.models.depth_net import CPU, MAX_ASPECT, Estimate, SourceInput

SHORT_SIDE_PX, PATCH_PX = 518, 14
# What a head says where its folder does not: "relative" grows toward the lens, "metric" away from it.
HEADS = {
    "depth_anything": "relative",
    "dpt": "relative",
    "glpn": "metric",
    "zoedepth": "metric",
    "depth_pro": "metric",
    "tipsv2_dpt": "metric",
}
_NEAREST = 1e-3
_ASPECT_SLACK = 0.005
# Proved to hold in half precision: docs/decisions/035-a-gpu-worker.md.
_IN_HALF = ("depth_anything",)


def picture_processor() -> DPTImageProcessor:
    """How Depth Anything prepares a picture, as its authors publish it for V1 and V2."""
    return DPTImageProcessor(
        size={"height": SHORT_SIDE_PX, "width": SHORT_SIDE_PX},
        keep_aspect_ratio=True,
        ensure_multiple_of=PATCH_PX,
        resample=3,
        do_rescale=True,
        do_normalize=True,
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    )


class TransformersDepth:
    """Inverse depth from one picture, by a depth network of transformers.

    Args:
        model: the network.
        processor: prepares its picture and finishes its depth.
        name: the depth source's name.
        model_id: what made it.
        licence_note: what the user has to know before commercial work, or "".
        device: where it computes.
    """

    needs_look = True

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        name: str,
        model_id: str,
        licence_note: str = "",
        device: torch.device = CPU,
    ) -> None:
        self.name, self.model_id, self.licence_note = name, model_id, licence_note
        self._model, self._processor, self._device = model.eval().to(device), processor, device
        kind = model.config.model_type
        self._half = device.type == "cuda" and kind in _IN_HALF
        self._metric = (getattr(model.config, "depth_estimation_type", None) or HEADS[kind]) == "metric"

    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at the picture's own size; of a distance, 1/distance."""
        depth = self.predicted(square_look(frame.look, frame.aspect))
        return Estimate(1.0 / depth.clamp_min(_NEAREST) if self._metric else depth, self.model_id)

    @torch.no_grad()
    def predicted(self, look: Tensor) -> Tensor:
        """What the network says of a picture (h, w, 3) uint8, at its size: distance or nearness, as it is trained."""
        inputs = self._processor(images=look.cpu().numpy(), return_tensors="pt", input_data_format="channels_last")
        inputs = inputs.to(self._device)
        with torch.autocast(self._device.type, dtype=torch.float16, enabled=self._half):
            outputs = self._model(**inputs)
        if self._half:
            outputs.predicted_depth = outputs.predicted_depth.float()
        # As the pipeline calls it: the second argument is ZoeDepth's size of the source, the others' of the result.
        found = self._processor.post_process_depth_estimation(outputs, [tuple(look.shape[:2])])
        depth: Tensor = found[0]["predicted_depth"]
        return depth.float().reshape(look.shape[0], look.shape[1])


def square_look(look: Tensor, aspect: float) -> Tensor:
    """A look whose pixels are square, at most 4 : 1; itself where it is so already.

    Args:
        look: (h, w, 3) uint8.
        aspect: width over height of what it shows.
    """
    height, width = look.shape[:2]
    target_aspect = min(max(aspect, 1.0 / MAX_ASPECT), MAX_ASPECT)
    if abs(width / height / target_aspect - 1.0) <= max(_ASPECT_SLACK, 1.0 / min(height, width)):
        return look
    size = (
        (height, max(1, round(height * target_aspect)))
        if target_aspect >= width / height
        else (max(1, round(width / target_aspect)), width)
    )
    planes = look.permute(2, 0, 1)[None].float()
    fitted = functional.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=True)
    return fitted[0].permute(1, 2, 0).add(0.5).clamp(0.0, 255.0).to(torch.uint8)


def from_folder(folder: Path, *, name: str, licence_note: str = "", device: torch.device = CPU) -> TransformersDepth:
    """The source behind a transformers folder.

    Args:
        folder: holds config.json, preprocessor_config.json and weights.
        name: the depth source's name.
        licence_note, device: as `TransformersDepth`.

    Raises:
        ValueError: the folder is incomplete, damaged or holds another kind of network.
    """
    kind = _json(folder / "config.json").get("model_type")
    if kind not in HEADS:
        raise ValueError(f"{folder} holds a {kind!r} model; depth networks are {', '.join(HEADS)}")
    try:
        # Weights are loaded as tensors, and a folder's own Python is never looked at.
        model = AutoModelForDepthEstimation.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, weights_only=True
        )
        processor = _processor(folder, kind)
    except Exception as error:  # transformers raises whatever its loaders raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{folder} cannot be loaded: {first}") from error
    weights = [path for ending in ("safetensors", "bin") for path in sorted(folder.glob(f"*.{ending}"))]
    return TransformersDepth(
        model,
        processor,
        name=name,
        model_id=f"{folder.name}:{digest(weights)}",
        licence_note=licence_note,
        device=device,
    )


def _processor(folder: Path, kind: str) -> Any:
    if kind == "depth_anything" and not (folder / "preprocessor_config.json").is_file():
        return picture_processor()
    return AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is not a transformers configuration")
    return found


def digest(paths: Iterable[Path]) -> str:
    """The first digits of a sha256 over files."""
    combined = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            combined.update(hashlib.file_digest(file, "sha256").digest())
    return combined.hexdigest()[:12]
