"""SEA-RAFT (Wang, Lipson and Deng, 2024) through ptlflow, from the authors' files or ptlflow's own.

Convention:
    Disparity is x_L − x_R in px: minus the horizontal flow from the left eye, plus that from the right.
"""

from __future__ import annotations

import argparse
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError
from host_bridge.io.silence import silenced

if TYPE_CHECKING:
    from torch import Tensor

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
State = Mapping[str, "Tensor"]
_SIGNATURE_WEIGHTS = ("fnet.conv1.weight", "update_block.refine.0.dwconv.weight", "flow_head.0.weight")
_DEEP = "fnet.layer3.5.conv1.weight"  # in the 34 layers of m and l, not in the 18 of s
_LARGE = re.compile(r"(?:^|[^a-z])(?:l|large)(?:[^a-z]|$)", re.IGNORECASE)


class SeaRaft:
    """The matcher of the paper: two passes of optical flow, of which the horizontal part is taken with its sign.

    Args:
        checkpoint: a state dict as the authors publish it (.pth, .safetensors), or a checkpoint of ptlflow's.
        device: torch device name.

    Raises:
        BadInputError: it is neither, or is not there.
    """

    name = "sea-raft"

    def __init__(self, checkpoint: Path, *, device: str = "cpu") -> None:
        if not checkpoint.is_file():
            raise BadInputError(
                "there is no SEA-RAFT checkpoint here", remedy="give one with --stereo-weights", where=str(checkpoint)
            )
        state = read_state(checkpoint)
        self.size = size_of(state, checkpoint.stem)
        self._model = network(self.size)
        try:
            self._model.load_state_dict(dict(state))
        except RuntimeError as error:
            raise _no_checkpoint(checkpoint, f"its layers are not those of SEA-RAFT {self.size}") from error
        self._model.to(device).eval()
        self._device = device

    def flow(self, a: Picture, b: Picture) -> Map:
        """Horizontal flow (H, W), px, from one picture to another."""
        import torch

        # ptlflow takes pictures as OpenCV reads them, blue first.
        pair = torch.from_numpy(np.stack([a, b])[..., ::-1].copy()).to(self._device)
        with torch.no_grad():
            found = self._model({"images": pair.permute(0, 3, 1, 2)[None].float() / 255.0})["flows"]
        return np.ascontiguousarray(found[0, 0, 0].float().cpu().numpy())


def network(size: str) -> Any:
    """ptlflow's SEA-RAFT of size "s", "m" or "l", with weights by chance."""
    with warnings.catch_warnings(), silenced():
        # Neither what ptlflow deprecates nor what it prints is for our user to mend.
        warnings.simplefilter("ignore")
        import ptlflow

        return ptlflow.get_model(f"sea_raft_{size}")


def size_of(state: State, name: str) -> str:
    """ "s", "m" or "l": s has a shallower encoder; l is m with more iterations, which only a file's name can tell."""
    if _DEEP not in state:
        return "s"
    return "l" if _LARGE.search(name) else "m"


def read_state(checkpoint: Path) -> State:
    """The weights of a file, by layer, without what wrappers put around them.

    Raises:
        BadInputError: it holds none that are SEA-RAFT's.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if checkpoint.suffix == ".safetensors":
            held: Any = load_file(checkpoint)
        else:
            # Lightning keeps the command line's namespace beside the weights.
            with torch.serialization.safe_globals([argparse.Namespace]):
                held = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # junk meets an unpickler in any way it likes
        raise _no_checkpoint(checkpoint, "no weights can be read from it") from error
    for key in ("state_dict", "model"):
        held = held[key] if isinstance(held, Mapping) and isinstance(held.get(key), Mapping) else held
    if not isinstance(held, Mapping) or not all(isinstance(v, torch.Tensor) for v in held.values()):
        raise _no_checkpoint(checkpoint, "it holds no state dict")
    state = {str(name).removeprefix("module."): value for name, value in held.items()}
    if missing := [name for name in _SIGNATURE_WEIGHTS if name not in state]:
        raise _no_checkpoint(checkpoint, f"it has no {missing[0]}")
    return state


def _no_checkpoint(checkpoint: Path, reason: str) -> BadInputError:
    return BadInputError(
        f"is not a SEA-RAFT checkpoint: {reason}",
        remedy="give the authors' .pth or .safetensors, or ptlflow's .ckpt",
        where=str(checkpoint),
    )
