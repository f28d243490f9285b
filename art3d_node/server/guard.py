"""Keys: off this machine the server answers only clients whose public key is in its list."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from zmq.utils import z85

from art3d_node.server.net.curve import Curve
from host_bridge.core.errors import Art3DError, ServerError
from host_bridge.core.keyring import ALLOWED, SERVER, load_public, load_secret

log = logging.getLogger(__name__)
REMEDY = "make them with `art3d keys`, and name their folder with --keys"
Signature = tuple[tuple[str, int, int, int], ...]


class Guard:
    """The server's key and the list of allowed clients.

    Args:
        folder: holds server.key_secret, and in allowed/ one NAME.key per client.
        address: where the server will listen, for messages.

    Raises:
        ServerError: the folder, the server's key or the list is missing.
    """

    def __init__(self, folder: str, address: str) -> None:
        if not folder:
            raise ServerError("other machines can reach this address, which demands keys", where=address, remedy=REMEDY)
        self._list = Path(folder) / ALLOWED
        try:
            public, secret = load_secret(Path(folder) / f"{SERVER}.key_secret")
        except Art3DError as error:
            raise ServerError(error.message, where=error.where, remedy=error.remedy) from None
        self._public, self._secret = z85.decode(public), z85.decode(secret)
        self.allowed: dict[bytes, str] = {}
        self._read: Signature | None = None
        self._refused = b""
        self.read_list()
        if not self.allowed:
            raise ServerError("no client is allowed", where=str(self._list), remedy="put the clients' .key files there")

    def _signature(self) -> Signature:
        """What tells that the list has changed."""
        with os.scandir(self._list) as entries:
            found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".key")]
        return tuple(sorted((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in found))

    def read_list(self) -> bool:
        """Reads the list again if it has changed; whether it has.

        A file that holds no key lets nobody in, and keeps nobody else out. Without a list nobody comes in.
        """
        try:
            signature = self._signature()
        except OSError as error:
            if self.allowed:
                log.error("%s: the list of keys cannot be read, so nobody is let in: %s", self._list, error.strerror)
            changed, self.allowed, self._read = bool(self.allowed), {}, None
            return changed
        if signature == self._read:
            return False
        self._read, self.allowed = signature, {}
        for name, *_ in signature:
            try:
                self.allowed[load_public(self._list / name)] = Path(name).stem
            except Art3DError as error:
                log.warning("%s; it lets nobody in", error)
        return True

    def admits(self, key: bytes) -> bool:
        """Whether the client with this key (32 bytes) may come in, by the list as it is now."""
        self.read_list()
        text = z85.encode(key)
        if text in self.allowed:
            return True
        if self._refused != text:  # once, not for every try
            self._refused = text
            log.warning("a client with key %s is refused", text.decode())
        return False

    def name_of(self, key: bytes) -> str:
        """The name in the list."""
        name = self.allowed.get(z85.encode(key), "")
        log.info("client %s is let in", name)
        return name

    def mechanism(self) -> Curve:
        """The security of one connection."""
        return Curve(self._public, self._secret, self.admits)
