"""Files of ``mini``'s weights: whole ones, in half precision, and differences to what is bundled before them.

A whole file is 6.3 MB, and a repository keeps every version for ever. A further training moves the weights by a few
per cent of their size, so that 31 levels a channel for the difference alone keep more of it than 255 levels for the
weights would, in a third of a whole file's bytes; a short further one bears three levels, five weights a byte
(docs/decisions/285-weights-as-a-difference.md).
"""

from __future__ import annotations

import hashlib
from itertools import takewhile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.nn import functional

FORMAT = "art3d-mini-1"
DELTA_FORMAT = "art3d-mini-1-delta"
BUNDLED = Path(__file__).parent / "weights" / "mini.safetensors"
BUNDLED_DELTAS = tuple(BUNDLED.with_name(f"mini_delta{number}.safetensors") for number in ("", "_2"))
"""Differences to add, in this order, as far as they are there."""
SCALE = ".scale"
"""What follows a rounded tensor's name in that of its scales, one for each output channel."""
BASE = "base"
"""The key of the digest of what a difference starts from, in its metadata."""
_PLACES = (1, 3, 9, 27, 81)


def bundled_files() -> tuple[Path, ...]:
    """What the shipped network is read from: the whole weights, then the differences to add."""
    return (BUNDLED, *takewhile(Path.is_file, BUNDLED_DELTAS))


def bundled_digest() -> str:
    """Twelve hexadecimal digits that change when the shipped network does.

    Raises:
        OSError: the weights did not come with this installation.
    """
    return digest_of(*bundled_files())


def read_weights(path: Path | None = None) -> dict[str, Tensor]:
    """All tensors of a file in single precision, by name; the shipped network's when ``path`` is None.

    Raises:
        ValueError: the file is missing, damaged, no weights of ``mini``, or a difference to other weights than the
            bundled ones.
    """
    if path is None:
        path = bundled_files()[-1]
    metadata, state = _read(path)
    match metadata.get("format"):
        case str(kind) if kind == FORMAT:
            return {name: value.float() for name, value in state.items()}
        case str(kind) if kind == DELTA_FORMAT:
            return _moved(path, metadata, state)
        case kind:
            raise ValueError(f"{path}: format is {kind!r}, expected {FORMAT!r} or {DELTA_FORMAT!r}")


def _moved(path: Path, metadata: dict[str, str], state: dict[str, Tensor]) -> dict[str, Tensor]:
    bundled = bundled_files()
    starts = (bundled[:count] for count in range(1, len(bundled) + 1))
    before = next((files for files in starts if digest_of(*files) == metadata.get(BASE)), None)
    if before is None:
        raise ValueError(f"{path}: is a difference to other weights than the bundled ones")
    moved = read_weights(before[-1])
    for name in moved:
        try:
            delta = state[name]
            if delta.dtype == torch.uint8:
                delta = unpacked(delta, moved[name].shape)
            delta = delta.float()
            if name + SCALE in state:
                delta *= by_channel(state[name + SCALE], delta)
            moved[name] += delta
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{path}: tensors do not fit the network: {error}") from error
    return moved


def packed(signs: Tensor) -> Tensor:
    """Values -1, 0 and 1 of any shape as digits of base 3, five to a byte: (ceil(n / 5),) uint8."""
    digits = functional.pad(signs.flatten().to(torch.uint8) + 1, (0, -signs.numel() % len(_PLACES)))
    return (digits.view(-1, len(_PLACES)) * torch.tensor(_PLACES, dtype=torch.uint8)).sum(1, dtype=torch.uint8)


def unpacked(packed_signs: Tensor, shape: torch.Size) -> Tensor:
    """What `packed` was given, int8.

    Raises:
        RuntimeError: there are too few or too many bytes for the shape.
    """
    digits = packed_signs[:, None] // torch.tensor(_PLACES, dtype=torch.uint8) % 3
    count = shape.numel()
    if not 0 <= digits.numel() - count < len(_PLACES):
        raise RuntimeError(f"{packed_signs.numel()} bytes hold no {tuple(shape)}")
    return (digits.flatten()[:count].to(torch.int8) - 1).view(shape)


def by_channel(scale: Tensor, like: Tensor) -> Tensor:
    """Scales, one for each output channel, in a shape that multiplies a tensor of so many dimensions."""
    return scale.view(-1, *[1] * (like.ndim - 1))


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path}: cannot be read as mini weights: {error}") from error


def digest_of(*paths: Path) -> str:
    """Twelve hexadecimal digits of what the files hold."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]
