"""Put a trained ``mini`` into the box: ``python -m training.mini.ship RUN/mini.safetensors --share 0.5``.

Writes the way from the bundled whole file to the new weights, or to a share of the way from the shipped ones: weights
between an old and a new training often do better on what the new one did not show ("Robust fine-tuning of zero-shot
models", Wortsman et al., 2022). ``--signs`` keeps the bundled difference and writes one to add to it, in a third of the
bytes. ``--out`` names another file, which every ``--weights`` reads like a whole one.
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
    BUNDLED_DELTAS,
    DELTA_FORMAT,
    SCALE,
    by_channel,
    digest_of,
    packed,
    read_weights,
)
from host_bridge.core.atomic import replacing

# Levels on either side of zero.
_LEVELS = 15
# Shares of a channel's largest value that a lone level on either side may have; several levels reach it.
_REACHES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def ship(trained: Path, out: Path, *, share: float = 1.0, signs: bool = False) -> None:
    """Write the shipped weights moved by ``share`` of their way to ``trained``.

    Args:
        signs: add to the first bundled difference, in three levels, instead of taking its place, which ends the second.

    Raises:
        ValueError: ``trained`` cannot be read, or holds no weights of ``mini``'s network.
        OutputError: ``out`` cannot be written.
    """
    shipped, new = read_weights(), read_weights(trained)
    _validate(new, shipped, trained)
    moved = {name: old + share * (new[name] - old) for name, old in shipped.items()}
    if signs:
        write_delta(moved, out, onto=(BUNDLED, BUNDLED_DELTAS[0]), levels=1)
    else:
        write_delta(moved, out)
        if out == BUNDLED_DELTAS[0]:
            BUNDLED_DELTAS[1].unlink(missing_ok=True)


def write_delta(
    weights: dict[str, Tensor], path: Path, *, onto: tuple[Path, ...] = (BUNDLED,), levels: int = _LEVELS
) -> None:
    """Write how ``weights`` differ from bundled files; `read_weights` adds all again.

    Matrices and kernels are rounded to levels with a scale for each output channel, vectors to half precision.

    Args:
        weights: every tensor of the network, by name, of the bundled files' shapes.
        onto: the first of the bundled files, to which the difference is added.
        levels: on either side of zero; with 1, five weights share a byte.

    Raises:
        ValueError: tensors are missing or of other shapes than the bundled ones.
        OutputError: the file cannot be written.
    """
    base = read_weights(onto[-1])
    _validate(weights, base, path)
    state: dict[str, Tensor] = {}
    for name, value in weights.items():
        delta = value.float().cpu() - base[name]
        if delta.ndim < 2:
            state[name] = delta.half()
            continue
        steps, state[name + SCALE] = _rounded(delta, levels)
        state[name] = packed(steps) if levels == 1 else steps.to(torch.int8)
    with replacing(path) as partial:
        save_file(state, partial, metadata={"format": DELTA_FORMAT, BASE: digest_of(*onto)})


def _rounded(delta: Tensor, levels: int) -> tuple[Tensor, Tensor]:
    """Whole steps in the shape of ``delta`` and the step of each output channel, with the least squared error."""
    largest = delta.flatten(1).abs().amax(1).clamp(min=levels * torch.finfo(torch.float32).tiny)
    scales = [largest * reach / levels for reach in (_REACHES if levels == 1 else (1.0,))]
    steps = [(delta / by_channel(scale, delta)).round().clamp(-levels, levels) for scale in scales]
    errors = [(delta - s * by_channel(c, s)).flatten(1).square().sum(1) for s, c in zip(steps, scales, strict=True)]
    best = torch.stack(errors).argmin(0)
    channel = torch.arange(len(delta))
    return torch.stack(steps)[best, channel], torch.stack(scales)[best, channel]


def _validate(weights: dict[str, Tensor], base: dict[str, Tensor], path: Path) -> None:
    if {n: v.shape for n, v in weights.items()} != {n: v.shape for n, v in base.items()}:
        raise ValueError(f"{path}: the weights are not of mini's network")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the way from the shipped weights; 1: the new ones")
    parser.add_argument("--signs", action="store_true", help="as a second difference of three levels, onto the first")
    parser.add_argument("--out", type=Path, help="instead of the file in the box")
    args = parser.parse_args()
    ship(args.trained, args.out or BUNDLED_DELTAS[args.signs], share=args.share, signs=args.signs)


if __name__ == "__main__":
    main()
