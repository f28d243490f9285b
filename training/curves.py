"""A run's curves for TensorBoard, and for MLflow where it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.mlflow_run import MLflowRun


class Curves:
    """Curves of a run.

    Args:
        folder: where TensorBoard's lie.
        enabled: whether this process writes any.
        start: the step that the run continues from.
        mlflow: the run on a tracking server, or None.
    """

    def __init__(self, folder: Path, *, enabled: bool, start: int, mlflow: MLflowRun | None = None) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=start) if enabled else None
        self._mlflow = mlflow if enabled else None

    def __enter__(self) -> Curves:
        return self

    def __exit__(self, fault: object, *_: object) -> None:
        if self._writer:
            self._writer.close()
        if self._mlflow:
            self._mlflow.close(failed=fault is not None)

    def write(self, step: int, values: dict[str, float]) -> None:
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
        if self._mlflow:
            self._mlflow.write(step, values)

    def picture(self, step: int, name: str, image: npt.NDArray[np.uint8]) -> None:
        """An (h, w, 3) RGB picture."""
        if self._writer:
            self._writer.add_image(name, image, step, dataformats="HWC")
        if self._mlflow:
            self._mlflow.picture(step, name, image)
