"""Which devices there are, and what a worker does with its own.

The front process never touches torch or a driver: it looks for device files, and only where there are some it asks a
child process, which answers and ends.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from typing import Any

from host_bridge.core.errors import BadInputError

log = logging.getLogger(__name__)
DEVICE_FILES = ("/dev/nvidiactl", "/dev/dxg")
PROBE_TIMEOUT_S = 60.0
DEVICE_SHARE = 0.5
MOST_TILES = 4
_KNOWN = re.compile(r"cpu|cuda(:\d+)?")
_COMPILER = "NVRTC comes with torch's CUDA wheels: install torch for CUDA, and cuda-core"


def find_devices(names: str) -> list[str]:
    """The devices a server uses, one worker each, from a list with commas.

    "auto" is every CUDA device that can be used, or the processor where there is none.

    Raises:
        BadInputError: a name that is no device's.
    """
    if names == "auto":
        return cuda_devices() or ["cpu"]
    named = [device.strip() for device in names.split(",") if device.strip()]
    wrong = [device for device in named if not _KNOWN.fullmatch(device)]
    if wrong or not named:
        raise BadInputError(f"there is no device {(wrong or [names])[0]!r}", where="--device",
                            remedy="name auto, cpu, cuda:0, or several with commas")  # fmt: skip
    return ["cuda:0" if device == "cuda" else device for device in named]


def cuda_devices() -> list[str]:
    """The CUDA devices that can be used, as "cuda:0", …"""
    if not any(os.path.exists(path) for path in DEVICE_FILES):
        return []
    command = [sys.executable, "-m", "art3d_node.server.workers.devices"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_TIMEOUT_S, check=True
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning("the CUDA devices of this machine cannot be counted, so the processor computes: %s", error)
        return []
    if found["fault"]:
        log.warning("the processor computes: %s", found["fault"])
        return []
    for index, name in enumerate(found["names"]):
        log.info("cuda:%d is a %s", index, name)
    return [f"cuda:{index}" for index in range(len(found["names"]))]


def probe() -> dict[str, Any]:
    """What a child process finds: the names of the devices, and why they cannot be used, or ""."""
    import torch

    from art3d_node.native import cuda

    count = torch.cuda.device_count()
    if not count:
        return {"names": [], "fault": ""}
    if fault := cuda.fault():
        return {"names": [], "fault": f"{count} CUDA devices are here, but no compiler for them: {fault}. {_COMPILER}"}
    return {"names": [torch.cuda.get_device_name(index) for index in range(count)], "fault": ""}


def take(name: str) -> Any:
    """Makes a device this process's own; returns it as torch's.

    The settings make a result depend on nothing but its inputs: no algorithm is chosen by timing, and float32 is
    computed as float32.

    Raises:
        BadInputError: it cannot be used.
    """
    import torch

    device = torch.device(name)
    if device.type != "cuda":
        return device
    from art3d_node.native import cuda

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.index is None or device.index >= count:
        raise BadInputError(f"there is no device {name!r}, torch sees {count} CUDA devices", where="--device",
                            remedy="use --device cpu, or install a driver and a torch with CUDA")  # fmt: skip
    if fault := cuda.fault():
        raise BadInputError(f"nothing compiles for {name!r}: {fault}", where="--device", remedy=_COMPILER)
    torch.cuda.set_device(device)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return device


def room(device: Any, analysis_bytes: int) -> int:
    """The bound of a worker's caches: what was asked, at most half of what a GPU has; the rest is for the work."""
    if device.type != "cuda":
        return analysis_bytes
    import torch

    return min(analysis_bytes, int(DEVICE_SHARE * torch.cuda.get_device_properties(device).total_memory))


def tiles_at_once(device: Any) -> int:
    """How many small tiles a worker renders at a time.

    On a processor a thread that does one tile alone wastes less than many that share it: half a dozen kernels end when
    their last thread does, and the Python between them runs on one core.
    """
    if device.type != "cpu":
        return 1
    from art3d_node import native

    return min(MOST_TILES, native.cores())


def settle(device: Any) -> None:
    """Waits until a GPU has done its work, so that milliseconds name the right stage."""
    if device.type == "cuda":
        import torch

        torch.cuda.current_stream(device).synchronize()


def give_back(device: Any) -> None:
    """Hands memory that torch keeps for later back to a GPU."""
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()


def figures(device: Any) -> dict[str, Any]:
    """Name and memory of a GPU, for the status; nothing for the processor."""
    if device.type != "cuda":
        return {}
    import torch

    return {
        "device_name": torch.cuda.get_device_name(device),
        "device_bytes": torch.cuda.memory_reserved(device),
        "device_peak_bytes": torch.cuda.max_memory_reserved(device),
        "device_total_bytes": torch.cuda.get_device_properties(device).total_memory,
    }


if __name__ == "__main__":
    print(json.dumps(probe()))
