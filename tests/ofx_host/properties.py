"""Property sets of the test host, typed and strict, with faults on demand."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any

from tests.ofx_host import abi

Fault = Callable[[str, str], bool]  # (property, "get" or "set") → answer kOfxStatErrUnknown


class PropertySet:
    """Names and their values. `known` limits what may be set or read; None allows everything."""

    def __init__(self, **values: Any) -> None:
        self.values: dict[str, list[Any]] = {}
        for name, value in values.items():
            self.put(name, value)
        self._kept: list[Any] = []

    def put(self, name: str, value: Any) -> None:
        """Sets a value or a list of values."""
        self.values[name] = list(value) if isinstance(value, (list, tuple)) else [value]

    def get(self, name: str, default: Any = None) -> Any:
        """The only value, or the list of several."""
        found = self.values.get(name)
        if found is None:
            return default
        return found[0] if len(found) == 1 else found

    def keep(self, text: str) -> bytes:
        """The text as bytes that live as long as this set."""
        data = text.encode()
        self._kept.append(data)
        return data


def make_suite(objects: Callable[[int], Any], fault: Fault) -> abi.PropertySuite:  # type: ignore[valid-type]
    """The property suite over a table of objects."""
    functions: dict[str, Any] = {}
    for name, kind in abi._SET:
        functions[f"propSet{name}"] = _setter(objects, fault, kind)
        functions[f"propSet{name}N"] = _setter_n(objects, fault, kind)
        functions[f"propGet{name}"] = _getter(objects, fault, kind)
        functions[f"propGet{name}N"] = _getter_n(objects, fault, kind)
    functions["propReset"] = lambda handle, name: abi.ERR_UNKNOWN
    functions["propGetDimension"] = lambda handle, name, count: abi.ERR_UNKNOWN
    kinds = dict(abi.PropertySuite._fields_)  # type: ignore[arg-type]
    return abi.PropertySuite(**{name: kinds[name](function) for name, function in functions.items()})


def _set_of(objects: Callable[[int], Any], handle: Any) -> PropertySet | None:
    found = objects(handle)
    return found if isinstance(found, PropertySet) else getattr(found, "properties", None)


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _setter(objects: Callable[[int], Any], fault: Fault, kind: Any) -> Any:
    def put(handle: Any, name: bytes, index: int, value: Any) -> int:
        found = _set_of(objects, handle)
        if found is None:
            return abi.ERR_BAD_HANDLE
        if fault(name.decode(), "set"):
            return abi.ERR_UNKNOWN
        values = found.values.setdefault(name.decode(), [])
        values.extend([None] * (index + 1 - len(values)))
        values[index] = _plain(value)
        return abi.OK

    return put


def _setter_n(objects: Callable[[int], Any], fault: Fault, kind: Any) -> Any:
    def put(handle: Any, name: bytes, count: int, value: Any) -> int:
        found = _set_of(objects, handle)
        if found is None:
            return abi.ERR_BAD_HANDLE
        if fault(name.decode(), "set"):
            return abi.ERR_UNKNOWN
        found.values[name.decode()] = [_plain(value[i]) for i in range(count)]
        return abi.OK

    return put


def _getter(objects: Callable[[int], Any], fault: Fault, kind: Any) -> Any:
    read = _getter_n(objects, fault, kind)

    def get(handle: Any, name: bytes, index: int, value: Any) -> int:
        return int(read(handle, name, 1, value, index))

    return get


def _getter_n(objects: Callable[[int], Any], fault: Fault, kind: Any) -> Any:
    def get(handle: Any, name: bytes, count: int, value: Any, first: int = 0) -> int:
        found = _set_of(objects, handle)
        if found is None:
            return abi.ERR_BAD_HANDLE
        values = found.values.get(name.decode())
        if values is None or fault(name.decode(), "get"):
            return abi.ERR_UNKNOWN
        if first + count > len(values):
            return abi.ERR_BAD_INDEX
        for i in range(count):
            item = values[first + i]
            if kind is c.c_char_p:
                if item is None:  # a fault kept the text from being set
                    return abi.ERR_UNKNOWN
                value[i] = found.keep(item)
            elif kind is c.c_void_p:
                value[i] = item
            else:
                value[i] = kind(item).value
        return abi.OK

    return get
