"""Files of ``mini``'s weights: whole ones, in half precision, and differences to the bundled whole.

A whole file is 6.3 MB, and a repository keeps every version for ever. A further training moves the weights by a few
per cent of their size, so that 31 levels a channel for the difference alone keep more of it than 255 levels for the
weights would, in a third of a whole file's bytes (docs/decisions/285-weights-as-a-difference.md).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FORMAT = "art3d-mini-1"
DELTA_FORMAT = "art3d-mini-1-delta"
BUNDLED = Path(__file__).parent / "weights" / "mini.safetensors"
BUNDLED_DELTA = BUNDLED.with_name("mini_delta.safetensors")
_SCALE = ".scale"
_BASE = "base"
# Levels on either side of zero.
_LEVELS = 15


def bundled_files() -> tuple[Path, ...]:
    """What the shipped network is read from: the whole weights and, where there is one, the difference to add."""
    return (BUNDLED, BUNDLED_DELTA) if BUNDLED_DELTA.is_file() else (BUNDLED,)


def bundled_digest() -> str:
    """Twelve hexadecimal digits that change when the shipped network does.

    Raises:
        OSError: the weights did not come with this installation.
    """
    return _digest(*bundled_files())


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


def write_delta(weights: dict[str, Tensor], path: Path) -> None:
    """Write how ``weights`` differ from the bundled whole file; :func:`read_weights` adds the two again.

    Matrices and kernels are rounded to 31 levels with a scale for each output channel, vectors to half precision.

    Args:
        weights: every tensor of the network, by name, of the bundled file's shapes.

    Raises:
        ValueError: tensors are missing or of other shapes than the bundled ones.
        OSError: the file cannot be written.
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
        state[name] = (delta / _by_channel(scale, delta)).round().to(torch.int8)
        state[name + _SCALE] = scale
    partial = path.with_suffix(".part")
    save_file(state, partial, metadata={"format": DELTA_FORMAT, _BASE: _digest(BUNDLED)})
    partial.replace(path)


def _moved(path: Path, metadata: dict[str, str], state: dict[str, Tensor]) -> dict[str, Tensor]:
    if metadata.get(_BASE) != _digest(BUNDLED):
        raise ValueError(f"{path}: is a difference to other weights than {BUNDLED.name} beside the code")
    moved = read_weights(BUNDLED)
    for name in moved:
        try:
            delta = state[name].float()
            if name + _SCALE in state:
                delta *= _by_channel(state[name + _SCALE], delta)
            moved[name] += delta
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{path}: tensors do not fit the network: {error}") from error
    return moved


def _by_channel(scale: Tensor, like: Tensor) -> Tensor:
    return scale.view(-1, *[1] * (like.ndim - 1))


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path}: cannot be read as mini weights: {error}") from error


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]
