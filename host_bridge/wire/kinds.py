"""Which kinds of messages there are: each names itself where it is defined."""

from __future__ import annotations

REQUESTS: dict[str, type] = {}
REPLIES: dict[str, type] = {}


class Request:
    """What a client sends; `kind` is its name on the wire."""

    def __init_subclass__(cls, *, kind: str) -> None:
        """Makes the kind known."""
        super().__init_subclass__()
        REQUESTS[kind] = cls


class Reply:
    """What a server sends; `kind` is its name on the wire."""

    def __init_subclass__(cls, *, kind: str) -> None:
        """Makes the kind known."""
        super().__init_subclass__()
        REPLIES[kind] = cls
