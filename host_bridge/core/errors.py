"""Every error Art3D raises on purpose, each with a stable wire code and an exit code.

An error is one clear line: what is wrong, where, and what to do. `str(error)` gives that line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from host_bridge.core.printable import printable

EXIT_OK = 0
EXIT_BUG = 1
EXIT_BAD_INPUT = 2
EXIT_SERVER = 3
EXIT_SOME_FRAMES = 4
EXIT_FAULTS = 5
EXIT_INTERRUPTED = 130


class Art3DError(Exception):
    """Root of all errors that are meant for a person.

    Args:
        message: what is wrong, without a final full stop.
        remedy: what to do about it, without a final full stop; may be empty.
        where: the file, frame, box or endpoint it concerns; may be empty.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_BAD_INPUT
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, remedy: str = "", where: str = "") -> None:
        self.message, self.remedy, self.where = message, remedy, where
        super().__init__(message)

    def __str__(self) -> str:
        line = f"{self.where}: {self.message}" if self.where else self.message
        return printable(f"{line}; {self.remedy}" if self.remedy else line)


class BadInputError(Art3DError):
    """An option, a value or a combination that cannot be carried out."""

    code = "bad_input"


class PlateError(BadInputError):
    """A plate that cannot be read: missing, truncated, empty, deep, or of an unusable shape."""

    code = "bad_plate"


class MissingFrameError(PlateError):
    """A frame of the asked range has no file."""

    code = "missing_frame"


class OutputError(BadInputError):
    """A result that cannot be written: full disk, no permission, output equals input."""

    code = "bad_output"


class DepthSourceError(BadInputError):
    """The asked depth source does not exist here or cannot read this plate."""

    code = "bad_depth_source"


class StyleError(BadInputError):
    """A style that is unknown, damaged or of another version."""

    code = "bad_style"


class ShotError(BadInputError):
    """A shot analysis that belongs to another plate, is damaged or of another version."""

    code = "bad_shot"


class LimitError(BadInputError):
    """A message, frame or request beyond a stated limit; the message names the limit."""

    code = "limit"


class ProtocolError(Art3DError):
    """Bytes that are not this protocol, or a version that cannot be spoken."""

    code = "protocol"
    exit_code = EXIT_SERVER


class UnsupportedError(ProtocolError):
    """A message kind that this peer does not know."""

    code = "unsupported"


class UnknownClientError(ProtocolError):
    """The server has not met this client, perhaps because it was started afresh; say hello and ask again."""

    code = "unknown_client"
    retryable = True


class SegmentError(ProtocolError):
    """The server's shared memory cannot be mapped, most likely because the server died; ask again, of its successor."""

    code = "segment"
    retryable = True


class ServerError(Art3DError):
    """The compute server failed while it answered."""

    code = "server"
    exit_code = EXIT_SERVER


class ServerUnreachableError(ServerError):
    """Nobody answers at the endpoint in time."""

    code = "unreachable"
    retryable = True


class BusyError(ServerError):
    """The server is full for the moment; the same request may be sent again."""

    code = "busy"
    retryable = True


class WorkerLostError(ServerError):
    """The worker that held this request died; the same request may be sent again."""

    code = "worker_lost"
    retryable = True


class OutOfMemoryError(ServerError):
    """What a request takes is more than the machine, its control group or its GPU has."""

    code = "out_of_memory"


class NoWorkerError(ServerError):
    """No worker of the server can start."""

    code = "no_worker"


class CancelledError(ServerError):
    """The request was cancelled by its own client."""

    code = "cancelled"


def _tree(root: type[Art3DError]) -> dict[str, type[Art3DError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found.update(_tree(child))
    return found


def to_wire(error: Art3DError) -> dict[str, Any]:
    """The fields of an error as they travel."""
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "where": error.where,
        "retryable": error.retryable,
    }


def from_wire(fields: Mapping[str, Any]) -> Art3DError:
    """The error a peer sent; a code that this version does not know becomes a `ServerError`."""
    kind = _tree(Art3DError).get(str(fields.get("code", "")), ServerError)
    return kind(
        str(fields.get("message", "the server gave no reason")),
        remedy=str(fields.get("remedy", "")),
        where=str(fields.get("where", "")),
    )
