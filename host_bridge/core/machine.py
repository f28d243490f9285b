"""How much of this machine a process may use: the limits of its control group, not only the hardware.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst; a limit of a parent binds its children.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

PROC = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")
VMSTAT = Path("/proc/vmstat")
WORK_BYTES = 1 << 30  # command, server and worker on a frame of 1080p, without what they keep


def memory_bytes() -> int:
    """Memory of the machine, or less where a control group allows less."""
    limits = [_number(folder / name) for folder, name in _files("memory", "memory.max", "memory.limit_in_bytes")]
    return min([int(psutil.virtual_memory().total), *(limit for limit in limits if limit)])


def spare_bytes() -> int:
    """What of `memory_bytes` may hold things that are kept for later; the rest is for the work itself."""
    return max(0, memory_bytes() - WORK_BYTES)


def memory_kills() -> int:
    """How many processes the kernel has ended for lack of memory, in this group or, failing that, on this machine.

    Returns:
        The count so far; 0 where the kernel does not tell.
    """
    groups = (folder / name for folder, name in _files("memory", "memory.events", "memory.oom_control"))
    for path in (*groups, VMSTAT):
        with contextlib.suppress(OSError, ValueError):
            words = path.read_text(encoding="utf-8").split()
            if "oom_kill" in words:
                return int(words[words.index("oom_kill") + 1])
    return 0


def cpus() -> int:
    """Processors that this process may keep busy, at least 1: those it may run on, within its group's quota."""
    affinity = len(os.sched_getaffinity(0))
    quotas = [_cores(folder / name) for folder, name in _files("cpu", "cpu.max", "cpu.cfs_quota_us")]
    return max(1, min([affinity, *(math.ceil(quota) for quota in quotas if quota)]))


def _files(controller: str, v2: str, v1: str) -> Iterator[tuple[Path, str]]:
    """Folder and file name of a limit, for this process's group and every group above it."""
    try:
        lines = PROC.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, colon, group = rest.partition(":")
        if not colon:
            continue
        if not controllers:
            base, name = ROOT, v2
        elif controller in controllers.split(","):
            base, name = ROOT / controllers, v1
        else:
            continue
        # In a container the group's path may be the host's, and its files lie at the root.
        folder = base / group.lstrip("/")
        for above in (folder, *folder.parents):
            if above.is_relative_to(base):
                yield above, name


def _number(path: Path) -> int:
    """A limit in bytes; 0 where there is none."""
    with contextlib.suppress(OSError, ValueError):
        return max(0, int(path.read_text(encoding="utf-8")))
    return 0


def _cores(path: Path) -> float:
    """A quota in processors; 0 where there is none."""
    with contextlib.suppress(OSError, ValueError, IndexError, ZeroDivisionError):
        words = path.read_text(encoding="utf-8").split()
        if path.name == "cpu.cfs_quota_us":
            words.append(path.with_name("cpu.cfs_period_us").read_text(encoding="utf-8"))
        return max(0.0, int(words[0]) / int(words[1]))
    return 0.0
