"""What an older server would pass over in silence, so that the picture would be another than the one asked for."""

from __future__ import annotations

from host_bridge.core.errors import ProtocolError
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings


def validate_age(protocol: tuple[int, int], settings: AnalysisSettings, controls: Controls) -> None:
    """Holds a request against what the server's protocol knows.

    Raises:
        ProtocolError: the server is too old for a setting or a knob.
    """
    since = (
        ((1, 1), settings.proxy > 1, "proxies", "ask for the whole plate"),
        ((1, 2), controls.matte != "input", "Sculpt Where = people", "bring a matte"),
        ((1, 3), controls.floating_window != "off", "a floating window", "switch it off"),
        ((1, 5), controls.depth_budget != "soft", "Depth Budget = none", "set a wide budget"),
    )
    for version, needed, feature, instead in since:
        if needed and protocol < version:
            raise ProtocolError(f"this server is too old for {feature}", remedy=f"update it, or {instead}")
