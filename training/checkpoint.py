"""A training run on disk: what it is known by, kept and taken up again."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
import zipfile
from collections.abc import Mapping, Sequence
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
from host_bridge.core.regular import read_regular
from training.config import FitConfig
from training.provenance import code
from training.shards import Entry

log = logging.getLogger(__name__)
CHECKPOINT = "last.ckpt"
LIMIT_BYTES = 1 << 30
_FIELDS = ("identity", "code", "net", "optimiser", "step", "history", "best")
_ANEW = "delete it, and the run begins anew"


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


def run_identity(train: Sequence[Entry], judges: Sequence[Entry], config: FitConfig, start: CameraNet | None) -> str:
    """Hash of all that decides the weights: settings, samples, early stopping's judges, starting weights."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    # Of equal rows the sizes of the packed files tell whether their pictures are others.
    sizes = [[entry.row, {name: size for name, (_, size) in entry.parts.items()}] for entry in [*train, *judges]]
    digest.update(json.dumps([len(train), sizes], sort_keys=True).encode())
    if start is not None:
        for name, value in start.state_dict().items():
            digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def save_run(run: Run, net: CameraNet, path: Path, identity: str, fabric: Fabric) -> None:
    if fabric.is_global_zero:
        state = {
            "identity": identity,
            "code": _code(),
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
    """Take up what `save_run` kept, where there is anything.

    Raises:
        FitError: the checkpoint is damaged, or another run's: of other shards, settings or code.
    """
    try:
        state = _load(read_regular(path, limit_bytes=LIMIT_BYTES))
    except FileNotFoundError:
        return
    except OSError as error:
        raise FitError(f"its checkpoint cannot be read ({error.strerror})", remedy=_ANEW, where=str(path)) from error
    except (RuntimeError, EOFError, ValueError, LookupError, UnpicklingError, zipfile.BadZipFile) as error:
        raise FitError("its checkpoint is damaged", remedy=_ANEW, where=str(path)) from error
    if state["identity"] != identity:
        raise FitError(
            "holds a run of other shards or settings",
            remedy="choose another output or delete it",
            where=str(path.parent),
        )
    if others := _unlike(state["code"]):
        raise FitError(
            f"holds a run that other code began ({', '.join(others)})",
            remedy="end it with that, or delete it and begin anew",
            where=str(path.parent),
        )
    run.net.load_state_dict(state["net"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.history = state["step"], state["history"]
    run.best, run.best_step, run.best_net = state["best"]
    log.info("going on from step %d", run.step)


def _load(data: bytes) -> dict[str, Any]:
    """What the bytes hold, proved whole: torch reads a changed byte without a word, zip's checksums know it."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if packed.testzip() is not None:
            raise ValueError("a checksum differs")
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not set(_FIELDS) <= set(state):
        raise ValueError("it is no checkpoint of a style")
    return state


def _code() -> dict[str, str]:
    """What computes the weights; Python's own version does not."""
    return {name: text for name, text in code().items() if name != "python"}


def _unlike(began: Mapping[str, str]) -> list[str]:
    return [f"{name} {began.get(name)}, here {text}" for name, text in _code().items() if began.get(name) != text]
