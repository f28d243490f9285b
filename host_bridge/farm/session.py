"""One server for a whole farm session: started when the session begins, stopped when it ends.

The session has a runtime folder of its own, which `$ART3D_RUNTIME_DIR` names to every task: a task finds the session's
server there, or starts it again where it died. The folder is short, since a socket's path may not be as long as a
session's working folder often is; a note in the working folder says where it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from host_bridge.client.server_process import ensure_server, running
from host_bridge.core.atomic import replacing
from host_bridge.core.errors import BadInputError

NOTE = "art3d-session.json"
PREFIX = "art3d-session-"
IDLE_TIMEOUT_S = 24 * 3600.0
STOP_TIMEOUT_S = 20.0


def start_session(folder: Path, *, device: str = "auto") -> Path:
    """Starts the session's server, or finds the one that an earlier start made; returns its runtime folder.

    Raises:
        BadInputError: the session's folder cannot be used.
        ServerUnreachableError: the server does not start.
    """
    if not folder.is_dir():
        raise BadInputError("the session's folder is not there", where=str(folder), remedy="name another")
    home = _home(folder) or Path(tempfile.mkdtemp(prefix=PREFIX))
    with replacing(folder / NOTE) as temporary:
        temporary.write_text(json.dumps({"home": str(home)}), encoding="utf-8")
    # The server that this process starts takes its place from here; nobody else shares that folder.
    os.environ["ART3D_RUNTIME_DIR"] = str(home)
    try:
        ensure_server(device, idle_timeout_s=IDLE_TIMEOUT_S)
    except BaseException:
        stop_session(folder)
        raise
    return home


def stop_session(folder: Path) -> bool:
    """Stops the session's server and removes its traces; False when there was none."""
    home = _home(folder)
    (folder / NOTE).unlink(missing_ok=True)
    if home is None:
        return False
    os.environ["ART3D_RUNTIME_DIR"] = str(home)
    for pong in running().values():
        with contextlib.suppress(psutil.NoSuchProcess):
            _end(psutil.Process(pong.pid))
    shutil.rmtree(home, ignore_errors=True)
    return True


def _home(folder: Path) -> Path | None:
    """The runtime folder that the note names, when it is there and this user's own."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        home = Path(json.loads((folder / NOTE).read_text(encoding="utf-8"))["home"])
        is_own = home.name.startswith(PREFIX) and home.is_dir() and not home.is_symlink()
        if is_own and home.stat().st_uid == os.geteuid():
            return home
    return None


def _end(process: psutil.Process) -> None:
    process.terminate()
    end_s = time.monotonic() + STOP_TIMEOUT_S
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end_s:
            process.kill()
            return
        time.sleep(0.05)
