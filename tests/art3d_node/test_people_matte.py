"""Local Sculpt on the people of a frame: `--matte people`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.estimate import source_name
from art3d_node.library import Library
from art3d_node.plate import PlateTensors
from art3d_node.renderer import render
from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

_WIDE = Controls(budget_front=20.0, budget_behind=20.0, edges="hard")
_OUT = ("disparity_left",)


def _frame(plates: Path) -> Frame:
    """A film frame; the style popout sculpts all over it."""
    path = plates / "film_frames" / "tos_shot_a" / "tos.0420.png"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    look = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))
    h, w = look.shape[:2]
    layers = {"color": (look / 255).astype(np.float32), "look": look}
    return Frame(Box.of_size(w, h), Box.of_size(w, h), layers, ("R", "G", "B"))


def _disparity(frame: Frame, controls: Controls, box: Box | None = None) -> torch.Tensor:
    found = analyse(frame, AnalysisSettings(depth="mini", style="popout"), Library())
    return render(frame, found, controls, box or frame.data, _OUT).planes["disparity_left"][..., 0]


def test_sculpt_acts_on_people_alone(plates: Path) -> None:
    frame = _frame(plates)
    rest, people = _disparity(frame, _WIDE), _disparity(frame, replace(_WIDE, sculpt=3.0, matte="people"))
    everywhere = _disparity(frame, replace(_WIDE, sculpt=3.0))
    mask = PlateTensors(frame).people
    assert torch.allclose(people[mask == 0], rest[mask == 0], atol=1e-4)
    whole = mask > 0.999
    assert int(whole.sum()) > 10_000
    assert torch.allclose(people[whole], everywhere[whole], atol=0.05)
    assert float((people - rest)[whole].abs().mean()) > 0.2


def test_a_tile_on_people_is_a_crop(plates: Path) -> None:
    frame, controls = _frame(plates), replace(_WIDE, sculpt=2.0, matte="people")
    box = Box(250, 60, 410, 190)
    whole = _disparity(frame, controls)
    assert torch.equal(_disparity(frame, controls, box), whole[60:190, 250:410])


def test_without_people_nothing_is_sculpted(plates: Path) -> None:
    frame = _frame(plates)
    empty = np.full((64, 160, 3), 90, np.uint8)
    nobody = Frame(frame.display, frame.data, {**frame.layers, "look": empty}, frame.channels)
    assert not PlateTensors(nobody).people.any()
    moved = _disparity(nobody, replace(_WIDE, sculpt=3.0, matte="people")) - _disparity(nobody, _WIDE)
    assert float(moved.abs().max()) < 1e-4


def test_an_unknown_matte_is_refused() -> None:
    with pytest.raises(BadInputError, match="Sculpt Where"):
        Controls(matte="dogs").checked()


def test_auto_with_people_is_resolved_once(plates: Path) -> None:
    library, flat = Library(), _frame(plates)
    layers = {**flat.layers, "depth": np.random.default_rng(0).uniform(1, 9, (*flat.layers["color"].shape[:2], 1))}
    deep = Frame(
        flat.display,
        flat.data,
        {k: np.float32(v) if k == "depth" else v for k, v in layers.items()},  # type: ignore[misc]
        flat.channels,
    )
    people = AnalysisSettings(depth="auto+people")
    assert source_name(deep, people, library) == "aov"
    assert source_name(flat, people, library).endswith("+people")
    assert source_name(flat, AnalysisSettings(depth="mini"), library) == "mini"
