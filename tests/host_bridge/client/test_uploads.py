"""How much a client writes between two announcements to its server."""

from __future__ import annotations

import pytest

from host_bridge.client.uploads import LEAST_STEP_BYTES, MOST_STEP_BYTES, worth_announcing

PART = 4 << 20


def announced(nbytes: int) -> list[int]:
    """Where a client says how far it is, which writes in parts."""
    found = [0]
    for end in range(PART, nbytes, PART):
        if end - found[-1] >= worth_announcing(nbytes - end):
            found.append(end)
    return found[1:]


@pytest.mark.parametrize("mib", [1, 5, 10, 33, 63, 64, 126, 500])
def test_a_plate_is_announced_early_seldom_and_up_to_its_end(mib: int) -> None:
    places = announced(mib << 20)
    steps = [later - earlier for earlier, later in zip([0, *places], places, strict=False)]
    assert all(LEAST_STEP_BYTES <= step <= MOST_STEP_BYTES for step in steps)
    assert (mib << 20) - [0, *places][-1] <= LEAST_STEP_BYTES + PART, "what the server does last"
    assert len(places) <= 8 + mib // 16
    assert not places or places[0] <= PART + (mib << 20) // 5
