"""Frozen dataclasses ⇄ plain maps, strictly: types, ranges and sizes proved, unknown keys ignored.

A converter is built once per type from its annotations. Whatever does not fit is a `ProtocolError` that names the
field; nothing is coerced except an integer where a float is meant.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from host_bridge.core.errors import LimitError, ProtocolError
from host_bridge.core.geometry import Box
from host_bridge.wire.limits import COORDINATE, LIST_ITEMS, TEXT_BYTES

Reader = Callable[[Any, str], Any]
INT_LIMIT = 1 << 63
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


def to_map(value: Any) -> Any:
    """The plain form of a dataclass, with keys in order of their names at every level."""
    kind: type = type(value)
    return value if kind in _PLAIN else _writer(kind)(value)


@cache
def _writer(kind: type) -> Callable[[Any], Any]:
    if kind is Box:
        return lambda box: list(box.as_tuple())
    if issubclass(kind, (list, tuple)):
        return lambda items: [item if type(item) in _PLAIN else to_map(item) for item in items]
    if issubclass(kind, Mapping):
        return lambda found: {str(key): to_map(found[key]) for key in sorted(found, key=str)}
    return _record_writer(kind) if is_dataclass(kind) else lambda value: value


def _record_writer(kind: type) -> Callable[[Any], dict[str, Any]]:
    plan = _floats(kind)

    def write(record: Any) -> dict[str, Any]:
        found = {}
        for name, always, often in plan:
            value = getattr(record, name)
            found[name] = float(value) if always or (often and value is not None) else to_map(value)
        return found

    return write


@cache
def _floats(kind: type) -> tuple[tuple[str, bool, bool], ...]:
    """Each field's name in order, whether it is a float, and whether it is one unless it is None."""
    return tuple((name, hint is float, float in get_args(hint)) for name, hint in sorted(_hints(kind).items()))


def from_map(kind: type, value: Any, where: str) -> Any:
    """A dataclass from its plain form.

    Raises:
        ProtocolError: a field is missing or of another type or range.
        LimitError: a text or list is longer than the wire allows.
    """
    return _reader(kind)(value, where)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _wrong(where: str, meant: str, value: Any) -> ProtocolError:
    return ProtocolError(f"{where} is {type(value).__name__}, not {meant}", remedy="see docs/protocol.md")


def _read_int(value: Any, where: str) -> int:
    if type(value) is not int or not -INT_LIMIT <= value < INT_LIMIT:
        raise _wrong(where, "a 64-bit integer", value)
    return value


def _read_float(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _wrong(where, "a finite number", value)
    return float(value)


def _read_bool(value: Any, where: str) -> bool:
    if type(value) is not bool:
        raise _wrong(where, "a boolean", value)
    return value


def _read_str(value: Any, where: str) -> str:
    if type(value) is not str:
        raise _wrong(where, "a text", value)
    if len(value) > TEXT_BYTES:
        raise LimitError(f"{where} has {len(value)} characters", remedy=f"the limit text_bytes is {TEXT_BYTES}")
    return value


def _read_box(value: Any, where: str) -> Box:
    if type(value) is not list or len(value) != 4:
        raise _wrong(where, "a box [x0, y0, x1, y1]", value)
    corners = [_read_int(corner, where) for corner in value]
    if max(map(abs, corners)) > COORDINATE:
        raise LimitError(f"{where} is {corners}", remedy=f"the limit coordinate is {COORDINATE} px")
    return Box(*corners)


def _read_mapping(value: Any, where: str) -> Mapping[str, Any]:
    if type(value) is not dict:
        raise _wrong(where, "a map", value)
    return value


_SCALARS: dict[Any, Reader] = {
    int: _read_int,
    float: _read_float,
    bool: _read_bool,
    str: _read_str,
    Box: _read_box,
    Mapping[str, Any]: _read_mapping,
}


@cache
def _reader(kind: Any) -> Reader:
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _choice_reader(args)
    if origin is tuple:
        return _list_reader(_reader(args[0]), None if args[-1] is Ellipsis else len(args))
    if origin in (Union, types.UnionType):
        return _optional_reader(_reader(next(arg for arg in args if arg is not type(None))))
    return _record_reader(kind)


def _choice_reader(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any, where: str) -> Any:
        if type(value) is not str or value not in choices:
            raise _wrong(where, " or ".join(choices), value)
        return value

    return read


def _list_reader(item: Reader, count: int | None) -> Reader:
    def read(value: Any, where: str) -> Any:
        if type(value) is not list or (count is not None and len(value) != count):
            raise _wrong(where, "a list" if count is None else f"a list of {count}", value)
        if len(value) > LIST_ITEMS:
            raise LimitError(f"{where} has {len(value)} items", remedy=f"the limit list_items is {LIST_ITEMS}")
        return tuple(item(part, where) for part in value)

    return read


def _optional_reader(inner: Reader) -> Reader:
    return lambda value, where: None if value is None else inner(value, where)


def _record_reader(kind: type) -> Reader:
    hints = _hints(kind)
    plan = [(f.name, _reader(hints[f.name]), f.default is MISSING and f.default_factory is MISSING)
            for f in fields(kind)]  # fmt: skip

    def read(value: Any, where: str) -> Any:
        found = _read_mapping(value, where)
        arguments = {}
        for name, reader, required in plan:
            if name in found:
                arguments[name] = reader(found[name], f"{where}.{name}")
            elif required:
                raise ProtocolError(f"{where}.{name} is missing", remedy="see docs/protocol.md")
        return kind(**arguments)

    return read
