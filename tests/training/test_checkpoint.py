"""A run's checkpoint: damage, other code and other judges are refused, and no moment of death changes the weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from art3d_node.models.camera_net import CameraNet
from training import checkpoint, early_stop
from training import fit as fitting
from training.checkpoint import CHECKPOINT, FitError, run_identity
from training.config import FitConfig
from training.dataset import split_by_shot
from training.fit import fit
from training.objective import objective
from training.provenance import code
from training.shards import Entry

ONE = FitConfig(size_px=64, epochs=1, batch=4, width=4, warmup_steps=2, save_every=2, held_out=0.2)


def _weights(net: CameraNet) -> bytes:
    return b"".join(value.numpy().tobytes() for value in net.state_dict().values())


@pytest.fixture(scope="module")
def kept(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint of a run that went through."""
    folder = tmp_path_factory.mktemp("run")
    fit(entries, ONE, folder)
    return (folder / CHECKPOINT).read_bytes()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_byte_that_differs_is_damage(share: float, kept: bytes, entries: list[Entry], tmp_path: Path) -> None:
    """torch.load takes it for another weight."""
    data = bytearray(kept)
    data[int(share * len(data))] ^= 0x40
    (tmp_path / CHECKPOINT).write_bytes(data)
    with pytest.raises(FitError, match=r"last.ckpt: its checkpoint is damaged; delete it, and the run begins anew"):
        fit(entries, ONE, tmp_path)


@pytest.mark.parametrize("content", [[1, 2], {"identity": "x"}, torch.zeros(2)], ids=["list", "other", "tensor"])
def test_what_is_no_checkpoint(content: Any, entries: list[Entry], tmp_path: Path) -> None:
    torch.save(content, tmp_path / CHECKPOINT)
    with pytest.raises(FitError, match="damaged"):
        fit(entries, ONE, tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
def test_what_is_no_file(make: Callable[[Path], None], entries: list[Entry], tmp_path: Path) -> None:
    """A pipe would be waited for without end."""
    make(tmp_path / CHECKPOINT)
    with pytest.raises(FitError, match=r"cannot be read \(not a regular file\)"):
        fit(entries, ONE, tmp_path)


def test_a_run_that_other_code_began(
    kept: bytes, entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights would be neither version's."""
    (tmp_path / CHECKPOINT).write_bytes(kept)
    now = code()
    monkeypatch.setattr(checkpoint, "code", lambda: {**now, "python": "3.99", "source": "0123"})
    with pytest.raises(FitError, match=rf"other code began \(source {now['source']}, here 0123\); end it with that"):
        fit(entries, ONE, tmp_path)


def test_an_epoch_that_died_before_it_was_judged_is_judged_again(
    entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second epoch is the best; its judge dies, and the same command has to find it the best again."""
    order: list[bytes] = []

    def measured(net: CameraNet, *_: object, **__: object) -> list[bytes]:
        return [_weights(net)]

    def summary(rows: list[bytes]) -> dict[str, float]:
        if rows[0] not in order:
            order.append(rows[0])
            if dies and len(order) == 2:
                raise KeyboardInterrupt
        return {"s_wasserstein_px": [3.0, 1.0, 2.0][order.index(rows[0])], "t_wasserstein_px": 0.0}

    monkeypatch.setattr(early_stop, "measure", measured)
    monkeypatch.setattr(early_stop, "summary", summary)
    steps = len(fitting._plan(split_by_shot(entries, ONE.held_out)[0], ONE, 0))
    config = replace(ONE, epochs=3, patience=3, save_every=steps)
    dies = False
    undisturbed = fit(entries, config, tmp_path / "a")
    assert _weights(undisturbed) == order[1]
    order.clear()
    dies = True
    with pytest.raises(KeyboardInterrupt):
        fit(entries, config, tmp_path / "b")
    assert _weights(fit(entries, config, tmp_path / "b")) == _weights(undisturbed)


def test_who_judges_and_what_was_packed_is_part_of_a_run(entries: list[Entry]) -> None:
    train, held = entries[1:], entries[:1]
    first = run_identity(train, held, ONE, None)
    assert run_identity(train, (), ONE, None) != first
    assert run_identity([*train, *held], (), ONE, None) != first
    sizes = {name: (offset, size + 1) for name, (offset, size) in train[0].parts.items()}
    assert run_identity([replace(train[0], parts=sizes), *train[1:]], held, ONE, None) != first
    moved = {name: (offset + 512, size) for name, (offset, size) in train[0].parts.items()}
    assert run_identity([replace(train[0], parts=moved), *train[1:]], held, ONE, None) == first


def test_a_gradient_that_is_no_number(entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss itself is finite."""
    right = objective

    def steep(maps: torch.Tensor, *rest: Any) -> Any:
        found = right(maps, *rest)
        return replace(found, total=found.total + torch.sqrt(maps.sum() * 0))

    monkeypatch.setattr(fitting, "objective", steep)
    with pytest.raises(FitError, match=r"a gradient is not finite at step 0 on rehearsal.*lower --learning-rate"):
        fit(entries, ONE, tmp_path)
