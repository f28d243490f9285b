"""Every number of training, named, with the paper's where it gives one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from host_bridge.core.errors import BadInputError

if TYPE_CHECKING:  # torch would cost `--help` seconds
    from art3d_node.stereo.ddc import Reading

RIDGE_PCT2 = 0.04
"""Variance, %², under which a region says little about s: (0.2 % of the width)², one pixel at 512."""

CHANNELS = (4, 128)
"""Least and most channels of CameraNet's first level, `art3d_node.models.camera_net.WIDTHS`."""

REPORT_WIDTH_PX = 512
"""Width on which s and t are reported, as in the paper's tables, px."""


@dataclass(frozen=True)
class CurateConfig:
    """From films to pairs.

    Attributes:
        size_px: side of the square that both eyes are brought to (paper: 512).
        per_shot: pairs taken from each shot.
        min_shot_frames: shorter shots join their predecessor.
        stereo: matcher, "sgm" or "sea-raft".
        reach_pct: largest parallax that the matcher searches, % of width.
        depth: depth source, or "sidecar" for pictures beside the film.
        masks: source of M_local, one of `training.masks.SOURCES`.
        prompts: what a language-driven mask source looks for.
        fattening_px: how far a matcher may carry a surface over its outline, px at `size_px`.
        consistency_px: left-right disagreement allowed, px at `size_px`.
        vertical_limit_px: vertical disparity allowed, px at `size_px` (Ranftl et al.: 2).
        vertical_share: share of pixels that may exceed it (Ranftl et al.: 0.1).
        correctable_px: largest vertical error of the pair that is corrected rather than rejected, px at `size_px`.
        min_range_px: least horizontal range (Ranftl et al.: 10), px at `range_width_px`.
        range_width_px: width to which `min_range_px` refers; their films were 1880 px wide.
        min_consistent: least share of left-right consistent pixels (Ranftl et al.: 0.7).
        min_valid: least share of pixels that texture along the row tells as well.
        ddc: reading of DDC-IoU.
        min_ddc: least DDC-IoU (paper: 0.8).
        samples_per_shard: pairs in one tar file.
    """

    size_px: int = 512
    per_shot: int = 2
    min_shot_frames: int = 6
    stereo: str = "sgm"
    reach_pct: float = 12.5
    depth: str = "auto"
    masks: str = "residual"
    prompts: tuple[str, ...] = ("foreground character popping out",)
    fattening_px: int = 8
    consistency_px: float = 1.5
    vertical_limit_px: float = 2.0
    vertical_share: float = 0.1
    correctable_px: float = 12.0
    min_range_px: float = 10.0
    range_width_px: float = 1880.0
    min_consistent: float = 0.7
    min_valid: float = 0.1
    ddc: Reading = "layers"
    min_ddc: float = 0.8
    samples_per_shard: int = 256


@dataclass(frozen=True)
class FitConfig:
    """From pairs to a style.

    Attributes:
        size_px: side of the training pictures (paper: 512).
        epochs: passes over the pairs (paper: 50).
        batch: pictures per step over all devices (paper: 32).
        learning_rate: of Adam at the start; falls to nil along a cosine.
        width: channels of CameraNet's first level.
        art: L_Art; False trains plain regression on M_valid (the paper's baseline).
        local: L_path(M_local) and its L_st; False is the paper's ablation.
        ridge: variance of the prediction under which its s is held at 1 in the frame outside M_local, %²; the published
            minimum has none.
        local_st: whether L_st holds M_local's s and t as well; the published L_st is one term, read as the frame's.
        local_balance: power of M_local's share of the picture that weighs its path; 0: as much as the frame,
            1: as much per pixel.
        local_ridge: variance of the prediction in M_local under which its s is held at 1, %²; more places strokes
            sooner (docs/decisions/056).
        smoothness: weight of edge-aware smoothness of vs and vt, both in %.
        right: weight of the same data terms for d̂_R, on the right eye's grid and masks.
        consistency: weight of left-right consistency with d̂_R.
        held_out: share of the *shots* kept for figures.
        patience: epochs without a smaller Wasserstein distance of s and t on the held-out shots, after which training
            stops and the best weights are taken; 0: never.
        flip: share of pictures mirrored, eyes swapped.
        photometric: strength of brightness, contrast, saturation changes; 0..1.
        warmup_steps: steps over which the learning rate rises.
        clip: largest gradient norm.
        save_every: steps between checkpoints.
        seed: chance.
        precision: "32-true" or "bf16-mixed".

    Raises:
        BadInputError: a width that CameraNet cannot have.
    """

    size_px: int = 512
    epochs: int = 50
    batch: int = 32
    learning_rate: float = 1e-3
    width: int = 16
    art: bool = True
    local: bool = True
    ridge: float = RIDGE_PCT2
    local_st: bool = True
    local_balance: float = 0.0
    local_ridge: float = RIDGE_PCT2
    smoothness: float = 0.3
    right: float = 0.5
    consistency: float = 0.02
    held_out: float = 0.15
    patience: int = 0
    flip: float = 0.5
    photometric: float = 0.3
    warmup_steps: int = 20
    clip: float = 1.0
    save_every: int = 50
    seed: int = 1
    precision: Literal["32-true", "bf16-mixed"] = "32-true"

    def __post_init__(self) -> None:
        least, most = CHANNELS
        if not least <= self.width <= most:
            raise BadInputError(
                f"{self.width} is not usable", where="--width", remedy=f"at least {least} and at most {most}"
            )


RECIPES: dict[str, dict[str, object]] = {
    "studio": {},
    "paper": {"ridge": 0.0, "local_ridge": 0.0, "local_st": False},
    "baseline": {"art": False},
    "no-local": {"local": False},
    "rehearsal": {
        "size_px": 128,
        "epochs": 70,
        "batch": 4,
        "learning_rate": 3e-3,
        "local_balance": 0.35,
        "local_ridge": 1.0,
    },
    "quick": {"size_px": 192, "epochs": 60, "batch": 8, "learning_rate": 5e-3},
    "finetune": {"epochs": 15, "batch": 8, "learning_rate": 3e-4, "warmup_steps": 5},
}
"""Named starting points; any field may be changed on top. `studio` is `FitConfig` as it stands."""

PUBLISHED: dict[str, object] = {
    "size_px": 512,
    "epochs": 50,
    "batch": 32,
    "art": True,
    "local": True,
    "ridge": 0.0,
    "local_ridge": 0.0,
    "local_st": False,
    "local_balance": 0.0,
}
"""What the paper states, or what its formulas say as they stand; a style's card names what it does otherwise."""
