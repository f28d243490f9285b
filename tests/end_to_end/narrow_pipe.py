"""A command that cannot end before its test has read what it prints."""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import Any

PIPE_BYTES = 4096


def start_held(words: list[str], **more: Any) -> subprocess.Popen[str]:
    """Starts `words` with its output in a pipe of one page, which nobody reads before `communicate`.

    A render of forty frames with `--json` prints three pages, so it waits in the middle of its work for as long as the
    test likes: the signal that is sent then always finds it running.
    """
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    child = subprocess.Popen(words, stdout=writing, stderr=subprocess.PIPE, text=True, **more)
    os.close(writing)
    child.stdout = os.fdopen(reading)
    return child
