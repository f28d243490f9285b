"""A run's curves in MLflow, through Lightning's logger."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError

EXPERIMENT = "art3d"
RUN_ID = "mlflow-run"
"""File of the run folder that keeps the MLflow run, which the same command continues."""
_SOON = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""A server that is away must not hold a training up; MLflow's own patience is a quarter of an hour."""

log = logging.getLogger(__name__)


class MLflowRun:
    """The run of a folder on a tracking server.

    A server that fails later is said once, and the training goes on without it.

    Args:
        folder: the run folder, `NAME.run`.
        address: tracking server, such as http://host:5000, or a database, such as sqlite:///runs.db.
        settings: shown as the run's parameters.

    Raises:
        BadInputError: MLflow is not installed, or the server does not answer.
    """

    def __init__(self, folder: Path, address: str, settings: Mapping[str, Any]) -> None:
        for name, value in _SOON.items():
            os.environ.setdefault(name, value)
        kept = folder / RUN_ID
        try:
            from lightning.pytorch.loggers import MLFlowLogger

            # A new experiment is no trouble.
            logging.getLogger("lightning.pytorch.loggers.mlflow").setLevel(logging.ERROR)

            logger: Any = MLFlowLogger(
                experiment_name=EXPERIMENT,
                run_name=folder.stem,
                tracking_uri=address,
                run_id=kept.read_text(encoding="utf-8") if kept.is_file() else None,
            )
            kept.write_text(logger.run_id, encoding="utf-8")
            logger.experiment.update_run(logger.run_id, status="RUNNING")
            if settings:
                logger.log_hyperparams(settings)
        except ModuleNotFoundError as error:
            raise BadInputError(
                "MLflow is not installed", where="--mlflow", remedy="pip install mlflow (mlflow-skinny for a server)"
            ) from error
        except Exception as error:
            raise BadInputError(
                f"MLflow cannot keep the run: {_first_line(error)}",
                where=f"--mlflow {address}",
                remedy=f"check the address; a run that is gone there is begun anew without {kept}",
            ) from error
        self._logger: Any = logger

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name."""
        self._try(lambda logger: logger.log_metrics(dict(values), step=step))

    def picture(self, step: int, name: str, image: npt.NDArray[np.uint8]) -> None:
        """An (h, w, 3) RGB picture."""
        self._try(lambda logger: logger.experiment.log_image(logger.run_id, image, key=name, step=step))

    def close(self, *, failed: bool) -> None:
        """Ends the run, as finished or as failed."""
        self._try(lambda logger: logger.finalize("failed" if failed else "success"))

    def _try(self, act: Callable[[Any], None]) -> None:
        if self._logger is None:
            return
        try:
            act(self._logger)
        except Exception as error:
            self._logger = None
            log.warning("MLflow does not answer any more, the run goes on without it: %s", _first_line(error))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
