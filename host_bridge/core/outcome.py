"""What becomes of a command: its exit code, and one line where it does not end well."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Callable

from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_BUG, EXIT_INTERRUPTED, Art3DError
from host_bridge.core.printable import printable

_WRITING = (errno.EPIPE, errno.ENOSPC, errno.EIO)
_OF_A_PATH = (
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP,
    errno.ENOSPC, errno.EDQUOT, errno.ESTALE,
)  # fmt: skip


def run_to_exit_code(program: str, command: Callable[[], int], *, interrupted: str) -> int:
    """Runs a command of a program; whatever it raises becomes one line on standard error and an exit code.

    Args:
        program: its name, as people call it.
        command: gives its own exit code.
        interrupted: what the line says when a person stopped it.
    """
    try:
        return command()
    except Art3DError as error:
        _tell(program, error)
        return error.exit_code
    except KeyboardInterrupt:
        _tell(program, interrupted)
        return EXIT_INTERRUPTED
    except OSError as error:
        if error.filename is None and error.errno in _WRITING:
            if error.errno != errno.EPIPE:
                _tell(program, f"{error.strerror}; free some space, or write elsewhere")
            # Nobody reads our output any more (`art3d … | head`), or its disk is full; Python would try once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_BUG
        if error.filename is None or error.errno not in _OF_A_PATH:
            return _bug(program, error)
        logging.getLogger(__name__).info("where a path failed", exc_info=error)
        check = "check the path, who may read and write there, and how full its disk is"
        _tell(program, f"{os.fsdecode(error.filename)}: {error.strerror}; {check}")
        return EXIT_BAD_INPUT
    except Exception as error:
        return _bug(program, error)


def _bug(program: str, error: Exception) -> int:
    logging.getLogger(__name__).info("a fault of Art3D itself", exc_info=error)
    _tell(program, f"a fault of Art3D itself: {type(error).__name__}: {error}; run again with --verbose and report it")
    return EXIT_BUG


def _tell(program: str, message: object) -> None:
    with contextlib.suppress(OSError):  # nobody may read that stream either
        print(f"{program}: {printable(message)}", file=sys.stderr)
