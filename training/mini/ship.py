"""Put a trained ``mini`` into the box: ``python -m training.mini.ship RUN/mini.safetensors --share 0.5``.

Writes the way from the bundled whole file to the new weights, or a share of that way: weights between an old and
a new training often do better on what the new one did not show ("Robust fine-tuning of zero-shot models",
Wortsman et al., 2022). ``--out`` names another file, which every ``--weights`` reads like a whole one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from art3d_node.models.mini_weights import BUNDLED_DELTA, read_weights, write_delta


def ship(trained: Path, out: Path, *, share: float = 1.0) -> None:
    """Write the shipped weights moved by ``share`` of their way to ``trained``.

    Raises:
        ValueError: ``trained`` cannot be read, or holds no weights of ``mini``'s network.
        OSError: ``out`` cannot be written.
    """
    shipped, new = read_weights(), read_weights(trained)
    if {n: v.shape for n, v in shipped.items()} != {n: v.shape for n, v in new.items()}:
        raise ValueError(f"{trained}: the weights are not of mini's network")
    write_delta({name: old + share * (new[name] - old) for name, old in shipped.items()}, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the way from the shipped weights; 1: the new ones")
    parser.add_argument("--out", type=Path, default=BUNDLED_DELTA)
    args = parser.parse_args()
    ship(args.trained, args.out, share=args.share)


if __name__ == "__main__":
    main()
