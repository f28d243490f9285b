"""Messages ⇄ bytes: one msgpack map with its keys in order. No socket, no pickle, no extension types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgpack

from host_bridge.core.errors import Art3DError, LimitError, ProtocolError, from_wire, to_wire
from host_bridge.wire import messages as m
from host_bridge.wire.kinds import REPLIES, REQUESTS
from host_bridge.wire.limits import HEADER_BYTES, NESTING
from host_bridge.wire.schema import from_map, to_map

KINDS: dict[str, type] = dict(sorted({**REQUESTS, **REPLIES}.items()))
NAMES: dict[type, str] = {kind: name for name, kind in KINDS.items()}
ID_LIMIT = 1 << 63
_TEXT = frozenset({str})


@dataclass(frozen=True)
class Envelope:
    """A message and the number of the request it belongs to, chosen by the client; replies carry the same."""

    id: int
    message: Any


@dataclass(frozen=True)
class Unknown:
    """A kind of message that this version does not know. Never encoded."""

    kind: str


def encode(request_id: int, message: Any) -> bytes:
    """The bytes of a message.

    Raises:
        KeyError: not a message of this protocol.
    """
    fields = to_map(message)
    fields["id"] = request_id
    fields["kind"] = NAMES[type(message)]
    packed: bytes = msgpack.packb({key: fields[key] for key in sorted(fields)}, use_bin_type=True)
    return packed


def decode(data: bytes | memoryview, *, limit_bytes: int = HEADER_BYTES) -> Envelope:
    """The message in these bytes; an unknown kind becomes `Unknown`.

    Raises:
        ProtocolError: not a message.
        LimitError: larger or deeper than the wire allows.
    """
    found = _unpack(data, limit_bytes)
    request_id, kind = found.get("id"), found.get("kind")
    if type(request_id) is not int or not 0 <= request_id < ID_LIMIT:
        raise ProtocolError("the message has no id", remedy="see docs/protocol.md")
    if type(kind) is not str or len(kind) > 64:
        raise ProtocolError("the message has no kind", remedy="see docs/protocol.md")
    if kind not in KINDS:
        return Envelope(request_id, Unknown(kind))
    return Envelope(request_id, from_map(KINDS[kind], found, kind))


def request_id_of(data: bytes | memoryview) -> int:
    """The id in a message that does not decode otherwise, so that the refusal reaches its request; else 0."""
    try:
        number = _unpack(data, HEADER_BYTES).get("id")
    except Art3DError:
        return 0
    return number if type(number) is int and 0 <= number < ID_LIMIT else 0


def failure(error: Art3DError) -> m.Failure:
    """The message that carries an error."""
    return m.Failure(**to_wire(error))


def error_of(message: m.Failure) -> Art3DError:
    """The error that a message carries."""
    return from_wire(to_map(message))


def _unpack(data: bytes | memoryview, limit_bytes: int) -> dict[str, Any]:
    if len(data) > limit_bytes:
        raise LimitError(f"a header of {len(data)} bytes", remedy=f"the limit header_bytes is {limit_bytes}")
    try:
        found = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_ext_len=0,
            ext_hook=_refuse_extension,
            object_pairs_hook=_unique,
        )
    except Art3DError:
        raise
    except (ValueError, TypeError, UnicodeDecodeError, OverflowError, msgpack.UnpackException) as error:
        reason = str(error) or type(error).__name__
        raise ProtocolError(
            f"the header is not strict msgpack: {reason[:200]}", remedy="see docs/protocol.md"
        ) from None
    if type(found) is not dict:
        raise ProtocolError("the header is not a map", remedy="see docs/protocol.md")
    _validate_depth(found)
    return found


def _refuse_extension(code: int, _data: bytes) -> Any:
    raise ProtocolError(f"extension type {code}", remedy="the wire carries no extension types")


def _unique(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProtocolError("a map names a key twice", remedy="name every key once")
    if not _TEXT.issuperset(map(type, found)):
        raise ProtocolError("a map has a key that is not a text", remedy="keys are texts")
    return found


def _validate_depth(top: Any) -> None:
    level = [top]
    for _ in range(NESTING):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in (dict, list)
        ]
        if not level:
            return
    raise LimitError("the header is nested too deeply", remedy=f"the limit nesting is {NESTING}")
