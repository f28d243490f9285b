"""Where the networks of curation compute."""

from __future__ import annotations

import torch

from host_bridge.core.errors import BadInputError


def device_named(name: str) -> torch.device:
    """The torch device of that name, if this machine has it.

    Raises:
        BadInputError: it has none, or torch knows no such name.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise BadInputError(f"{name!r} is no device of this machine", remedy="say cpu, cuda or cuda:1, as torch does",
                            where="--device") from error  # fmt: skip
    return device
