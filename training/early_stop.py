"""Early stop: the weights whose (s, t) lie nearest to the held-out film's distribution."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from art3d_node.models.camera_net import CameraNet
from training.checkpoint import Run
from training.config import FitConfig
from training.figures import measure, summary
from training.shards import Entry


def judged(run: Run, net: CameraNet, held: Sequence[Entry], config: FitConfig) -> dict[str, float]:
    """Measure an epoch's weights on the held-out shots and remember the best in `run`.

    Returns:
        The Wasserstein distances of s and t, px at 512, by curve.
    """
    copy = CameraNet(net.width)
    copy.load_state_dict({name: value.detach().cpu() for name, value in net.state_dict().items()})
    figures = summary(measure(copy.eval(), held, size_px=config.size_px))
    distances = {f"held_out/{k}_wasserstein_px": figures[f"{k}_wasserstein_px"] for k in ("s", "t")}
    value = sum(distances.values())
    if value < run.best:
        run.best, run.best_step = value, run.step
        run.best_net = {name: tensor.clone() for name, tensor in copy.state_dict().items()}
    return distances


def is_over(run: Run, config: FitConfig, steps_an_epoch: int) -> bool:
    """Whether no epoch of the last `patience` was better than the best before them."""
    return bool(config.patience) and run.step - run.best_step >= config.patience * steps_an_epoch


def take_best(run: Run, net: CameraNet) -> None:
    """Put the best weights into the network, where any were judged."""
    if run.best_net is not None:
        with torch.no_grad():
            net.load_state_dict(run.best_net)
