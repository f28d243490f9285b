"""Files of ``mini``'s weights: whole ones, in half precision, and differences to the bundled whole.

A whole file is 6.3 MB, and a repository keeps every version for ever. A further training moves the weights by a few
per cent of their size, so that 31 levels a channel for the difference alone keep more of it than 255 levels for the
weights would, in a third of a whole file's bytes (docs/decisions/285-weights-as-a-difference.md).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

FORMAT = "art3d-mini-1"
DELTA_FORMAT = "art3d-mini-1-delta"
BUNDLED = Path(__file__).parent / "weights" / "mini.safetensors"
BUNDLED_DELTA = BUNDLED.with_name("mini_delta.safetensors")
SCALE = ".scale"
"""What follows a rounded tensor's name in that of its scales, one for each output channel."""
BASE = "base"
"""The key of the digest of what a difference starts from, in its metadata."""


def bundled_files() -> tuple[Path, ...]:
    """What the shipped network is read from: the whole weights and, where there is one, the difference to add."""
    return (BUNDLED, BUNDLED_DELTA) if BUNDLED_DELTA.is_file() else (BUNDLED,)


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
    if metadata.get(BASE) != digest_of(BUNDLED):
        raise ValueError(f"{path}: is a difference to other weights than {BUNDLED.name} beside the code")
    moved = read_weights(BUNDLED)
    for name in moved:
        try:
            delta = state[name].float()
            if name + SCALE in state:
                delta *= by_channel(state[name + SCALE], delta)
            moved[name] += delta
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{path}: tensors do not fit the network: {error}") from error
    return moved


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
