"""The test host's suites: what the plug-in may call."""

from __future__ import annotations

import ctypes as c
import threading
from typing import Any

from tests.ofx_host import abi
from tests.ofx_host.host import Clip, Effect, Host, Parameter, ParamSet
from tests.ofx_host.pictures import Picture
from tests.ofx_host.properties import PropertySet


def _build(kind: Any, functions: dict[str, Any]) -> Any:
    """A suite; a function that the host does not offer answers kOfxStatErrUnsupported."""
    made = {}
    for name, prototype in kind._fields_:
        made[name] = prototype(functions.get(name, lambda *arguments: abi.ERR_UNSUPPORTED))
    return kind(**made)


def gapped(host: Host, name: str, made: Any) -> Any:
    """A suite with the NULL pointers of the host's profile, and with its functions that must not be called."""
    for function, prototype in made._fields_:
        path = f"{name}.{function}"
        if path in host.profile.null:
            setattr(made, function, prototype())
        elif path in host.profile.poison:
            setattr(made, function, prototype(lambda *arguments, path=path: host.crimes.append(path) or abi.OK))  # type: ignore[func-returns-value]
    return made


def _give(host: Host, out: Any, thing: Any) -> None:
    if out:
        out[0] = host.handle(thing)


class Image(PropertySet):
    """A picture that the host lent."""

    def __init__(self, picture: Picture, aspect: float, owner: Effect, field: str) -> None:
        super().__init__(
            OfxImagePropData=picture.pointer,
            OfxImagePropBounds=picture.bounds,
            OfxImagePropRowBytes=picture.row_bytes,
            OfxImageEffectPropPixelDepth=picture.depth,
            OfxImageEffectPropComponents=picture.components,
            OfxImagePropPixelAspectRatio=aspect,
            OfxImagePropField=field,
            OfxImageEffectPropRenderScale=owner.scale,
        )
        if picture.uid:
            self.put("OfxImagePropUniqueIdentifier", picture.uid)
        self.picture, self.owner = picture, owner


def _lie(host: Host, effect: Effect) -> Any:
    """What a clip gives that nothing feeds."""
    plate = effect.clips["Source"].images
    if host.profile.unconnected == "nothing" or plate is None:
        return None
    if host.profile.unconnected == "plate":
        return plate

    def black(time: float, region: Any) -> Picture | None:
        like = plate(time, region)
        return like and Picture(like.bounds, like.depth, like.components).fill(like.array * 0)

    return black


class _Clips:
    """The functions of OfxImageEffectSuiteV1 that concern clips and their images."""

    def __init__(self, host: Host) -> None:
        self._host, self._lock = host, threading.Lock()

    def functions(self) -> dict[str, Any]:
        """By the suite's names."""
        return {
            "clipDefine": self._define,
            "clipGetHandle": self._get_handle,
            "clipGetPropertySet": self._get_property_set,
            "clipGetImage": self._get_image,
            "clipReleaseImage": self._release_image,
            "clipGetRegionOfDefinition": self._get_region,
        }

    def _define(self, effect: int, name: bytes, out: Any) -> int:
        if name.decode() in self._host.refuse_clips:
            return abi.ERR_UNSUPPORTED
        clip = self._host.of(effect).clips.setdefault(name.decode(), Clip(name.decode()))
        _give(self._host, out, clip.properties)
        return abi.OK

    def _get_handle(self, effect: int, name: bytes, out: Any, properties: Any) -> int:
        clip = self._host.of(effect).clips.get(name.decode())
        if clip is None:
            return abi.ERR_BAD_HANDLE
        _give(self._host, out, clip)
        _give(self._host, properties, clip.properties)
        return abi.OK

    def _get_property_set(self, clip: int, out: Any) -> int:
        _give(self._host, out, self._host.of(clip).properties)
        return abi.OK

    def _get_image(self, clip: int, time: float, region: Any, out: Any) -> int:
        found: Clip = self._host.of(clip)
        if found.needed is not None and not found.needed[0] <= time <= found.needed[1]:
            return abi.FAILED
        owner: Effect = found.owner  # type: ignore[attr-defined]
        feed = found.images or _lie(self._host, owner)
        picture = None if feed is None else feed(time, region[0] if region else None)
        if picture is None:
            return abi.FAILED
        image = self._image(found, picture)
        if self._host.profile.image_is_clip and found.name != "Output":
            # The clip's own set, with what the last caller left in it.
            found.properties.values.update(image.values)
            _give(self._host, out, found.properties)
            return abi.OK
        self._count(owner, +1)
        out[0] = self._host.handle(image)
        return abi.OK

    def _image(self, clip: Clip, picture: Picture) -> Image:
        profile = self._host.profile
        field = clip.properties.get("test.field", profile.field)
        aspect = clip.properties.get("OfxImagePropPixelAspectRatio", 1.0)
        image = Image(picture, aspect, clip.owner, field)  # type: ignore[attr-defined]
        if clip.images is None and profile.unconnected == "null":
            image.put("OfxImagePropData", None)
        return image

    def _count(self, owner: Effect, change: int) -> None:
        with self._lock:  # several threads render one node
            owner.open_images += change

    def _release_image(self, image: int) -> int:
        found = self._host.of(image)
        if self._host.profile.image_is_clip and isinstance(found, PropertySet) and not isinstance(found, Image):
            return abi.OK
        if not isinstance(found, Image):
            return abi.ERR_BAD_HANDLE
        self._count(found.owner, -1)
        self._host.forget(found)
        return abi.OK

    def _get_region(self, clip: int, time: float, out: Any) -> int:
        found: Clip = self._host.of(clip)
        if self._host.profile.silent_region:
            return abi.OK
        lies = found.images is None and self._host.profile.unconnected != "nothing"
        out[0] = abi.RectD(*(found.owner.clips["Source"].rod if lies else found.rod))  # type: ignore[attr-defined]
        return abi.OK


def image_effect(host: Host) -> Any:
    """OfxImageEffectSuiteV1."""

    def get_property_set(effect: int, out: Any) -> int:
        found = host.of(effect)
        if not isinstance(found, Effect):
            return abi.ERR_BAD_HANDLE
        _give(host, out, found.properties)
        return abi.OK

    def get_param_set(effect: int, out: Any) -> int:
        _give(host, out, host.of(effect).param_set)
        return abi.OK

    return _build(
        abi.ImageEffectSuite,
        {
            "getPropertySet": get_property_set,
            "getParamSet": get_param_set,
            **_Clips(host).functions(),
            "abort": lambda effect: int(host.of(effect).abort()),
        },
    )


_TYPES = {
    "OfxParamTypeDouble": c.c_double,
    "OfxParamTypeBoolean": c.c_int,
    "OfxParamTypeChoice": c.c_int,
    "OfxParamTypeInteger": c.c_int,
}


def parameter(host: Host) -> Any:
    """OfxParameterSuiteV1."""

    def define(set_: int, kind: bytes, name: bytes, out: Any) -> int:
        found: ParamSet = host.of(set_)
        made = found.params.setdefault(name.decode(), Parameter(kind.decode(), name.decode()))
        _give(host, out, made.properties)
        return abi.OK

    def get_handle(set_: int, name: bytes, out: Any, properties: Any) -> int:
        made = host.of(set_).params.get(name.decode())
        if made is None:
            return abi.ERR_UNKNOWN
        _give(host, out, made)
        _give(host, properties, made.properties)
        return abi.OK

    def get_value(handle: int, time: float, out: int) -> int:
        found: Parameter = host.of(handle)
        value = found.at(time)
        if found.kind == "OfxParamTypeString":
            c.cast(out, c.POINTER(c.c_char_p))[0] = found.properties.keep(value or "")
        else:
            kind = _TYPES[found.kind]
            c.cast(out, c.POINTER(kind))[0] = kind(value or 0).value  # type: ignore[attr-defined, type-var]
        return abi.OK

    def set_value(handle: int, value: int) -> int:
        found: Parameter = host.of(handle)
        # What is variadic in C arrives as a register's worth: a pointer or an int.
        found.value = c.string_at(value).decode() if found.kind == "OfxParamTypeString" else int(value or 0)
        return abi.OK

    return _build(
        abi.ParameterSuite,
        {
            "paramDefine": define,
            "paramGetHandle": get_handle,
            "paramGetValue": lambda handle, out: get_value(handle, 0.0, out),
            "paramGetValueAtTime": get_value,
            "paramSetValue": set_value,
        },
    )


def message(host: Host, version: int) -> Any:
    """OfxMessageSuite of version 1 or 2."""

    def show(effect: int, kind: bytes, name: bytes, form: bytes, text: bytes) -> int:
        assert form == b"%s"
        host.of(effect).message = text.decode()
        host.of(effect).messages.append(text.decode())
        host.of(effect).kinds.append(kind.decode())
        return abi.OK

    def clear(effect: int) -> int:
        host.of(effect).message = ""
        return abi.OK

    if version == 1:
        return _build(abi.MessageSuiteV1, {"message": show})
    return _build(abi.MessageSuite, {"message": show, "setPersistentMessage": show, "clearPersistentMessage": clear})


def progress(host: Host, version: int) -> Any:
    """OfxProgressSuite of version 1 or 2."""

    def start(effect: int, text: bytes, name: bytes = b"") -> int:
        host.of(effect).progress.append(text.decode())
        return abi.OK

    def update(effect: int, share: float) -> int:
        host.of(effect).progress.append(share)
        return int(host.of(effect).progress_reply)

    def end(effect: int) -> int:
        host.of(effect).progress.append("end")
        return abi.OK

    kind = abi.ProgressSuiteV1 if version == 1 else abi.ProgressSuite
    return _build(kind, {"progressStart": start, "progressUpdate": update, "progressEnd": end})
