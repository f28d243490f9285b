"""What a server of another version would make otherwise, or pass over in silence: another picture than asked for."""

from __future__ import annotations

from host_bridge.core.errors import ProtocolError
from host_bridge.core.params import Controls
from host_bridge.core.recipe import art3d_version
from host_bridge.wire.settings import AnalysisSettings

_UNKNOWN = "art3d unknown"
"""What a server says that runs from a checkout which is not installed."""


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


def validate_version(server: str) -> None:
    """Whether a server makes the pictures of this version, as their recipe says.

    Args:
        server: its name and version, as its welcome says them.

    Raises:
        ProtocolError: it is of another version.
    """
    here = f"art3d {art3d_version()}"
    if server not in (here, _UNKNOWN if here == "art3d 0" else here):
        raise ProtocolError(
            f"the server is {server} and this command {here}: its pictures may be others than their recipe says",
            remedy="install the same on both sides",
        )
