"""The OpenFX C ABI in ctypes: structures, callback types and status codes, as the public specification states them."""

from __future__ import annotations

import ctypes as c
from typing import Any

OK, FAILED, ERR_FATAL, ERR_UNKNOWN, ERR_MISSING_FEATURE, ERR_UNSUPPORTED = range(6)
ERR_BAD_HANDLE, ERR_BAD_INDEX, ERR_VALUE = 9, 10, 11
REPLY_NO, REPLY_DEFAULT = 13, 14

Handle = c.c_void_p
Status = c.c_int
Text = c.c_char_p
Int = c.c_int
Double = c.c_double
Pointer = c.c_void_p


class RectD(c.Structure):
    """A canonical rectangle, y up."""

    _fields_ = [("x1", Double), ("y1", Double), ("x2", Double), ("y2", Double)]


class OfxHost(c.Structure):
    """What a host hands to `setHost`."""

    _fields_ = [("host", Handle), ("fetchSuite", c.CFUNCTYPE(Pointer, Handle, Text, Int))]


class OfxPlugin(c.Structure):
    """What `OfxGetPlugin` gives."""

    _fields_ = [
        ("pluginApi", Text),
        ("apiVersion", Int),
        ("pluginIdentifier", Text),
        ("pluginVersionMajor", c.c_uint),
        ("pluginVersionMinor", c.c_uint),
        ("setHost", c.CFUNCTYPE(None, c.POINTER(OfxHost))),
        ("mainEntry", c.CFUNCTYPE(Status, Text, Handle, Handle, Handle)),
    ]


def suite(name: str, functions: list[tuple[str, list[Any]]], result: Any = Status) -> type[c.Structure]:
    """A suite's structure: function pointers in the published order, each (name, argument types)."""
    fields = [(function, c.CFUNCTYPE(result, *arguments)) for function, arguments in functions]
    return type(name, (c.Structure,), {"_fields_": fields})


def _property(kind: Any, *, count: bool = False) -> list[Any]:
    return [Handle, Text, Int, c.POINTER(kind) if count else kind]


_SET = [("Pointer", Pointer), ("String", Text), ("Double", Double), ("Int", Int)]
PropertySuite = suite(
    "PropertySuite",
    [(f"propSet{name}", _property(kind)) for name, kind in _SET]
    + [(f"propSet{name}N", _property(kind, count=True)) for name, kind in _SET]
    + [(f"propGet{name}", _property(kind, count=True)) for name, kind in _SET]
    + [(f"propGet{name}N", _property(kind, count=True)) for name, kind in _SET]
    + [("propReset", [Handle, Text]), ("propGetDimension", [Handle, Text, c.POINTER(Int)])],
)
Out = c.POINTER(Handle)
ImageEffectSuite = suite(
    "ImageEffectSuite",
    [
        ("getPropertySet", [Handle, Out]),
        ("getParamSet", [Handle, Out]),
        ("clipDefine", [Handle, Text, Out]),
        ("clipGetHandle", [Handle, Text, Out, Out]),
        ("clipGetPropertySet", [Handle, Out]),
        ("clipGetImage", [Handle, Double, c.POINTER(RectD), Out]),
        ("clipReleaseImage", [Handle]),
        ("clipGetRegionOfDefinition", [Handle, Double, c.POINTER(RectD)]),
        ("abort", [Handle]),
        ("imageMemoryAlloc", [Handle, c.c_size_t, Out]),
        ("imageMemoryFree", [Handle]),
        ("imageMemoryLock", [Handle, Out]),
        ("imageMemoryUnlock", [Handle]),
    ],
)
# The variadic functions are declared with the arguments that a plug-in really passes for one value.
ParameterSuite = suite(
    "ParameterSuite",
    [
        ("paramDefine", [Handle, Text, Text, Out]),
        ("paramGetHandle", [Handle, Text, Out, Out]),
        ("paramSetGetPropertySet", [Handle, Out]),
        ("paramGetPropertySet", [Handle, Out]),
        ("paramGetValue", [Handle, Pointer]),
        ("paramGetValueAtTime", [Handle, Double, Pointer]),
        ("paramGetDerivative", [Handle, Double, Pointer]),
        ("paramGetIntegral", [Handle, Double, Double, Pointer]),
        ("paramSetValue", [Handle, Pointer]),
        ("paramSetValueAtTime", [Handle, Double, Pointer]),
        ("paramGetNumKeys", [Handle, c.POINTER(c.c_uint)]),
        ("paramGetKeyTime", [Handle, c.c_uint, c.POINTER(Double)]),
        ("paramGetKeyIndex", [Handle, Double, Int, c.POINTER(Int)]),
        ("paramDeleteKey", [Handle, Double]),
        ("paramDeleteAllKeys", [Handle]),
        ("paramCopy", [Handle, Handle, Double, Pointer]),
        ("paramEditBegin", [Handle, Text]),
        ("paramEditEnd", [Handle]),
    ],
)
MessageSuite = suite(
    "MessageSuite",
    [
        ("message", [Handle, Text, Text, Text, Text]),
        ("setPersistentMessage", [Handle, Text, Text, Text, Text]),
        ("clearPersistentMessage", [Handle]),
    ],
)
MessageSuiteV1 = suite("MessageSuiteV1", [("message", [Handle, Text, Text, Text, Text])])
ProgressSuiteV1 = suite(
    "ProgressSuiteV1",
    [("progressStart", [Handle, Text]), ("progressUpdate", [Handle, Double]), ("progressEnd", [Handle])],
)
ProgressSuite = suite(
    "ProgressSuite",
    [("progressStart", [Handle, Text, Text]), ("progressUpdate", [Handle, Double]), ("progressEnd", [Handle])],
)
