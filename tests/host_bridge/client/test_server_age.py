"""A server too old for what is asked is refused, instead of making another picture."""

from __future__ import annotations

import pytest

from host_bridge.client.server_age import validate_age, validate_version
from host_bridge.core.errors import ProtocolError
from host_bridge.core.params import Controls
from host_bridge.core.recipe import art3d_version
from host_bridge.wire.messages import PROTOCOL
from host_bridge.wire.settings import AnalysisSettings

NEWER = [
    ((1, 1), AnalysisSettings(proxy=2), Controls(), "proxies"),
    ((1, 2), AnalysisSettings(), Controls(matte="people"), "people"),
    ((1, 3), AnalysisSettings(), Controls(floating_window="manual"), "floating window"),
    ((1, 5), AnalysisSettings(), Controls(depth_budget="none"), "Depth Budget"),
]


@pytest.mark.parametrize(("since", "settings", "controls", "what"), NEWER)
def test_what_a_server_would_pass_over_is_refused(
    since: tuple[int, int], settings: AnalysisSettings, controls: Controls, what: str
) -> None:
    with pytest.raises(ProtocolError, match=f"too old.*{what}.*update it"):
        validate_age((since[0], since[1] - 1), settings, controls)
    validate_age(since, settings, controls)
    validate_age(PROTOCOL, settings, controls)


def test_what_every_server_knows_passes() -> None:
    validate_age((1, 0), AnalysisSettings(), Controls())


@pytest.mark.parametrize("server", ["art3d 0.1.0", "art3d 99", "art3d", ""])
def test_a_server_of_another_version_is_no_match(server: str) -> None:
    """A clean plate of 0.1.0 lies on another grid: the same request, another picture."""
    validate_version(f"art3d {art3d_version()}")
    with pytest.raises(ProtocolError, match=r"the server is .*and this command art3d .*; install the same on both"):
        validate_version(server)
