"""Memory of large planes: the next plane takes it, but never while anybody looks at the last."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from art3d_node import plane_memory
from art3d_node.plane_memory import PlaneMemory

SHAPE = (40, 50, 4)
NBYTES = 4 * 40 * 50 * 4


@pytest.fixture
def planes(monkeypatch: pytest.MonkeyPatch) -> PlaneMemory:
    monkeypatch.setattr(plane_memory, "MMAP_BYTES", 1000)
    made = PlaneMemory()
    made.keep(2 * NBYTES)
    return made


def test_the_next_plane_takes_what_the_last_one_left(planes: PlaneMemory) -> None:
    plane = planes.plane(SHAPE)
    assert plane.shape == SHAPE and plane.dtype == np.float32 and plane.flags["C_CONTIGUOUS"] and plane.flags.writeable
    at = plane.ctypes.data
    plane[:] = 3.0
    del plane
    assert planes.idle_bytes == NBYTES
    again = planes.plane((50, 160))
    assert again.ctypes.data == at and planes.idle_bytes == 0 and (again == 3.0).all()


def test_any_view_keeps_a_plane(planes: PlaneMemory) -> None:
    plane = planes.plane(SHAPE)
    tensor = torch.from_numpy(plane)
    views: list[object] = [plane[3:][:, 2:], tensor[1:, :, 0], tensor.detach().numpy()[5:]]
    at = plane.ctypes.data
    del plane, tensor
    while views:
        assert planes.idle_bytes == 0 and planes.plane(SHAPE).ctypes.data != at
        planes.drop()
        views.pop()
    assert planes.plane(SHAPE).ctypes.data == at


def test_what_is_kept_is_bounded(planes: PlaneMemory) -> None:
    held = [planes.plane(SHAPE) for _ in range(3)]
    held.clear()
    assert planes.idle_bytes == 2 * NBYTES
    held.append(planes.plane((40, 51, 4)))
    assert planes.idle_bytes == 0, "memory of another size makes way"
    planes.keep(0)
    held.clear()
    assert planes.idle_bytes == 0


def test_small_planes_are_left_to_the_c_library(planes: PlaneMemory) -> None:
    planes.plane((10, 25))
    assert planes.idle_bytes == 0
