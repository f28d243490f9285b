"""What one check of `art3d doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        ok: whether it works.
        message: what was found.
        remedy: what to do about it.
        server: whether the fault is the server's.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
    server: bool = False
