"""The listening sockets: made by the process that keeps watch, handed to the one that serves."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from urllib.parse import urlsplit

from host_bridge.core.errors import ServerError

BACKLOG = 1024
IPC = "ipc://"


def listen(address: str) -> tuple[socket.socket, str]:
    """A listening socket, and the address with the port that it got.

    Raises:
        ServerError: the address cannot be read or used.
    """
    try:
        return _ipc(address.removeprefix(IPC)) if address.startswith(IPC) else _tcp(address)
    except OSError as error:
        raise ServerError(f"cannot listen there: {error.strerror or error}", where=address,
                          remedy="choose another address, or stop the program that uses it") from None  # fmt: skip


def _ipc(path: str) -> tuple[socket.socket, str]:
    # The caller holds the lock of this address, so a socket that lies there is a dead server's.
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ServerError("another file is there", where=path, remedy="choose another address")
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener, IPC + path


def host_port(address: str) -> tuple[str, int]:
    """Host and port of a tcp address; port 0 for one that is free, host "" for all interfaces.

    Raises:
        ServerError: it is no such address.
    """
    wrong = ServerError("not an address to listen on", where=address[:200],
                        remedy="give ipc://PATH or tcp://HOST:PORT, with [::1] in brackets")  # fmt: skip
    if not address.startswith("tcp://"):
        raise wrong
    try:
        parts = urlsplit(address.replace(":*", ":0"))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if host is None or port is None or parts.path or parts.query or parts.username:
        raise wrong
    return "" if host == "*" else host, port


def _tcp(address: str) -> tuple[socket.socket, str]:
    host, port = host_port(address)
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, where = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind | socket.SOCK_CLOEXEC, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    name, number = listener.getsockname()[:2]
    return listener, f"tcp://[{name}]:{number}" if ":" in name else f"tcp://{name}:{number}"
