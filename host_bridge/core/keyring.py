"""CURVE keys: who may talk to a server that other machines can reach.

Files are those of `zmq.auth`: NAME.key (public) and NAME.key_secret, text, the latter for its owner only.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import zmq
import zmq.auth

from host_bridge.core.errors import BadInputError
from host_bridge.core.regular import read_regular

SERVER = "server"
ALLOWED = "allowed"
KEY_FILE_BYTES = 64 << 10
_KEY = re.compile(r'^\s*(public|secret)-key\s*=\s*"([0-9a-zA-Z.:+=^!/*?&<>()\[\]{}@%$#-]{40})"\s*$', re.MULTILINE)


@dataclass(frozen=True)
class ClientKeys:
    """What a client needs: its own pair and the server's public key."""

    public: bytes
    secret: bytes
    server: bytes

    @property
    def public_text(self) -> str:
        """The client's public key, as the server's list names it."""
        return self.public.decode()

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Makes a socket speak CURVE."""
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)


def make_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Makes a new pair; returns the public and the secret file.

    Raises:
        BadInputError: a pair of that name exists, or the folder cannot be written.
    """
    if not name or name != Path(name).name or name.startswith("."):
        raise BadInputError(f"{name!r} is not a name for a key", remedy="give a plain word")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / f"{name}.key_secret").exists():
            raise BadInputError("there is a key of that name", where=str(folder / name), remedy="choose another name")
        before = os.umask(0o077)
        try:
            public, secret = zmq.auth.create_certificates(folder, name)
        finally:
            os.umask(before)
    except OSError as error:
        raise BadInputError(f"the key cannot be written: {error.strerror}", where=str(folder),
                            remedy="give a folder of your own") from None  # fmt: skip
    return Path(public), Path(secret)


def load_secret(path: Path) -> tuple[bytes, bytes]:
    """The pair in a secret file.

    Raises:
        BadInputError: missing, unreadable, or readable by others.
    """
    _validate_private(path)
    public, secret = _load(path)
    if secret is None:
        raise BadInputError("the file holds no secret key", where=str(path), remedy="name the .key_secret file")
    return public, secret


def load_public(path: Path) -> bytes:
    """The public key in a file.

    Raises:
        BadInputError: missing or unreadable.
    """
    return _load(path)[0]


def client_keys(own: Path, server: Path) -> ClientKeys:
    """The client's keys from its secret file and the server's public file.

    Raises:
        BadInputError: as `load_secret`.
    """
    public, secret = load_secret(own)
    return ClientKeys(public, secret, load_public(server))


def from_environment() -> ClientKeys | None:
    """The keys that $ART3D_KEY (own secret file) and $ART3D_SERVER_KEY (server's public file) name; None without both.

    Raises:
        BadInputError: one of them alone, with which nothing would be encrypted; or as `client_keys`.
    """
    own, server = os.environ.get("ART3D_KEY"), os.environ.get("ART3D_SERVER_KEY")
    if not (own or server):
        return None
    if own and server:
        return client_keys(Path(own), Path(server))
    named, other = ("$ART3D_KEY", "$ART3D_SERVER_KEY") if own else ("$ART3D_SERVER_KEY", "$ART3D_KEY")
    raise BadInputError(f"{named} is set and {other} is not", where=other, remedy="set both, or neither")


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        text = read_regular(path, limit_bytes=KEY_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        text = ""
    found = {name: key.encode() for name, key in _KEY.findall(text)}
    if "public" not in found:
        raise BadInputError("no key can be read", where=str(path), remedy="make one with `art3d keys`")
    return found["public"], found.get("secret")


def _validate_private(path: Path) -> None:
    try:
        found = path.stat()
    except OSError:
        return
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise BadInputError("others may read this secret key", where=str(path), remedy=f"chmod 600 {path}")
