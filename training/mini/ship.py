"""Put a trained ``mini`` into the box: ``python -m training.mini.ship RUN/mini.safetensors --share 0.5``.

Writes the way from the bundled whole file to the new weights, or a share of that way: weights between an old and
a new training often do better on what the new one did not show ("Robust fine-tuning of zero-shot models",
Wortsman et al., 2022). ``--out`` names another file, which every ``--weights`` reads like a whole one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from art3d_node.models.mini_weights import (
    BASE,
    BUNDLED,
    BUNDLED_DELTA,
    DELTA_FORMAT,
    SCALE,
    by_channel,
    digest_of,
    read_weights,
)
from host_bridge.core.atomic import replacing

# Levels on either side of zero.
_LEVELS = 15


def ship(trained: Path, out: Path, *, share: float = 1.0) -> None:
    """Write the shipped weights moved by ``share`` of their way to ``trained``.

    Raises:
        ValueError: ``trained`` cannot be read, or holds no weights of ``mini``'s network.
        OutputError: ``out`` cannot be written.
    """
    shipped, new = read_weights(), read_weights(trained)
    if {n: v.shape for n, v in shipped.items()} != {n: v.shape for n, v in new.items()}:
        raise ValueError(f"{trained}: the weights are not of mini's network")
    write_delta({name: old + share * (new[name] - old) for name, old in shipped.items()}, out)


def write_delta(weights: dict[str, Tensor], path: Path) -> None:
    """Write how ``weights`` differ from the bundled whole file; `read_weights` adds the two again.

    Matrices and kernels are rounded to 31 levels with a scale for each output channel, vectors to half precision.

    Args:
        weights: every tensor of the network, by name, of the bundled file's shapes.

    Raises:
        ValueError: tensors are missing or of other shapes than the bundled ones.
        OutputError: the file cannot be written.
    """
    base = read_weights(BUNDLED)
    if {n: v.shape for n, v in weights.items()} != {n: v.shape for n, v in base.items()}:
        raise ValueError("the weights are not of mini's network")
    state: dict[str, Tensor] = {}
    for name, value in weights.items():
        delta = value.float().cpu() - base[name]
        if delta.ndim < 2:
            state[name] = delta.half()
            continue
        scale = (delta.flatten(1).abs().amax(1) / _LEVELS).clamp(min=torch.finfo(torch.float32).tiny)
        state[name] = (delta / by_channel(scale, delta)).round().to(torch.int8)
        state[name + SCALE] = scale
    with replacing(path) as partial:
        save_file(state, partial, metadata={"format": DELTA_FORMAT, BASE: digest_of(BUNDLED)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the way from the shipped weights; 1: the new ones")
    parser.add_argument("--out", type=Path, default=BUNDLED_DELTA)
    args = parser.parse_args()
    ship(args.trained, args.out, share=args.share)


if __name__ == "__main__":
    main()
