"""A training's curves on a tracking server; where MLflow is not installed, what is said of that."""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_bridge.core.errors import BadInputError
from training.cli import main
from training.config import FitConfig
from training.fit import Observers, fit
from training.mlflow_run import RUN_ID, MLflowRun
from training.shards import Entry

HERE = importlib.util.find_spec("mlflow") is not None
needs_mlflow = pytest.mark.skipif(not HERE, reason="MLflow is not installed (pip install mlflow)")
TINY = FitConfig(size_px=64, epochs=2, batch=4, width=4, warmup_steps=2, held_out=0.2)


@pytest.mark.skipif(HERE, reason="MLflow is installed")
def test_without_mlflow_nothing_is_begun(shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", str(shards), "-o", str(tmp_path / "a.style"), "--mlflow", "http://127.0.0.1:9"]) == 2
    said = capsys.readouterr().err.strip()
    assert "MLflow is not installed" in said and "pip install" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "a.style").exists()


def test_a_server_that_goes_away_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Gone:
        def log_metrics(self, *_: object, **__: object) -> None:
            raise ConnectionError("refused\nby peer")

    run = object.__new__(MLflowRun)
    run._logger = Gone()
    with caplog.at_level(logging.WARNING):
        run.write(1, {"total": 1.0})
        run.picture(2, "preview", np.zeros((4, 4, 3), np.uint8))
        run.close(failed=False)
    assert [record.getMessage() for record in caplog.records] == [
        "MLflow does not answer any more, the run goes on without it: refused"
    ]


@needs_mlflow
@pytest.mark.filterwarnings("default")
def test_the_same_command_continues_the_run(entries: list[Entry], tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/runs.db"
    for epochs in (1, 2):
        config = replace(TINY, epochs=epochs)
        fit(
            entries,
            config,
            tmp_path / f"{epochs}",
            observers=Observers(mlflow=MLflowRun(tmp_path, address, {"recipe": "studio"})),
        )
    from mlflow import MlflowClient

    client: Any = MlflowClient(address)
    found = client.search_runs([client.get_experiment_by_name("art3d").experiment_id])
    assert [run.info.run_id for run in found] == [(tmp_path / RUN_ID).read_text()]
    assert found[0].info.status == "FINISHED" and found[0].data.params["recipe"] == "studio"
    steps = [metric.step for metric in client.get_metric_history(found[0].info.run_id, "total")]
    assert steps and max(steps) >= 2 and "held_out/consistency" in found[0].data.metrics


@needs_mlflow
@pytest.mark.filterwarnings("default")
def test_an_address_that_answers_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="MLflow cannot keep the run"):
        MLflowRun(tmp_path, "http://127.0.0.1:9", {})
