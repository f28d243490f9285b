"""Fitting: errors, resuming after a kill, groups, recipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from art3d_node.models.camera_net import CameraNet
from host_bridge.core.errors import PlateError
from training import early_stop
from training import fit as fitting
from training.checkpoint import CHECKPOINT, FitError
from training.config import RECIPES, FitConfig
from training.fit import Observers, Progress, fit, groups
from training.plate_preview import PlatePreview, plate_preview
from training.shards import Entry

TINY = FitConfig(size_px=64, epochs=4, batch=4, learning_rate=3e-3, width=4, warmup_steps=2, save_every=2, held_out=0.2)


def _weights(net: CameraNet) -> bytes:
    return b"".join(value.numpy().tobytes() for value in net.state_dict().values())


@pytest.fixture(scope="module")
def undisturbed(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[float]]:
    """Weights and total losses of a run from start to end."""
    seen: list[float] = []
    net = fit(
        entries, TINY, tmp_path_factory.mktemp("run"), observers=Observers(lambda p: seen.append(p.losses["total"]))
    )
    return _weights(net), seen


def test_recipes_are_configurations() -> None:
    assert {name: FitConfig(**fields).epochs for name, fields in RECIPES.items()}["paper"] == 50  # type: ignore[arg-type]
    paper = FitConfig()
    assert (paper.size_px, paper.batch, paper.art, paper.local) == (512, 32, True, True)


def test_a_loss_that_is_no_number(entries: list[Entry], tmp_path: Path) -> None:
    broken = CameraNet(4)
    torch.nn.init.constant_(broken.out.bias, float("nan"))  # type: ignore[arg-type]
    with pytest.raises(FitError, match=r"not finite at step 0 \(.*data.*rehearsal"):
        fit(entries, TINY, tmp_path, start=broken)


def test_a_checkpoint_of_other_settings(entries: list[Entry], tmp_path: Path) -> None:
    one = replace(TINY, epochs=1)
    fit(entries, one, tmp_path)
    with pytest.raises(FitError, match="other shards or settings"):
        fit(entries, replace(one, seed=2), tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(FitError, match="damaged"):
        fit(entries, one, tmp_path)


def test_it_learns(entries: list[Entry], tmp_path: Path) -> None:
    config = replace(TINY, epochs=40, learning_rate=1e-2, width=8, flip=0.0, photometric=0.0)
    seen: list[float] = []
    fit(entries, config, tmp_path, observers=Observers(lambda p: seen.append(p.losses["data"])))
    assert sum(seen[-9:]) < 0.7 * sum(seen[:9])


def test_stopped_and_resumed_is_undisturbed(
    entries: list[Entry], undisturbed: tuple[bytes, list[float]], tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    seen: list[float] = []

    def stop(now: Progress) -> None:
        if now.step == 6:
            raise Enough
        seen.append(now.losses["total"])

    with pytest.raises(Enough):
        fit(entries, TINY, tmp_path, observers=Observers(stop))
    del seen[4:]  # step 5 and 6 came after the last checkpoint
    net = fit(entries, TINY, tmp_path, observers=Observers(lambda p: seen.append(p.losses["total"])))
    assert seen == undisturbed[1]
    assert _weights(net) == undisturbed[0]


_RUN = """
import sys, torch
from pathlib import Path
from tests.training.test_fit import TINY
from training.fit import Observers, fit
from training.shards import index
torch.set_num_threads(2)
fit(index(Path(sys.argv[1])), TINY, Path(sys.argv[2]), observers=Observers(lambda p: print(p.step, flush=True)))
"""


def test_killed_and_run_again_gives_the_same_weights(
    entries: list[Entry], shards: Path, undisturbed: tuple[bytes, list[float]], root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _RUN, str(shards), str(tmp_path)]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 5:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert state["step"] in (4, 6)
    assert _weights(fit(entries, TINY, tmp_path)) == undisturbed[0]


def test_fine_tuning_starts_from_a_style(entries: list[Entry], tmp_path: Path) -> None:
    start = CameraNet(4)
    with torch.no_grad():
        start.out.bias[0] = 3.0  # type: ignore[index]
    net = fit(entries, replace(TINY, epochs=1, learning_rate=1e-6), tmp_path, start=start)
    assert abs(float(net.out.bias[0].detach()) - 3.0) < 1e-3  # type: ignore[index]


def test_a_film_without_pop_outs_is_said(
    entries: list[Entry], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = [replace(e, row={**e.row, "figures": {**e.row["figures"], "local_share": 0.0}}) for e in entries]
    fit(plain, replace(TINY, epochs=1), tmp_path)
    assert "no pop-outs" in caplog.text


def test_it_stops_early_with_the_best_weights(
    entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of six epochs is the best; two worse ones end it, and the same command changes nothing."""
    distances = iter([3.0, 1.0, 2.0, 2.5])
    seen: list[bytes] = []

    def measured(net: CameraNet, *_: object, **__: object) -> list[float]:
        seen.append(_weights(net))
        return [next(distances)]

    monkeypatch.setattr(early_stop, "measure", measured)
    monkeypatch.setattr(early_stop, "summary", lambda rows: {"s_wasserstein_px": rows[0], "t_wasserstein_px": 0.0})
    config = replace(TINY, epochs=6, patience=2)
    net = fit(entries, config, tmp_path)
    assert len(seen) == 4 and _weights(net) == seen[1] != seen[3]
    assert _weights(fit(entries, config, tmp_path)) == seen[1] and len(seen) == 4


def test_a_plate_is_staged_while_it_trains(entries: list[Entry], tmp_path: Path) -> None:
    rows = np.random.default_rng(0)
    look = rows.integers(0, 255, (48, 80, 3)).astype(np.uint8)
    depth = np.tile(np.linspace(1, 0, 48, dtype=np.float32)[:, None], (1, 80))
    plate = PlatePreview(look, depth, 3)
    fit(entries, replace(TINY, epochs=2), tmp_path, observers=Observers(preview=plate))
    shown = sorted(f.name for f in (tmp_path / "preview").iterdir())
    assert shown[0] == "000003.jpg" and len(shown) >= 2
    image = plate.staged(CameraNet(4), 64)
    assert image.shape == (96, 160, 3) and np.array_equal(image[:48, :80], look)
    # neutral: near is in front, orange; far behind, blue; the right view is the plate, moved.
    assert image[1, 100, 0] > image[1, 100, 2] and image[46, 100, 2] > image[46, 100, 0]
    assert not np.array_equal(image[48:, 80:], look)
    assert np.array_equal(image[48:, :80, 0], look[..., 0]) and np.array_equal(image[48:, :80, 1], image[48:, 80:, 1])
    cv2.imwrite(str(tmp_path / "plate.png"), look)
    found = plate_preview(tmp_path / "plate.png", "sidecar", 5)
    assert found.look.shape == (48, 80, 3) and found.inverse_depth.shape == (48, 80)
    with pytest.raises(PlateError):
        plate_preview(tmp_path / "none.####.exr", "mini", 5)


def test_groups_are_styles(entries: list[Entry]) -> None:
    mixed = [replace(e, row={**e.row, "style": "ab"[i % 2]}) for i, e in enumerate(entries)]
    assert [(name, len(mine)) for name, mine in groups(mixed)] == [
        ("a", (len(entries) + 1) // 2),
        ("b", len(entries) // 2),
    ]


def test_two_processes_share_each_batch(entries: list[Entry]) -> None:
    class Rank:
        world_size = 2

        def __init__(self, rank: int) -> None:
            self.global_rank = rank

    plan = [[(0, 1), (0, 2), (0, 3)], [(0, 4)]]
    shares = [fitting._shares(plan, Rank(rank)) for rank in (0, 1)]  # type: ignore[arg-type]
    assert shares == [[[(0, 1), (0, 2)], [(0, 4)]], [[(0, 3), (0, 1)], [(0, 4)]]]
