"""Which small tiles a worker makes as one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from art3d_node.server.jobs import SMALL_PIXELS, Job
from art3d_node.server.lanes import continues, room, take_together
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire.messages import AnalysisSettings, TileRequest

BASE = TileRequest("key", AnalysisSettings(), Controls(), Box(0, 0, 512, 512), ("right",))


def job(number: int, box: Box, **other) -> Job:
    return Job(number, "tile", replace(BASE, box=box, **other), light=True)


LEFT, RIGHT = Box(-512, 7, 0, 519), Box(0, 7, 512, 519)


def test_the_one_to_the_right_continues():
    assert continues([job(1, LEFT)], job(2, RIGHT)) and not continues([job(1, RIGHT)], job(2, LEFT))


@pytest.mark.parametrize(
    "other",
    [
        {"box": Box(0, 8, 512, 520)},
        {"box": Box(1, 7, 513, 519)},
        {"box": Box(0, 7, 513, 519)},
        {"box": Box(0, 7, 0, 519)},
        {"key": "another"},
        {"settings": AnalysisSettings(style="other")},
        {"controls": Controls(sculpt=2.0)},
        {"outputs": ("left",)},
    ],
)
def test_whatever_is_not_beside_it_or_not_alike_or_not_small_does_not(other):
    assert not continues([job(1, LEFT)], job(2, **{"box": RIGHT, **other}))


def test_other_work_is_left_for_the_next_lane():
    waiting = [job(1, LEFT), job(2, LEFT, key="another"), job(3, RIGHT), job(4, RIGHT, key="another")]
    assert [each.id for each in take_together(waiting)] == [1, 3]
    assert [each.id for each in take_together(waiting)] == [2, 4] and not waiting


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12, unique=True))
def test_every_job_is_taken_once_in_rows_that_are_small(places):
    waiting = [job(n, Box(x * 256, y * 512, (x + 1) * 256, (y + 1) * 512)) for n, (x, y) in enumerate(places)]
    first, taken = [each.id for each in waiting], []
    while waiting:
        head = waiting[0].id
        together = take_together(waiting)
        boxes = [each.request.box for each in together]
        assert together[0].id == head and len({box.y0 for box in boxes}) == 1
        assert all(a.x1 == b.x0 for a, b in itertools.pairwise(boxes))
        assert (boxes[-1].x1 - boxes[0].x0) * 512 <= SMALL_PIXELS
        taken += [each.id for each in together]
    assert sorted(taken) == first


def test_a_worker_of_one_lane_takes_one_tile():
    assert room(1) == 1 and room(2) == 6
