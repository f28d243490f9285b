"""Styles by name: the parametric `neutral`, and the `.style` files of the studio and of the box."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import torch
from platformdirs import user_config_dir
from torch import Tensor
from torch.nn import functional

from art3d_node.models.camera_net import STRIDE, CameraNet, network_input
from art3d_node.models.depth_net import CPU, MAX_ASPECT, resized_look
from art3d_node.models.neutral import SCALE, SHIFT, Neutral, Staging
from art3d_node.models.style_file import (
    SUFFIX,
    StyleCard,
    is_style_name,
    load_style_file,
    read_card,
)
from art3d_node.stereo.upsample import guided_upsample
from host_bridge.core.errors import StyleError

BUNDLED = Path(__file__).parent / "styles"
NEUTRAL_CARD = StyleCard(
    name="neutral",
    id=Neutral.id,
    architecture={"name": "constant"},
    depth_source="any",
    statistics={"s_mean": SCALE, "s_std": 0.0, "t_mean": SHIFT, "t_std": 0.0},
    training_data="none: constant vs and vt",
    licence="Apache-2.0",
)

RIM = 32
"""Mirrored pixels around the picture that a network looks at, a multiple of its stride."""
MOST_STYLES = 1024
_SEE = "run `art3d styles` to see what there is"
GUIDE_RANGE = (-0.25, 1.25)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LearnedStyle:
    """A trained stereographer's hand.

    Attributes:
        card: what it says about itself.
        net: the network, eval mode.
    """

    card: StyleCard
    net: CameraNet

    needs_look: ClassVar[bool] = True

    @property
    def id(self) -> str:
        """The card's content id."""
        return self.card.id

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name

    @torch.no_grad()
    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        """vs, vt as `Staging.stage`: predicted at the card's input size, brought to (H, W) along iz's own outlines.

        Beyond its borders the network is shown the picture mirrored, not the zeros of its padding.
        """
        size = input_grid(aspect, self.card.input_size)
        iz = torch.nan_to_num(inverse_depth, nan=0.0, posinf=2.0, neginf=-1.0)
        shrinks = size[0] <= iz.shape[0] and size[1] <= iz.shape[1]
        small = functional.interpolate(iz[None, None], size=size, mode="area" if shrinks else "nearest")
        rim = min(RIM, (min(size) - 1) // STRIDE * STRIDE)
        inputs = (
            functional.pad(part, (rim,) * 4, mode="reflect") for part in (resized_look(look.to(iz.device), size), small)
        )
        maps = self.net.maps(network_input(*inputs).contiguous(memory_format=torch.channels_last))
        both = maps[0, :2, rim : rim + size[0], rim : rim + size[1]]
        full = guided_upsample(both, _as_guide(iz)[..., None])
        return full[0], full[1]


def _as_guide(inverse_depth: Tensor) -> Tensor:
    """iz from 0 to 1, with room for what lies a little before the robust near and behind the robust far."""
    low, high = GUIDE_RANGE
    return (inverse_depth.clamp(low, high) - low) / (high - low)


def input_grid(aspect: float, input_size: int) -> tuple[int, int]:
    """(height, width) that a style works at: the longer side is `input_size`, both are multiples of 8.

    Args:
        aspect: width over height in square pixels; beyond 4:1 the picture is squeezed.
        input_size: the card's.
    """
    ratio = min(max(aspect, 1.0 / aspect), MAX_ASPECT)
    short = max(STRIDE, STRIDE * round(input_size / ratio / STRIDE))
    return (short, input_size) if aspect >= 1.0 else (input_size, short)


def load_style(path: Path, device: torch.device = CPU) -> LearnedStyle:
    """A style from its file, its network on a device, channels last, which takes half the time on a processor.

    Raises:
        StyleError: as `style_file.load_style_file`.
    """
    card, net = load_style_file(path)
    return LearnedStyle(card, net.to(memory_format=torch.channels_last).to(device))


def style_folders() -> list[Path]:
    """Where styles are looked for, first wins: `$ART3D_STYLES`, the user's configuration folder, the box."""
    named = [Path(part) for part in os.environ.get("ART3D_STYLES", "").split(os.pathsep) if part]
    return [*named, Path(user_config_dir("art3d")) / "styles", BUNDLED]


def find_style(name: str) -> Path:
    """The file NAME.style of the first folder that has one.

    Raises:
        StyleError: there is none, or the name is a path.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise StyleError(f"{name!r} is not a style name", where="--style", remedy=_SEE)
    for folder in style_folders():
        if (folder / f"{name}{SUFFIX}").is_file():
            return folder / f"{name}{SUFFIX}"
    names = ", ".join(card.name for card in list_styles())
    raise StyleError(f"there is no style {name!r}; there are {names}", where="--style", remedy=_SEE)


def style_named(name: str, device: torch.device = CPU) -> Staging:
    """`neutral`, or the style of that name, on a device.

    Raises:
        StyleError: there is none, or its file is damaged.
    """
    return Neutral() if name == "neutral" else load_style(find_style(name), device)


def list_styles() -> list[StyleCard]:
    """The cards of all styles that can be chosen, `neutral` first."""
    return look_at_styles()[0]


def look_at_styles() -> tuple[list[StyleCard], list[str]]:
    """The cards of all styles that can be chosen, and a line for each file that cannot be.

    A card's `name` here is the name to choose it by: its file's.
    """
    found, faults = {"neutral": NEUTRAL_CARD}, []
    for path in _style_files():
        if path.stem in found:
            continue
        try:
            if not is_style_name(path.stem):
                raise StyleError("the file name is not a style name", where=str(path), remedy="rename it")
            found[path.stem] = replace(read_card(path), name=path.stem)
        except StyleError as error:
            faults.append(str(error))
    return list(found.values()), faults


def _style_files() -> Iterator[Path]:
    for folder in style_folders():
        try:
            yield from sorted(folder.glob(f"*{SUFFIX}"))[:MOST_STYLES]
        except OSError as error:
            _log.warning("%s: no styles can be looked for: %s", folder, error.strerror)
