"""CURVE and ZAP: off this machine the server answers only clients whose public key it has been given."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import zmq
from zmq.auth.thread import ThreadAuthenticator

from host_bridge.errors import Art3DError, ServerError
from host_bridge.keyring import ALLOWED, SERVER, load_public, load_secret

log = logging.getLogger(__name__)
DOMAIN = "art3d"
REMEDY = "make them with `art3d keys`, and name their folder with --keys"


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
        self._folder = Path(folder)
        try:
            self._public, self._secret = load_secret(self._folder / f"{SERVER}.key_secret")
        except Art3DError as error:
            raise ServerError(error.message, where=error.where, remedy=error.remedy) from None
        self.allowed = self._read_allowed()
        if not self.allowed:
            where = str(self._folder / ALLOWED)
            raise ServerError("no client is allowed", where=where, remedy="put the clients' .key files there")
        self.context: zmq.Context[Any] = zmq.Context()
        self._authenticator = ThreadAuthenticator(self.context, log=log)
        self._authenticator.start()
        self._authenticator.configure_curve_callback(DOMAIN, credentials_provider=self)

    def _read_allowed(self) -> dict[bytes, str]:
        folder = self._folder / ALLOWED
        return {load_public(path): path.stem for path in sorted(folder.glob("*.key"))} if folder.is_dir() else {}

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether the client with this key (Z85 text) may come in, by the list as it is now.

        While a key of the list cannot be read, the list that was read last holds.
        """
        try:
            self.allowed = self._read_allowed()
        except (Art3DError, OSError) as error:
            log.warning("%s", error)
        name = self.allowed.get(key)
        if name is None:
            log.warning("a client with key %s is refused", key.decode(errors="replace"))
        else:
            log.info("client %s is let in", name)
        return name is not None

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Makes a socket demand CURVE."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)

    def stop(self) -> None:
        """Ends the authentication thread."""
        self._authenticator.stop()
