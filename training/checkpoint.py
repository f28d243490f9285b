"""A training run on disk: what it is known by, kept and taken up again."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor

from art3d_node.models.camera_net import CameraNet
from host_bridge.core.atomic import replacing
from host_bridge.core.errors import BadInputError
from training.config import FitConfig
from training.shards import Entry

log = logging.getLogger(__name__)
CHECKPOINT = "last.ckpt"


class FitError(BadInputError):
    """Training that cannot go on, and why."""

    code = "bad_fit"


@dataclass
class Run:
    """A training run's state; `best` is the least distance that early stopping has seen, px at 512."""

    net: torch.nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    history: list[list[float]] = field(default_factory=list)
    best: float = math.inf
    best_step: int = 0
    best_net: dict[str, Tensor] | None = None


def run_identity(train: Sequence[Entry], config: FitConfig, start: CameraNet | None) -> str:
    """Hash of all that decides the weights: settings, samples, starting weights."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    digest.update(json.dumps([entry.row for entry in train], sort_keys=True).encode())
    if start is not None:
        for name, value in start.state_dict().items():
            digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def save_run(run: Run, net: CameraNet, path: Path, identity: str, fabric: Fabric) -> None:
    if fabric.is_global_zero:
        state = {
            "identity": identity,
            "net": net.state_dict(),
            "optimiser": run.optimiser.state_dict(),
            "step": run.step,
            "history": run.history,
            "best": (run.best, run.best_step, run.best_net),
        }
        kept = io.BytesIO()
        torch.save(state, kept)  # torch's own writer ends a full disk with a fault of its own
        with replacing(path) as temporary:
            temporary.write_bytes(kept.getbuffer())
    fabric.barrier()


def resume_run(run: Run, path: Path, identity: str) -> None:
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
    run.best, run.best_step, run.best_net = state["best"]
    log.info("going on from step %d", run.step)
