"""Pairs → a style. One process or many; a run that dies goes on from its last checkpoint to the same weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor

from art3d_node.models.camera_net import CameraNet, network_input
from training.checkpoint import CHECKPOINT, FitError, Run, resume_run, run_identity, save_run
from training.config import FitConfig
from training.curves import Curves
from training.dataset import Batch, Pairs, Turn, batches, grid_of, plan_epoch, split_by_shot
from training.early_stop import is_over, judged, take_best
from training.memory import keep_freed_memory
from training.mlflow_run import MLflowRun
from training.objective import objective
from training.plate_preview import PlatePreview, write_preview
from training.shards import Entry

log = logging.getLogger(__name__)
_LOWER = "look at these samples, or lower --learning-rate"
Report = Callable[["Progress"], None]


@dataclass(frozen=True)
class Observers:
    """Who watches a run.

    Attributes:
        report: called after each step.
        preview: a plate that is staged now and then.
        mlflow: the run on a tracking server, which has the curves as well.
    """

    report: Report | None = None
    preview: PlatePreview | None = None
    mlflow: MLflowRun | None = None


NOBODY = Observers()


@dataclass(frozen=True)
class Progress:
    """How far a run is: step of steps, and the newest losses by name, in their own units."""

    step: int
    steps: int
    losses: dict[str, float]


class Blueprint(torch.nn.Module):
    """CameraNet as Fabric wants it: one tensor out, since its hooks cannot reach into a frozen dataclass."""

    def __init__(self, net: CameraNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, rgb: Tensor, inverse_depth: Tensor) -> Tensor:
        """(N, 3, h, w): vs, vt, d̂_R, fractions of width."""
        # Channels last from the start: where two formats meet, torch falls back to the slower one and copies.
        return self.net.maps(network_input(rgb, inverse_depth).contiguous(memory_format=torch.channels_last))


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
    observers: Observers = NOBODY,
) -> CameraNet:
    """Train a CameraNet on curated pairs; goes on where an earlier run of the same settings stopped.

    Args:
        entries: samples of one style.
        config: recipe.
        folder: keeps the checkpoint and the curves (TensorBoard).
        fabric: devices and precision; None takes one CPU.
        start: weights to start from, for fine-tuning; None starts from the neutral style.
        workers: processes that read shards; 0 reads in this one.
        observers: who watches.

    Raises:
        FitError: a loss that is not finite, or a checkpoint of other settings.
        ShardError: samples that cannot be used.
    """
    fabric = fabric or Fabric(accelerator="cpu", devices=1, precision=config.precision)
    folder.mkdir(parents=True, exist_ok=True)
    train, held = split_by_shot(entries, config.held_out)
    torch.manual_seed(config.seed)
    net = start if start is not None else CameraNet(config.width)
    identity = run_identity(train, held if config.patience else (), config, start)
    steps_an_epoch = len(_plan(train, config, 0))
    steps = steps_an_epoch * config.epochs
    run = begin(net, config)
    resume_run(run, folder / CHECKPOINT, identity)
    module, prepared = fabric.setup(Blueprint(net), run.optimiser)
    run.net, run.optimiser = module, prepared
    pairs = Pairs(train, config, augment=True)
    _warn_without_local(train, config)
    with Curves(folder, enabled=fabric.is_global_zero, start=run.step, mlflow=observers.mlflow) as curves:
        while run.step < steps and not is_over(run, config, steps_an_epoch):
            epoch, done = divmod(run.step, steps_an_epoch)
            for batch in batches(pairs, _shares(_plan(train, config, epoch)[done:], fabric), workers=workers):
                terms = _step(run, fabric, batch.to(fabric.device), config, steps)
                run.step += 1
                run.history.append([terms[name] for name in sorted(terms)])
                curves.write(run.step, terms)
                if observers.report:
                    observers.report(Progress(run.step, steps, terms))
                preview = observers.preview
                if preview and preview.due(run.step, steps) and fabric.is_global_zero:
                    _show(preview, run.step, net, config, folder, curves)
                # An epoch's last step is kept once the epoch is judged: who dies in between judges it again.
                if run.step % config.save_every == 0 and run.step % steps_an_epoch:
                    save_run(run, net, folder / CHECKPOINT, identity, fabric)
            if held:
                curves.write(run.step, held_out_losses(module, held, config, fabric.device))
            if held and config.patience:
                curves.write(run.step, judged(run, net, held, config))
            if (held and config.patience) or run.step % config.save_every == 0 or run.step == steps:
                save_run(run, net, folder / CHECKPOINT, identity, fabric)
    if run.step < steps:
        log.warning("stopped at step %d of %d: held-out distances were least at %d", run.step, steps, run.best_step)
    take_best(run, net)
    return net.to("cpu").to(memory_format=torch.contiguous_format).eval()


def _show(preview: PlatePreview, step: int, net: CameraNet, config: FitConfig, folder: Path, curves: Curves) -> None:
    image = preview.staged(net, config.size_px)
    write_preview(folder, step, image)
    curves.picture(step, "preview", image)


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
        padded = [batch[i % len(batch)] for i in range(each * fabric.world_size)]
        shares.append(padded[fabric.global_rank * each : (fabric.global_rank + 1) * each])
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
            remedy=_LOWER,
        )
    fabric.backward(found.total)
    norm = fabric.clip_gradients(run.net, run.optimiser, max_norm=config.clip, error_if_nonfinite=False)
    if norm is not None and not math.isfinite(float(norm)):
        raise FitError(f"a gradient is not finite at step {run.step} on {', '.join(batch.keys)}", remedy=_LOWER)
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


def _warn_without_local(train: Sequence[Entry], config: FitConfig) -> None:
    if config.art and config.local and not any(entry.row["figures"].get("local_share", 0) > 0 for entry in train):
        log.warning("no sample has a local mask: this style will learn no pop-outs")


def groups(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Samples by the style they belong to."""
    for style in sorted({entry.row["style"] for entry in entries}):
        yield style, [entry for entry in entries if entry.row["style"] == style]
