"""Every depth head of transformers against its own pipeline, on small networks with random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoConfig,
    AutoModelForDepthEstimation,
    BeitConfig,
    DepthAnythingConfig,
    DepthProConfig,
    Dinov2Config,
    DPTConfig,
    DPTImageProcessor,
    GLPNConfig,
    ZoeDepthConfig,
    pipeline,
)
from transformers.models.depth_pro.image_processing_depth_pro import DepthProImageProcessor
from transformers.models.glpn.image_processing_glpn import GLPNImageProcessor
from transformers.models.tipsv2_dpt.image_processing_tipsv2_dpt import Tipsv2DptImageProcessor
from transformers.models.zoedepth.image_processing_zoedepth import ZoeDepthImageProcessor

from art3d_node.models.depth_net import SourceInput
from art3d_node.models.transformers_depth import from_folder, square_look

TAPS = [1, 2, 3, 4]
OUT: dict[str, Any] = {"out_indices": TAPS}  # taken by every backbone, declared by none
NECK: dict[str, Any] = {"neck_hidden_sizes": [4, 8, 16, 16], "fusion_hidden_size": 8}


def picture() -> torch.Tensor:
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8))
    return torch.from_numpy(np.asarray(coarse.resize((90, 60), Image.Resampling.BICUBIC)).copy())


def dinov2(patch: int = 14, size: int = 56, **more: Any) -> Dinov2Config:
    return Dinov2Config(
        image_size=size, patch_size=patch, hidden_size=16, num_hidden_layers=4, num_attention_heads=2, **more
    )


def depth_anything(*, normed: bool, kind: str) -> tuple[Any, Any]:
    backbone = dinov2(out_indices=TAPS, reshape_hidden_states=False, apply_layernorm=normed)
    config = DepthAnythingConfig(backbone_config=backbone, reassemble_hidden_size=16, head_hidden_size=4,
                                 depth_estimation_type=kind, max_depth=20, **NECK)  # fmt: skip
    size = {"height": 56, "width": 56}
    return config, DPTImageProcessor(size=size, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3)


def dpt() -> tuple[Any, Any]:
    config = DPTConfig(image_size=64, patch_size=16, hidden_size=16, num_hidden_layers=4, num_attention_heads=2,
                       intermediate_size=32, backbone_out_indices=[0, 1, 2, 3], is_hybrid=False, **NECK)  # fmt: skip
    return config, DPTImageProcessor(size={"height": 64, "width": 64})


def glpn() -> tuple[Any, Any]:
    config = GLPNConfig(depths=[1] * 4, hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2],
                        decoder_hidden_size=16, max_depth=10)  # fmt: skip
    return config, GLPNImageProcessor()


def zoedepth() -> tuple[Any, Any]:
    backbone = BeitConfig(image_size=64, patch_size=16, hidden_size=16, num_hidden_layers=4, num_attention_heads=2,
                          intermediate_size=32, reshape_hidden_states=False, use_relative_position_bias=True,
                          **OUT)  # fmt: skip
    config = ZoeDepthConfig(backbone_config=backbone, bottleneck_features=8, num_relative_features=8,
                            bin_embedding_dim=8, num_attractors=[4, 2, 2, 1], **NECK,
                            bin_configurations=[{"n_bins": 8, "min_depth": 0.01, "max_depth": 10.0}])  # fmt: skip
    return config, ZoeDepthImageProcessor(size={"height": 64, "width": 64}, ensure_multiple_of=32)


def depth_pro() -> tuple[Any, Any]:
    vision: dict[str, Any] = {"image_model_config": dinov2(16, 64), "patch_model_config": dinov2(16, 64),
              "fov_model_config": dinov2(16, 64)}  # fmt: skip
    config = DepthProConfig(**vision, fusion_hidden_size=16, intermediate_hook_ids=[2, 0], patch_size=64,
                            intermediate_feature_dims=[8, 8], scaled_images_feature_dims=[8, 8, 8],
                            use_fov_model=True)  # fmt: skip
    return config, DepthProImageProcessor(size={"height": 256, "width": 256})


def tips() -> tuple[Any, Any]:
    backbone = AutoConfig.for_model("tipsv2_vision_model", hidden_size=16, num_hidden_layers=4, num_attention_heads=2,
                                    image_size=56, patch_size=14, out_indices=TAPS, apply_layernorm=True,
                                    reshape_hidden_states=False)  # fmt: skip
    config = AutoConfig.for_model("tipsv2_dpt", backbone_config=backbone, num_depth_bins=16, **NECK)
    return config, Tipsv2DptImageProcessor(size={"height": 56, "width": 56})


HEADS: dict[str, tuple[Callable[[], tuple[Any, Any]], bool]] = {
    "depth anything v1": (lambda: depth_anything(normed=False, kind="relative"), False),
    "depth anything v2": (lambda: depth_anything(normed=True, kind="relative"), False),
    "depth anything v2 metric": (lambda: depth_anything(normed=True, kind="metric"), True),
    "dpt": (dpt, False),
    "glpn": (glpn, True),
    "zoedepth": (zoedepth, True),
    "depth_pro": (depth_pro, True),
    "tipsv2_dpt": (tips, True),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_says_what_its_pipeline_says(head: str, tmp_path: Path) -> None:
    make, metric = HEADS[head]
    config, processor = make()
    torch.manual_seed(3)
    model = AutoModelForDepthEstimation.from_config(config).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    for name, parameter in model.named_parameters():
        if name.startswith("fov_model.head") and parameter.numel() == 1:
            parameter.data.fill_(40.0)  # a field of view, degrees
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    look = picture()
    said = pipeline("depth-estimation", model=str(tmp_path), device="cpu")(Image.fromarray(look.numpy()))
    wanted = said["predicted_depth"].float()
    source = from_folder(tmp_path, name="house")
    found = source.predicted(look)
    spread = float(wanted.max() - wanted.min())
    assert spread > 0.0 and found.shape == wanted.shape == look.shape[:2]
    assert float((found - wanted).abs().max()) <= 1e-4 * max(1.0, spread)
    nearness = source.estimate(SourceInput(look=look, aspect=1.5)).inverse_depth
    assert torch.equal(nearness, 1.0 / found.clamp_min(1e-3) if metric else found)
    assert source.model_id.startswith(f"{tmp_path.name}:") and source.name == "house"


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    config, processor = dpt()
    config.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    witness = tmp_path / "witness"
    torch.save({"dpt.embeddings.cls_token": _Evil(witness)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="cannot be loaded"):
        from_folder(tmp_path, name="x")
    assert not witness.exists()


def test_a_folders_own_code_is_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    (tmp_path / "evil.py").write_text(f"open({str(witness)!r}, 'w')\nclass Net: pass\n")
    said = {"model_type": "evil", "auto_map": {"AutoModelForDepthEstimation": "evil.Net", "AutoConfig": "evil.Net"}}
    (tmp_path / "config.json").write_text(json.dumps(said))
    with pytest.raises(ValueError, match="'evil' model"):
        from_folder(tmp_path, name="x")
    assert not witness.exists()


class _Evil:
    def __init__(self, witness: Path) -> None:
        self._witness = witness

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._witness,)


def test_a_folder_without_a_processor_is_refused(tmp_path: Path) -> None:
    config, _ = dpt()
    AutoModelForDepthEstimation.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="cannot be loaded"):
        from_folder(tmp_path, name="x")


@pytest.mark.parametrize(
    ("aspect", "size"), [(1.5, (60, 90)), (3.0, (60, 180)), (0.75, (120, 90)), (100.0, (60, 240)), (0.01, (360, 90))]
)
def test_pixels_are_square_before_a_network_looks(aspect: float, size: tuple[int, int]) -> None:
    look = picture()
    made = square_look(look, aspect)
    assert tuple(made.shape) == (*size, 3) and made.dtype == torch.uint8
    assert (made is look) == (size == (60, 90))
    assert abs(float(made.float().mean() - look.float().mean())) < 1.0
