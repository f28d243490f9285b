from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from host_bridge.core import machine


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process's control group file and the tree that it names."""
    monkeypatch.setattr(machine, "PROC", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "ROOT", tmp_path / "fs")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_version_2_takes_the_tightest_of_all_parents(group: Path) -> None:
    put(group / "cgroup", "0::/farm/task\n")
    put(group / "fs/farm/task/memory.max", "max\n")
    put(group / "fs/farm/memory.max", "1000000\n")
    put(group / "fs/farm/task/cpu.max", "150000 100000\n")
    put(group / "fs/farm/cpu.max", "max 100000\n")
    assert machine.memory_bytes() == 1_000_000
    assert machine.cpus() == 2


def test_version_1(group: Path) -> None:
    put(group / "cgroup", "4:memory:/docker/x\n1:cpu,cpuacct:/docker/x\n0::/\n")
    put(group / "fs/memory/memory.limit_in_bytes", "2000000\n")  # a container sees its own group as the root
    put(group / "fs/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "300000\n")
    put(group / "fs/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n")
    put(group / "fs/cpu,cpuacct/cpu.cfs_quota_us", "-1\n")
    put(group / "fs/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
    assert machine.memory_bytes() == 2_000_000
    assert machine.cpus() == 3


def test_kills_for_lack_of_memory_are_those_of_the_group(group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "VMSTAT", group / "vmstat")
    assert machine.memory_kills() == 0
    put(group / "vmstat", "pgfault 7\noom_kill 90\n")
    assert machine.memory_kills() == 90
    put(group / "cgroup", "0::/farm/task\n")
    put(group / "fs/farm/task/memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n")
    put(group / "fs/memory.events", "oom_kill 40\n")
    assert machine.memory_kills() == 2
    put(group / "cgroup", "4:memory:/docker/x\n")
    put(group / "fs/memory/docker/x/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n")
    assert machine.memory_kills() == 5


@pytest.mark.parametrize("text", ["", "0::/\n", "nonsense"])
def test_without_limits_the_hardware_counts(group: Path, text: str) -> None:
    put(group / "cgroup", text)
    assert machine.memory_bytes() == psutil.virtual_memory().total
    assert machine.cpus() == 16
