"""Too little memory is said before the work begins."""

from __future__ import annotations

import numpy as np
import pytest

from host_bridge.batch.memory_need import BASE_BYTES, FRAMES, validate_memory
from host_bridge.core import machine
from host_bridge.core.errors import EXIT_SERVER, ServerError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box


def test_a_frame_that_memory_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box.of_size(1024, 512)
    frame = Frame(box, box, {"color": np.zeros((512, 1024, 3), np.float16)})
    needed = BASE_BYTES + FRAMES * frame.nbytes
    monkeypatch.setattr(machine, "memory_bytes", lambda: needed)
    validate_memory(frame)
    monkeypatch.setattr(machine, "memory_bytes", lambda: needed - (1 << 20))
    with pytest.raises(ServerError, match=f"take {needed >> 20} MiB.*{(needed >> 20) - 1} MiB are allowed") as raised:
        validate_memory(frame)
    assert raised.value.exit_code == EXIT_SERVER
