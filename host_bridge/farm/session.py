"""One server for a whole farm session: started when the session begins, stopped when it ends.

The server's socket lives in a short folder of its own (a session's working folder is often longer than a socket
path may be); a note in the session's folder says where, so that the end finds what the beginning made.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from host_bridge.embedded import ensure_server, ping
from host_bridge.errors import BadInputError

NOTE = "art3d-session.json"
IDLE_TIMEOUT_S = 24 * 3600.0
STOP_TIMEOUT_S = 20.0


def start_session(folder: Path, *, device: str = "auto") -> str:
    """Starts the session's server, or finds the one that an earlier start made; returns its address.

    Raises:
        BadInputError: the session's folder cannot be used.
        ServerUnreachableError: the server does not start.
    """
    note = folder / NOTE
    known = _read(note)
    if known and ping(known["address"]):
        return known["address"]
    home = Path(tempfile.mkdtemp(prefix="art3d-session-"))
    # The server that this process starts takes its place from here; nobody else shares that folder.
    os.environ["ART3D_RUNTIME_DIR"] = str(home)
    address = ensure_server(device, idle_timeout_s=IDLE_TIMEOUT_S).address
    try:
        note.write_text(json.dumps({"address": address, "home": str(home)}), encoding="utf-8")
    except OSError as error:
        _end(address, home)
        raise BadInputError(
            f"the session's folder cannot be written: {error.strerror}", where=str(folder), remedy="name another"
        ) from error
    return address


def stop_session(folder: Path) -> bool:
    """Stops the session's server and removes its traces; False when there was none."""
    note = folder / NOTE
    known = _read(note)
    if not known:
        return False
    _end(known["address"], Path(known["home"]))
    note.unlink(missing_ok=True)
    return True


def _read(note: Path) -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(note.read_text(encoding="utf-8"))
        if isinstance(known, dict) and {"address", "home"} <= known.keys():
            return known
    return {}


def _end(address: str, home: Path) -> None:
    pong = ping(address)
    if pong is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pong.pid, signal.SIGTERM)
            _await_end(pong.pid)
    shutil.rmtree(home, ignore_errors=True)


def _await_end(pid: int) -> None:
    end = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < end:
        os.kill(pid, 0)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
