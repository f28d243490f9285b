"""Who connections belong to, as far as it can be told, and what is counted for each."""

from __future__ import annotations

import os
import socket
import struct
from collections import OrderedDict
from dataclasses import dataclass

BAN_S = 10.0
KNOWN = 4096
_CREDENTIALS = struct.Struct("3i")


@dataclass(eq=False)
class Account:
    """One source of connections: a process of this machine, an address, or a key.

    Attributes:
        name: as logs and the status tell it.
        shared: whether several unrelated clients may hide behind it, so that nobody pays for the others.
        connections: those open now.
        held_bytes: memory for large messages that are coming in.
        served_s: virtual time of the work done for it; whoever has had least comes first.
        banned_until_s: until when it is turned away.
    """

    name: str
    shared: bool = False
    connections: int = 0
    held_bytes: int = 0
    served_s: float = 0.0
    banned_until_s: float = 0.0


class Accounts:
    """All accounts that have connections or are banned, bounded in number."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Account] = OrderedDict()

    def of(self, name: str) -> Account:
        """The account of this name."""
        account = self._known.pop(name, None) or Account(name)
        self._known[name] = account
        if len(self._known) > KNOWN:
            oldest = next((n for n, entry in self._known.items() if not entry.connections), None)
            if oldest is not None:
                del self._known[oldest]
        return account

    def of_socket(self, accepted: socket.socket) -> Account:
        """Whose connection this is.

        Behind an address of this machine anybody may be: each of its connections stands for itself.

        Raises:
            PermissionError: another user's.
        """
        if accepted.family == socket.AF_UNIX:
            pid, uid, _ = _CREDENTIALS.unpack(
                accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            if uid not in (0, os.geteuid()):
                raise PermissionError(f"user {uid}")
            return self.of(f"process {pid}")
        host, port = accepted.getpeername()[:2]
        if host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            return Account(f"{host} port {port}", shared=True)
        return self.of(str(host))
