"""Pairs → a style. One process or many; a run that dies goes on from its last checkpoint to the same weights."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor

from art3d_node.models.camera_net import CameraNet, network_input
from host_bridge.core.errors import BadInputError
from training import losses
from training.config import FitConfig
from training.dataset import Batch, Pairs, Turn, batches, grid_of, plan_epoch, split_by_shot
from training.memory import keep_freed_memory
from training.shards import Entry

log = logging.getLogger(__name__)
Report = Callable[["Progress"], None]
CHECKPOINT = "last.ckpt"


class FitError(BadInputError):
    """Training that cannot go on, and why."""

    code = "bad_fit"


@dataclass(frozen=True)
class Progress:
    """How far a run is: step of steps, and the newest losses by name, in their own units."""

    step: int
    steps: int
    losses: dict[str, float]


@dataclass(frozen=True)
class Losses:
    """One step's terms (scalars) and their weighted sum."""

    total: Tensor
    terms: dict[str, Tensor]


@dataclass
class Run:
    """A training run's state."""

    net: torch.nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    history: list[list[float]] = field(default_factory=list)


class Blueprint(torch.nn.Module):
    """CameraNet as Fabric wants it: one tensor out, since its hooks cannot reach into a frozen dataclass."""

    def __init__(self, net: CameraNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, rgb: Tensor, inverse_depth: Tensor) -> Tensor:
        """(N, 3, h, w): vs, vt, d̂_R, fractions of width."""
        # Channels last from the start: where two formats meet, torch falls back to the slower one and copies.
        return self.net.maps(network_input(rgb, inverse_depth).contiguous(memory_format=torch.channels_last))


def objective(maps: Tensor, batch: Batch, config: FitConfig) -> Losses:
    """The weighted objective of one batch; all disparities in % of width.

    Args:
        maps: (N, 3, h, w) vs, vt, d̂_R, fractions of width.
        batch: what the film says.
        config: recipe and weights.
    """
    scale, shift, right = (100.0 * maps.float()).contiguous().unbind(1)
    prediction = scale * batch.iz + shift
    if config.art:
        data = losses.art_loss(
            batch.target,
            prediction,
            batch.global_mask,
            batch.local,
            local=config.local,
            balance=config.local_balance,
            local_ridge=config.local_ridge,
        )
    else:
        data = losses.regression_loss(batch.target, prediction, batch.valid)
    terms = {
        "data": data,
        "smoothness": losses.smoothness_loss(torch.stack([scale, shift], 1), batch.rgb),
        "consistency": losses.consistency_loss(prediction, right),
    }
    total = terms["data"] + config.smoothness * terms["smoothness"] + config.consistency * terms["consistency"]
    return Losses(total, terms)


def learning_rate(config: FitConfig, step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to nil."""
    warm = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    return config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / max(steps, 1)))


def begin(net: CameraNet, config: FitConfig) -> Run:
    """A run at step 0. Weights lie channels last, which halves a step's time on a CPU."""
    keep_freed_memory()
    net.train().to(memory_format=torch.channels_last)
    return Run(net, torch.optim.Adam(net.parameters(), lr=config.learning_rate, fused=True))


def fit(
    entries: Sequence[Entry],
    config: FitConfig,
    folder: Path,
    *,
    fabric: Fabric | None = None,
    start: CameraNet | None = None,
    workers: int = 0,
    report: Report | None = None,
) -> CameraNet:
    """Train a CameraNet on curated pairs; goes on where an earlier run of the same settings stopped.

    Args:
        entries: samples of one style.
        config: recipe.
        folder: keeps the checkpoint and the curves (TensorBoard).
        fabric: devices and precision; None takes one CPU.
        start: weights to start from, for fine-tuning; None starts from the neutral style.
        workers: processes that read shards; 0 reads in this one.
        report: called after each step.

    Raises:
        FitError: a loss that is not finite, or a checkpoint of other settings.
        ShardError: samples that cannot be used.
    """
    fabric = fabric or Fabric(accelerator="cpu", devices=1, precision=config.precision)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    train, held = split_by_shot(entries, config.held_out)
    torch.manual_seed(config.seed)
    net = start if start is not None else CameraNet(config.width)
    identity = run_identity(train, config, start)
    steps_an_epoch = len(_plan(train, config, 0))
    steps = steps_an_epoch * config.epochs
    run = begin(net, config)
    _resume(run, folder / CHECKPOINT, identity)
    module, prepared = fabric.setup(Blueprint(net), run.optimiser)
    run.net, run.optimiser = module, prepared
    pairs = Pairs(train, config, augment=True)
    _warn_without_local(train, config)
    with _Curves(folder, enabled=fabric.is_global_zero, start=run.step) as curves:
        while run.step < steps:
            epoch, done = divmod(run.step, steps_an_epoch)
            for batch in batches(pairs, _shares(_plan(train, config, epoch)[done:], fabric), workers=workers):
                terms = _step(run, fabric, batch.to(fabric.device), config, steps)
                run.step += 1
                run.history.append([terms[name] for name in sorted(terms)])
                curves.write(run.step, terms)
                if report:
                    report(Progress(run.step, steps, terms))
                if run.step % config.save_every == 0 or run.step == steps:
                    _save(run, net, folder / CHECKPOINT, identity, fabric)
            if held:
                curves.write(run.step, held_out_losses(module, held, config, fabric.device))
    return net.to("cpu").to(memory_format=torch.contiguous_format).eval()


def _plan(train: Sequence[Entry], config: FitConfig, epoch: int) -> list[list[Turn]]:
    grids = [grid_of(entry, config.size_px) for entry in train]
    return plan_epoch(grids, config.batch, seed=config.seed, epoch=epoch)


def _shares(plan: list[list[Turn]], fabric: Fabric) -> list[list[Turn]]:
    """This process's part of each batch; short batches repeat samples so that every process has as many."""
    if fabric.world_size == 1:
        return plan
    shares = []
    for batch in plan:
        each = -(-len(batch) // fabric.world_size)
        whole = [batch[i % len(batch)] for i in range(each * fabric.world_size)]
        shares.append(whole[fabric.global_rank * each : (fabric.global_rank + 1) * each])
    return shares


def _step(run: Run, fabric: Fabric, batch: Batch, config: FitConfig, steps: int) -> dict[str, float]:
    rate = learning_rate(config, run.step, steps)
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    run.optimiser.zero_grad()
    found = objective(run.net(batch.rgb, batch.iz[:, None]), batch, config)
    value = float(found.total.detach())
    if not math.isfinite(value):
        bad = [name for name, term in found.terms.items() if not bool(torch.isfinite(term))]
        raise FitError(
            f"the loss is not finite at step {run.step} ({', '.join(bad)}) on {', '.join(batch.keys)}",
            remedy="look at these samples, or lower --learning-rate",
        )
    fabric.backward(found.total)
    fabric.clip_gradients(run.net, run.optimiser, max_norm=config.clip)
    run.optimiser.step()
    return {"total": value, **{name: float(term.detach()) for name, term in found.terms.items()}}


@torch.no_grad()
def held_out_losses(
    net: torch.nn.Module, held: Sequence[Entry], config: FitConfig, device: torch.device
) -> dict[str, float]:
    """Mean objective over the held-out shots, by term."""
    pairs = Pairs(held, config, augment=False)
    plan = _plan(held, config, 0)
    sums: dict[str, float] = {}
    for batch in batches(pairs, plan):
        batch = batch.to(device)
        found = objective(net(batch.rgb, batch.iz[:, None]), batch, config)
        for name, term in found.terms.items():
            sums[f"held_out/{name}"] = sums.get(f"held_out/{name}", 0.0) + float(term) * len(batch.keys) / len(held)
    return sums


def run_identity(train: Sequence[Entry], config: FitConfig, start: CameraNet | None) -> str:
    """Hash of all that decides the weights: settings, samples, starting weights."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    digest.update(json.dumps([entry.row for entry in train], sort_keys=True).encode())
    if start is not None:
        for name, value in start.state_dict().items():
            digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _save(run: Run, net: CameraNet, path: Path, identity: str, fabric: Fabric) -> None:
    if fabric.is_global_zero:
        state = {
            "identity": identity,
            "net": net.state_dict(),
            "optimiser": run.optimiser.state_dict(),
            "step": run.step,
            "history": run.history,
        }
        partial = path.with_name(path.name + ".partial")
        torch.save(state, partial)
        os.replace(partial, path)
    fabric.barrier()


def _resume(run: Run, path: Path, identity: str) -> None:
    if not path.exists():
        return
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, UnpicklingError) as error:
        raise FitError("its checkpoint is damaged", remedy="delete it", where=str(path)) from error
    if state.get("identity") != identity:
        raise FitError(
            "holds a run of other shards or settings",
            remedy="choose another output or delete it",
            where=str(path.parent),
        )
    run.net.load_state_dict(state["net"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.history = state["step"], state["history"]
    log.info("going on from step %d", run.step)


def _warn_without_local(train: Sequence[Entry], config: FitConfig) -> None:
    if config.art and config.local and not any(entry.row["figures"].get("local_share", 0) > 0 for entry in train):
        log.warning("no sample has a local mask: this style will learn no pop-outs")


class _Curves:
    """TensorBoard curves of a run."""

    def __init__(self, folder: Path, *, enabled: bool, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=start) if enabled else None

    def __enter__(self) -> _Curves:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer:
            self._writer.close()

    def write(self, step: int, values: dict[str, float]) -> None:
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)


def groups(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Samples by the style they belong to."""
    for style in sorted({entry.row["style"] for entry in entries}):
        yield style, [entry for entry in entries if entry.row["style"] == style]
