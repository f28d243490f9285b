"""Where a server listens, what it locks and where it logs."""

from __future__ import annotations

import fcntl
import logging
import logging.handlers
import os
import stat
from urllib.parse import urlsplit

from host_bridge.core.errors import ServerError
from host_bridge.core.printable import PrintableFormatter

LOG_BYTES = 4 << 20
LOG_COUNT = 3


def control_address(address: str) -> str:
    """The control socket beside an address: another file, or a free port of the same interface."""
    if address.startswith("ipc://"):
        return address + ".ctl"
    return f"{address.rpartition(':')[0]}:0"


def is_local(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return address.startswith("ipc://") or urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


def validate_folder(address: str) -> None:
    """Proves that only this user can reach an ipc address.

    Raises:
        ServerError: its folder is missing, another's, a link, or open to others.
    """
    folder = os.path.dirname(address.removeprefix("ipc://"))
    try:
        found = os.lstat(folder)
    except OSError as error:
        message = f"the folder cannot be used: {error.strerror}"
        raise ServerError(message, where=folder, remedy="make it, of mode 0700") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ServerError("the folder is not this user's alone", where=folder, remedy="make it a folder of mode 0700")


def lock(path: str) -> int:
    """Takes the lock of an address; it is free again when this process ends, however it ends.

    Raises:
        ServerError: another server has it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise ServerError("another server listens there", where=path, remedy="use that one, or stop it first") from None
    return fd


class QuietHandler(logging.handlers.RotatingFileHandler):
    """A rotating log that goes on when its disk is full: the server matters more than its log."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Drops the line."""


class FollowingHandler(logging.handlers.WatchedFileHandler):
    """Appends to a log that another process rotates."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Drops the line."""


def log_to(path: str, *, rotates: bool = True) -> None:
    """Logs to a file, or to the terminal when there is no path; one of the processes that share a file `rotates` it."""
    handler: logging.Handler = logging.StreamHandler()
    if path:
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            file_handler = (
                QuietHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_COUNT) if rotates else FollowingHandler(path)
            )
            handler = file_handler
        except OSError:
            handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False
