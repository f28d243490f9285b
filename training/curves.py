"""A run's curves as TensorBoard reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt


class Curves:
    """TensorBoard curves of a run."""

    def __init__(self, folder: Path, *, enabled: bool, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=start) if enabled else None

    def __enter__(self) -> Curves:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer:
            self._writer.close()

    def write(self, step: int, values: dict[str, float]) -> None:
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, image: npt.NDArray[np.uint8]) -> None:
        """An (h, w, 3) RGB picture."""
        if self._writer:
            self._writer.add_image(name, image, step, dataformats="HWC")
