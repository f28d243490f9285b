"""Small tiles side by side, and which of them a worker makes as one: the rule, and real servers that follow it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from art3d_node.server.workers.lanes import continues, room, take_together
from art3d_node.server.workers.records import SMALL_PIXELS, WorkerJob
from host_bridge.client import Client
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.messages import TileRequest
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.asking import OUTPUTS, picture, prove, tile
from tests.art3d_node.server.conftest import Server, StartServer

BASE = TileRequest("key", AnalysisSettings(), Controls(), Box(0, 0, 512, 512), ("right",))


def job(number: int, box: Box, **other: Any) -> WorkerJob:
    return WorkerJob.of(number, replace(BASE, box=box, **other), light=True)


LEFT, RIGHT = Box(-512, 7, 0, 519), Box(0, 7, 512, 519)


def test_the_one_to_the_right_continues() -> None:
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
def test_whatever_is_not_beside_it_or_not_alike_or_not_small_does_not(other: dict[str, Any]) -> None:
    assert not continues([job(1, LEFT)], job(2, **{"box": RIGHT, **other}))


def test_other_work_is_left_for_the_next_lane() -> None:
    waiting = [job(1, LEFT), job(2, LEFT, key="another"), job(3, RIGHT), job(4, RIGHT, key="another")]
    assert [each.id for each in take_together(waiting)] == [1, 3]
    assert [each.id for each in take_together(waiting)] == [2, 4] and not waiting


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12, unique=True))
def test_every_job_is_taken_once_in_rows_that_are_small(places: list[tuple[int, int]]) -> None:
    waiting = [job(n, Box(x * 256, y * 512, (x + 1) * 256, (y + 1) * 512)) for n, (x, y) in enumerate(places)]
    first, taken = [each.id for each in waiting], []
    while waiting:
        head = waiting[0].id
        together = take_together(waiting)
        boxes = [each.message.box for each in together]
        assert together[0].id == head and len({box.y0 for box in boxes}) == 1
        assert all(a.x1 == b.x0 for a, b in itertools.pairwise(boxes))
        assert (boxes[-1].x1 - boxes[0].x0) * 512 <= SMALL_PIXELS
        taken += [each.id for each in together]
    assert sorted(taken) == first


def test_a_worker_of_one_lane_takes_one_tile() -> None:
    assert room(1) == 1 and room(2) == 6


def test_small_tiles_of_an_analysed_frame_are_made_side_by_side(server: Server) -> None:
    frame, settings = picture(6), AnalysisSettings(depth="pair")
    with Client(server.address) as client:
        tile(client, frame, settings=settings)
        boxes = list(frame.data.tiles(96, 16))  # one above the other: none continues another
        for part in client.tiles(frame, settings, Controls(), boxes, OUTPUTS):
            prove(part, frame, settings, Controls(), part.box)


def neighbours_behind_two_slow_tiles(client: Client, frame: Frame, settings: AnalysisSettings) -> list[Any]:
    """Four tiles side by side that wait in the worker while both lanes write something slowly."""
    tile(client, frame, settings=settings, box=Box.of_size(8, 8))
    slow = AnalysisSettings(depth="write-0.4")
    tile(client, frame, settings=slow, box=Box.of_size(8, 8))
    for x in (0, 40):
        client.submit(frame, slow, Controls(), Box(x, 0, x + 8, 8), OUTPUTS)
    boxes = Box(0, 8, 96, 56).tiles(24, 48)
    return [client.submit(frame, settings, Controls(), box, OUTPUTS) for box in boxes]


def test_small_tiles_that_wait_side_by_side_are_made_as_one(server: Server) -> None:
    frame = picture(6)
    with Client(server.address) as client:
        first, *waiting = neighbours_behind_two_slow_tiles(client, frame, AnalysisSettings())
        client.cancel(first)
        found = [client.result(pending) for pending in waiting]
    for part, pending in zip(found, waiting, strict=True):
        prove(part, frame, AnalysisSettings(), Controls(), pending.message.box)
    assert max(part.stats["width"] for part in found) > 24


@pytest.mark.parametrize(("engine", "wanted"), [("make", "lane"), ("make_single", "MainThread")])
def test_one_tile_at_a_time_is_made_in_the_thread_that_took_the_device(
    start_server: StartServer, engine: str, wanted: str
) -> None:
    with Client(start_server(engine=f"synthetic:{engine}").address) as client:
        threads = [tile(client, picture(), controls=Controls(sculpt=gain)).stats["thread"] for gain in (0.5, 1.5)]
    assert threads[0] == "MainThread" and threads[1].startswith(wanted)


def test_what_fails_as_one_is_made_alone(server: Server) -> None:
    frame, settings = picture(6), AnalysisSettings(depth="narrow")
    with Client(server.address) as client:
        waiting = neighbours_behind_two_slow_tiles(client, frame, settings)
        for pending in waiting:
            prove(client.result(pending), frame, settings, Controls(), pending.message.box)
    assert "too wide" in server.log()
