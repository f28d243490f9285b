"""A small OpenFX host: loads the built bundle and drives it through the real life cycle."""

from __future__ import annotations

import ctypes as c
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ofx_host import abi
from tests.ofx_host.pictures import Picture
from tests.ofx_host.profiles import PLAIN, Profile
from tests.ofx_host.properties import PropertySet, make_suite

FILTER, GENERAL = "OfxImageEffectContextFilter", "OfxImageEffectContextGeneral"
Images = Callable[[float, Any], Picture | None]


@dataclass
class Parameter:
    """A parameter: its definition, and a value or a function of time."""

    kind: str
    name: str
    properties: PropertySet = field(default_factory=PropertySet)
    value: Any = None

    def at(self, time: float) -> Any:
        """The value at a time."""
        if callable(self.value):
            return self.value(time)
        return self.properties.get("OfxParamPropDefault") if self.value is None else self.value


@dataclass
class Clip:
    """A clip of an instance: what feeds it, and the only frames that the render under way may fetch."""

    name: str
    properties: PropertySet = field(default_factory=PropertySet)
    rod: tuple[float, float, float, float] = (0, 0, 0, 0)
    images: Images | None = None
    needed: tuple[float, float] | None = None


class ParamSet:
    """The parameters of a descriptor or an instance."""

    def __init__(self) -> None:
        self.params: dict[str, Parameter] = {}
        self.properties = PropertySet()


class Effect:
    """A descriptor or an instance."""

    def __init__(self, *, instance: bool = False) -> None:
        self.properties = PropertySet(OfxPropInstanceData=None) if instance else PropertySet()
        self.clips: dict[str, Clip] = {}
        self.param_set = ParamSet()
        self.abort: Callable[[], bool] = lambda: False
        self.message = ""
        self.messages: list[str] = []
        self.kinds: list[str] = []
        self.progress: list[str | float] = []
        self.progress_reply = abi.OK
        self.open_images = 0
        self.scale = (1.0, 1.0)  # of the render under way


class Host:
    """The host and its suites.

    Args:
        profile: which of the hosts that people have it plays.
        without: (suite name, version) that this host does not have.
        fault: which property accesses answer kOfxStatErrUnknown.
        refuse_clips: clips that the host does not take.
        values: properties of the host itself.
    """

    def __init__(
        self,
        bundle: Path,
        *,
        profile: Profile = PLAIN,
        without: frozenset[tuple[str, int]] = frozenset(),
        fault: Callable[[str, str], bool] = lambda name, way: False,
        refuse_clips: frozenset[str] = frozenset(),
        values: dict[str, Any] | None = None,
    ) -> None:
        self.profile, self.fault, self.refuse_clips = profile, fault, refuse_clips
        self.without = without | profile.without
        self.loads = 0
        self.crimes: list[str] = []  # functions that were called and must not be
        self._objects: dict[int, Any] = {}
        self._ids: dict[int, int] = {}
        self._next = itertools.count(0x1000, 16)
        self._lock = threading.Lock()
        defaults = {
            "OfxImageEffectPropSupportsMultiResolution": 1,
            "OfxImageEffectPropMultipleClipDepths": 1,
            "OfxImageEffectPropTemporalClipAccess": 1,
        }
        told = {**defaults, **profile.properties, **(values or {})}
        self.properties = PropertySet(**{name: value for name, value in told.items() if value is not None})
        self.suites = self._suites()
        self._fetch = abi.OfxHost._fields_[1][1](self._fetch_suite)
        self.struct = abi.OfxHost(self.handle(self.properties), self._fetch)
        self.library = c.CDLL(str(bundle / "Contents" / "Linux-x86-64" / "Art3D.ofx"))
        self.library.OfxGetPlugin.restype = c.POINTER(abi.OfxPlugin)
        assert self.library.OfxSetHost(c.byref(self.struct)) == abi.OK
        assert self.library.OfxGetNumberOfPlugins() == 1
        self.plugin = self.library.OfxGetPlugin(0).contents
        self.plugin.setHost(c.byref(self.struct))

    def handle(self, thing: Any) -> int:
        """The handle of an object, the same every time."""
        with self._lock:
            if id(thing) not in self._ids:
                number = next(self._next)
                self._ids[id(thing)] = number
                self._objects[number] = thing
            return self._ids[id(thing)]

    def forget(self, thing: Any) -> None:
        """Makes an object's handle invalid."""
        with self._lock:
            number = self._ids.pop(id(thing), None)
            self._objects.pop(number or -1, None)

    def of(self, handle: int | None) -> Any:
        """The object behind a handle, or None."""
        return self._objects.get(handle or -1)

    def _fetch_suite(self, host: int, name: bytes, version: int) -> int | None:
        key = (name.decode(), version)
        if key in self.without or key not in self.suites:
            return None
        return c.addressof(self.suites[key])

    def _suites(self) -> dict[tuple[str, int], Any]:
        from tests.ofx_host import suites

        return {
            ("OfxPropertySuite", 1): suites.gapped(
                self, "property", make_suite(self.of, lambda name, way: self.fault(name, way))
            ),
            ("OfxImageEffectSuite", 1): suites.gapped(self, "effect", suites.image_effect(self)),
            ("OfxParameterSuite", 1): suites.gapped(self, "parameter", suites.parameter(self)),
            ("OfxMessageSuite", 1): suites.gapped(self, "message1", suites.message(self, 1)),
            ("OfxMessageSuite", 2): suites.gapped(self, "message", suites.message(self, 2)),
            ("OfxProgressSuite", 1): suites.progress(self, 1),
            ("OfxProgressSuite", 2): suites.gapped(self, "progress", suites.progress(self, 2)),
        }

    def call(
        self, action: str, effect: Any = None, inputs: PropertySet | None = None, outputs: PropertySet | None = None
    ) -> int:
        """Calls the plug-in's main entry."""
        handles = [None if thing is None else self.handle(thing) for thing in (effect, inputs, outputs)]
        try:
            return int(self.plugin.mainEntry(action.encode(), *handles))
        finally:
            for thing in (inputs, outputs):
                if thing is not None:
                    self.forget(thing)

    def load(self) -> int:
        """kOfxActionLoad."""
        status = self.call("OfxActionLoad")
        with self._lock:
            self.loads += status == abi.OK
        return status

    def unload(self) -> int:
        """kOfxActionUnload, as often as it was loaded: one test must not keep anything for the next."""
        while self.loads > 1:
            self.loads -= 1
            assert self.call("OfxActionUnload") == abi.OK
        self.loads = 0
        return self.call("OfxActionUnload")

    def describe(self) -> Effect:
        """kOfxActionDescribe."""
        effect = Effect()
        assert self.call("OfxActionDescribe", effect) == abi.OK
        return effect

    def describe_in_context(self, context: str) -> Effect:
        """kOfxImageEffectActionDescribeInContext on a fresh descriptor."""
        effect = Effect()
        inputs = PropertySet(OfxImageEffectPropContext=context)
        status = self.call("OfxImageEffectActionDescribeInContext", effect, inputs)
        assert status == abi.OK, status
        return effect
