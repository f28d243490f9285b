"""The views of a frame take as many bytes as they may, whichever quality the search begins at."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from simplejpeg import encode_jpeg

from host_bridge.review.pair import Pair
from host_bridge.review.proxies import QUALITIES, Proxy, Usual, frame_script

ROWS, COLUMNS = 270, 480


def uneven(seed: int) -> Pair:
    """Grain that grows from the left to the right edge, so that no column of blocks weighs what another does."""
    chance = np.random.default_rng(seed)
    grain = chance.standard_normal((ROWS, COLUMNS, 3)) * np.linspace(0, 60, COLUMNS)[:, None]
    left = (128 + grain).clip(0, 255).astype(np.uint8)
    return Pair(seed, left, np.ascontiguousarray(left[:, ::-1]))


def weight(script: str) -> int:
    frame = json.loads(script[script.index("{") : script.rindex("}") + 1])
    return sum(len(base64.b64decode(frame[eye].partition(",")[2])) for eye in "lr")


@pytest.mark.parametrize("budget", [40_000, 80_000, 120_000, 10_000_000])
def test_views_are_the_finest_within_the_budget(budget: int) -> None:
    found = {frame_script(uneven(1), Proxy(budget_bytes=budget, usual=Usual(place))) for place in range(len(QUALITIES))}
    assert len(found) == 1
    (script,) = found
    pair = uneven(1)
    weights = [sum(len(encode_jpeg(eye, q, "RGB", "420")) for eye in (pair.left, pair.right)) for q in QUALITIES]
    finest = next((each for each in weights if each <= budget * 3 // 4), weights[-1])
    assert weight(script) == finest


def test_a_larger_budget_brings_finer_views() -> None:
    weights = [weight(frame_script(uneven(2), Proxy(budget_bytes=budget))) for budget in range(40_000, 240_000, 20_000)]
    assert weights == sorted(weights) and len(set(weights)) == len(QUALITIES)


def test_a_part_that_tells_too_little_does_not_exceed_the_budget() -> None:
    """All detail lies where the part does not look."""
    pair = uneven(3)
    for view in (pair.left, pair.right):
        blocks = view[:, : COLUMNS // 16 * 16].reshape(ROWS, -1, 16, 3)
        blocks[:, 4::8] = 128
    assert len(frame_script(pair, Proxy(budget_bytes=100_000))) <= 100_000
