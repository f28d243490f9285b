"""Where a person says that a server is: an option or `$ART3D_SERVER`, proved before anything waits for an answer."""

from __future__ import annotations

import os
import re

from host_bridge.core.errors import BadInputError

VARIABLE = "ART3D_SERVER"
IPC = "ipc://"
LONGEST_SOCKET = 107
"""Bytes of a socket's name that the kernel takes."""
_TCP = re.compile(r"tcp://(?:[\w.-]+|\[[0-9a-fA-F:.]+(?:%\w+)?\]):(\d{1,5})")


def named_address(address: str | None) -> str | None:
    """The server that a caller names, else `$ART3D_SERVER`; None where neither does.

    Raises:
        BadInputError: it is no address.
    """
    if address:
        return _validated(address, "--server")
    variable = os.environ.get(VARIABLE, "").strip()
    return _validated(variable, f"${VARIABLE}") if variable else None


def is_ipv6(address: str) -> bool:
    """Whether a tcp address names its host by number, in brackets."""
    return address.startswith("tcp://[")


def _validated(address: str, source: str) -> str:
    path = address.removeprefix(IPC)
    tcp = _TCP.fullmatch(address)
    if tcp and 1 <= int(tcp[1]) <= 65535:
        return address
    if path != address and path and len(os.fsencode(path)) <= LONGEST_SOCKET:
        return address
    raise BadInputError(
        f'"{address}" is not a server address', where=source, remedy="write tcp://HOST:PORT or ipc:///PATH"
    )
