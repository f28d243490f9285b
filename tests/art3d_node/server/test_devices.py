"""Which devices a server uses: what is asked, what a child process finds, what is said when nothing can be used."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import torch

from art3d_node.native import cuda
from art3d_node.server.workers import devices
from art3d_node.server.workers.devices import find_devices
from host_bridge.core.errors import BadInputError


def answer(monkeypatch: pytest.MonkeyPatch, text: str, *, files: bool = True) -> list[list[str]]:
    """A machine with (or without) device files, whose child process says this."""
    asked = []

    def run(command: list[str], **named: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, text.encode(), b"")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(devices, "DEVICE_FILES", ("/dev/null",) if files else ("/dev/no-such-device",))
    return asked


def test_a_list_is_taken_as_it_is() -> None:
    assert find_devices("cpu") == ["cpu"]
    assert find_devices("cpu, cpu") == ["cpu", "cpu"]
    assert find_devices("cuda,cuda:1") == ["cuda:0", "cuda:1"]


@pytest.mark.parametrize("asked", ["tpu", "cuda:x", "", ",", "cpu,gpu"])
def test_a_name_that_is_no_devices_is_refused(asked: str) -> None:
    with pytest.raises(BadInputError, match="there is no device"):
        find_devices(asked)


def test_auto_is_the_processor_without_device_files_and_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, "", files=False) == []
    assert find_devices("auto") == ["cpu"]


def test_auto_is_every_device_that_the_child_finds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    asked = answer(monkeypatch, json.dumps({"names": ["Big", "Small"], "fault": ""}))
    assert find_devices("auto") == ["cuda:0", "cuda:1"]
    assert len(asked) == 1 and "cuda:1 is a Small" in caplog.text


@pytest.mark.parametrize("text", ["", "nonsense", json.dumps({"names": [], "fault": "no toolkit"})])
def test_auto_is_the_processor_where_they_cannot_be_used_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    answer(monkeypatch, text)
    assert find_devices("auto") == ["cpu"]
    assert "the processor computes" in caplog.text


def test_the_front_counts_without_torch() -> None:
    code = "import sys, art3d_node.server.front as m; m.find_devices('auto'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("names", "fault", "found", "said"),
    [
        ([], "", [], ""),
        ([], "no NVRTC", [], ""),
        (["Big", "Small"], "", ["Big", "Small"], ""),
        (["Big", "Small"], "no NVRTC", [], "2 CUDA devices are here, but no compiler for them: no NVRTC"),
    ],
)
def test_the_probe_names_the_devices_or_says_why_they_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, names: list[str], fault: str, found: list[str], said: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(names))
    monkeypatch.setattr(torch.cuda, "get_device_name", names.__getitem__)
    monkeypatch.setattr(cuda, "fault", lambda: fault)
    answer = devices.probe()
    assert answer["names"] == found
    assert answer["fault"].startswith(said) and bool(answer["fault"]) == bool(said)


def test_the_processor_has_no_figures_and_no_bound_of_its_own() -> None:
    cpu = devices.take("cpu")
    assert devices.figures(cpu) == {} and devices.room(cpu, 123) == 123
