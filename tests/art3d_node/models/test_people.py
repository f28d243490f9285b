"""People found, cut out and held together; the man of a film shot and his machine stand before what is behind them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from art3d_node.library import Library
from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.models.held_people import PeopleHeld, hold
from art3d_node.models.people import PeopleNetwork
from art3d_node.stereo.upsample import guided_upsample
from host_bridge.core.errors import DepthSourceError

MATTE = Path(__file__).with_name("tos_shot_a_matte.txt")
_FIRST = 410


@lru_cache(maxsize=1)
def network() -> PeopleNetwork:
    return PeopleNetwork()


def _frames(plates: Path, every: int) -> list[tuple[int, np.ndarray]]:
    folder = plates / "film_frames" / "tos_shot_a"
    if not folder.exists():
        pytest.skip(f"{folder} is absent")
    files = sorted(folder.glob("tos.*.png"))[::every]
    return [(int(f.stem.split(".")[1]), np.asarray(cv2.imread(str(f), cv2.IMREAD_COLOR_RGB))) for f in files]


def _parts(frame: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """The hand-drawn matte's parts (h, w) bool at one frame."""
    drawn: dict[str, np.ndarray] = {}
    moves: dict[str, list[tuple[int, np.ndarray]]] = {}
    for line in MATTE.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, marks = line.split(" : ")
        points = np.array([[float(c) for c in mark.split(",")] for mark in marks.split()])
        part, _, at = name.partition(" @ ")
        if at:
            moves.setdefault(part, [(_FIRST, np.zeros(2))]).append((int(at), points[0]))
        else:
            drawn[part] = points
    masks = {}
    for part, points in drawn.items():
        frames, places = zip(*moves[part], strict=True)
        moved = points + [np.interp(frame, frames, [p[axis] for p in places]) for axis in (0, 1)]
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [(moved / 100 * [size[1], size[0]]).astype(np.int32)], 1)
        masks[part] = mask > 0
    return masks


def test_the_man_is_cut_out_hair_and_all(plates: Path) -> None:
    for frame, rgb in _frames(plates, 12):
        people = network().people(rgb)
        assert len(people) == 1
        parts = _parts(frame, rgb.shape[:2])
        for part in ("hair", "face", "body"):
            assert people[0].mask[parts[part]].mean() > 0.9, f"{part} in frame {frame}"
        for part in ("behind", "right"):
            assert people[0].mask[parts[part]].mean() < 0.1, f"{part} in frame {frame}"


def test_nobody_is_found_where_nobody_is() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 426, 3), dtype=np.uint8)
    assert network().people(noise) == []
    assert not network().mask(noise).any()


def test_a_person_moves_with_the_frame_and_is_found_on_any_grid(plates: Path) -> None:
    """Mirrored, enlarged or in a corner of a wide frame, it is the same person's mask."""
    _, rgb = _frames(plates, 24)[0]
    mask = network().mask(rgb)
    mirrored = network().mask(np.ascontiguousarray(rgb[:, ::-1]))[:, ::-1]
    large = network().mask(cv2.resize(rgb, None, fx=2.5, fy=2.5))
    for other in (mirrored, cv2.resize(large, mask.shape[::-1], interpolation=cv2.INTER_AREA)):
        overlap = np.minimum(mask, other).sum() / np.maximum(mask, other).sum()
        assert overlap > 0.85


def test_a_lost_head_is_lifted_and_nothing_else_moves() -> None:
    iz = torch.full((60, 80), 0.1)
    iz[20:, 30:50] = 0.8
    iz[50:] = 1.0
    mask = torch.zeros(60, 80)
    mask[8:50, 30:50] = 1.0
    held = hold(iz, mask)
    assert float(held[8:20, 30:50].min()) > 0.7, "the head, which lay on the wall"
    assert torch.equal(held[mask == 0], iz[mask == 0])
    assert torch.allclose(held[20:50, 30:50], iz[20:50, 30:50])
    assert torch.allclose(hold(3 * iz - 5, mask), 3 * held - 5, atol=1e-4), "at any scale and shift"


def test_no_person_no_change() -> None:
    iz = torch.rand(32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(hold(iz, torch.zeros(32, 32)), iz)
    assert torch.equal(hold(torch.ones(32, 32), torch.ones(32, 32)), torch.ones(32, 32))


class _Wall:
    name, needs_look, licence_note = "wall", True, ""

    def estimate(self, frame: SourceInput) -> Estimate:
        ramp = torch.linspace(0, 1, 96)[:, None].expand(96, 224).contiguous()
        return Estimate(ramp, "wall:1")


def test_a_source_says_that_it_holds_people(plates: Path) -> None:
    frame, rgb = _frames(plates, 24)[0]
    found = PeopleHeld(_Wall(), network()).estimate(SourceInput(torch.from_numpy(rgb), 2.41))
    assert found.model_id == "wall:1+people:mediapipe-pose-full"
    hair = cv2.resize(_parts(frame, rgb.shape[:2])["hair"].astype(np.uint8), (224, 96)) > 0
    assert float(found.inverse_depth[torch.from_numpy(hair)].quantile(0.1)) > 0.4, (
        "the wall alone has 0.3 at most there"
    )


def test_the_library_knows_it_by_name() -> None:
    library = Library()
    assert library.depth("mini+people").name == "mini+people"
    with pytest.raises(DepthSourceError, match="in one piece already"):
        library.depth("aov+people")


@pytest.mark.parametrize("source", ["mini", "mini+people"])
def test_the_man_and_his_machine_stand_before_the_background(plates: Path, source: str) -> None:
    """Hair, face, body, and the machine in his hand, which has holes and wires, in every fourth frame."""
    depth = Library().depth(source)
    for frame, rgb in _frames(plates, 4):
        look = torch.from_numpy(rgb)
        low = depth.estimate(SourceInput(look, rgb.shape[1] / rgb.shape[0])).inverse_depth
        iz = guided_upsample(low, look.float() / 255).numpy()
        parts = _parts(frame, rgb.shape[:2])
        behind = max(float(np.median(iz[parts[p]])) for p in ("behind", "right"))
        for part, least in (("hair", 0.97), ("face", 0.97), ("body", 0.97), ("machine", 0.8), ("drum", 0.97)):
            ahead = float((iz[parts[part]] > behind).mean())
            assert ahead > least, f"{part} in frame {frame}: {100 * ahead:.0f} % before the background"
