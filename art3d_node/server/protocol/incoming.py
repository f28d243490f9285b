"""A message of a client, as the session's parts get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")


@dataclass(frozen=True)
class Incoming(Generic[M]):
    """One message.

    Attributes:
        peer: the connection it came from.
        id: the client's number for this request; replies carry the same.
        payload: its second part.
        now_s: when it came, s.
        source: the process, address or key that the connection belongs to.
    """

    peer: bytes
    id: int
    message: M
    payload: memoryview | None
    now_s: float
    source: str
