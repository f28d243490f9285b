"""One Art3D node of the test host: inputs, knobs, and the actions a host performs on it."""

from __future__ import annotations

import ctypes as c
from typing import Any

from tests.ofx_host import abi
from tests.ofx_host.host import GENERAL, Clip, Effect, Host, Images, Parameter
from tests.ofx_host.pictures import Array, Picture
from tests.ofx_host.properties import PropertySet

SWITCHES = {
    "Depth": "use_depth",
    "Matte": "use_matte",
    "CleanPlate": "use_clean_plate",
    "CleanDepth": "use_clean_depth",
}
Rect = tuple[float, float, float, float]


class Node:
    """An instance, from createInstance to destroyInstance.

    Args:
        size: project size, canonical.
        offset: project offset, canonical.
    """

    def __init__(
        self,
        host: Host,
        *,
        context: str = GENERAL,
        size: tuple[float, float] | None = None,
        offset: tuple[float, float] = (0, 0),
        knobs: dict[str, Any] | None = None,
    ) -> None:
        self.host = host
        if host.profile.loads_each:
            host.plugin.setHost(c.byref(host.struct))
            assert host.load() == abi.OK
        described = host.describe_in_context(context)
        self.effect = Effect(instance=True)
        self.effect.properties.put("OfxImageEffectPropContext", context)
        if size is not None and host.profile.project:
            self.effect.properties.put("OfxImageEffectPropProjectSize", size)
            self.effect.properties.put("OfxImageEffectPropProjectOffset", offset)
        for name in described.clips:
            connected = int(host.profile.unconnected != "nothing")
            clip = Clip(name, PropertySet(OfxImageClipPropConnected=connected, OfxImagePropPixelAspectRatio=1.0))
            clip.owner = self.effect  # type: ignore[attr-defined]
            clip.temporal = described.clips[name].properties.get("OfxImageEffectPropTemporalClipAccess")  # type: ignore[attr-defined]
            self.effect.clips[name] = clip
        for name, defined in described.param_set.params.items():
            self.effect.param_set.params[name] = Parameter(defined.kind, name, defined.properties)
        self.set(**(knobs or {}))
        status = host.call("OfxActionCreateInstance", self.effect)
        assert status == abi.OK, status

    def set(self, **knobs: Any) -> None:
        """Turns knobs; a choice may be given by its text, any value as a function of time."""
        for name, value in knobs.items():
            found = self.effect.param_set.params[name]
            if found.kind == "OfxParamTypeChoice" and isinstance(value, str):
                # A host of one size says more in two of the options.
                options = [option.split(",")[0] for option in found.properties.values["OfxParamPropChoiceOption"]]
                value = options.index(value)
            found.value = value

    def connect(
        self,
        name: str,
        images: Images | Picture,
        rod: Rect,
        *,
        aspect: float = 1.0,
        frames: tuple[float, float] | None = None,
    ) -> None:
        """Feeds a clip; `frames` are those that the host says it has."""
        clip = self.effect.clips[name]
        clip.images = (lambda time, region: images) if isinstance(images, Picture) else images
        clip.rod = rod
        first = clip.images(0.0, None)
        if name in SWITCHES:
            self.set(**{SWITCHES[name]: 1})
        if first is not None and self.host.profile.picture_aspect:
            aspect = first.width / first.height
            clip.properties.put("OfxImagePropBounds", first.bounds)
        clip.properties.put("OfxImageClipPropConnected", 1)
        clip.properties.put("OfxImagePropPixelAspectRatio", aspect)
        if frames is not None:
            clip.properties.put("OfxImageEffectPropFrameRange", frames)
        if first is not None:
            clip.properties.put("OfxImageClipPropUnmappedComponents", first.components)

    def disconnect(self, name: str) -> None:
        """Takes the feed away."""
        self.effect.clips[name].images = None
        connected = int(self.host.profile.unconnected != "nothing")
        self.effect.clips[name].properties.put("OfxImageClipPropConnected", connected)

    def changed(self, name: str) -> int:
        """kOfxActionInstanceChanged for a knob."""
        inputs = PropertySet(
            OfxPropType="OfxTypeParameter",
            OfxPropName=name,
            OfxPropChangeReason="OfxChangeUserEdited",
            OfxPropTime=0.0,
            OfxImageEffectPropRenderScale=(1.0, 1.0),
        )
        return self.host.call("OfxActionInstanceChanged", self.effect, inputs)

    def preferences(self) -> PropertySet:
        """kOfxImageEffectActionGetClipPreferences."""
        out = PropertySet()
        assert self.host.call("OfxImageEffectActionGetClipPreferences", self.effect, None, out) == abi.OK
        return out

    def region(self, time: float = 0.0) -> Rect:
        """kOfxImageEffectActionGetRegionOfDefinition, canonical."""
        out = PropertySet()
        inputs = PropertySet(OfxPropTime=time, OfxImageEffectPropRenderScale=(1.0, 1.0))
        status = self.host.call("OfxImageEffectActionGetRegionOfDefinition", self.effect, inputs, out)
        assert status == abi.OK, (status, self.effect.message)
        return tuple(out.get("OfxImageEffectPropRegionOfDefinition"))

    def regions_of_interest(self, roi: Rect) -> PropertySet:
        """kOfxImageEffectActionGetRegionsOfInterest."""
        out = PropertySet()
        inputs = PropertySet(
            OfxPropTime=0.0, OfxImageEffectPropRegionOfInterest=roi, OfxImageEffectPropRenderScale=(1.0, 1.0)
        )
        assert self.host.call("OfxImageEffectActionGetRegionsOfInterest", self.effect, inputs, out) == abi.OK
        return out

    def frames_needed(self, time: float) -> dict[str, tuple[float, float]]:
        """kOfxImageEffectActionGetFramesNeeded: first and last frame of each clip that declares temporal access."""
        inputs = {name: clip for name, clip in self.effect.clips.items() if name != "Output"}
        out = PropertySet(**{f"OfxImageClipPropFrameRange_{name}": (time, time) for name in inputs})
        if self.host.properties.get("OfxImageEffectPropTemporalClipAccess"):
            # Whatever it answers but kOfxStatOK leaves a host with the frame itself.
            asked = PropertySet(OfxPropTime=time)
            self.host.call("OfxImageEffectActionGetFramesNeeded", self.effect, asked, out)
        told = {name: tuple(out.get(f"OfxImageClipPropFrameRange_{name}")) for name in inputs}
        return {name: told[name] if clip.temporal else (time, time) for name, clip in inputs.items()}  # type: ignore[attr-defined]

    def identity(self, time: float = 0.0) -> str | None:
        """kOfxImageEffectActionIsIdentity: the clip to pass on, or None."""
        out = PropertySet()
        inputs = PropertySet(
            OfxPropTime=time,
            OfxImageEffectPropRenderWindow=(0, 0, 1, 1),
            OfxImageEffectPropRenderScale=(1.0, 1.0),
            OfxImageEffectPropFieldToRender="OfxFieldNone",
        )
        status = self.host.call("OfxImageEffectActionIsIdentity", self.effect, inputs, out)
        assert status in (abi.OK, abi.REPLY_DEFAULT), status
        return out.get("OfxPropName") if status == abi.OK else None

    def render_into(
        self,
        target: Picture,
        window: tuple[int, int, int, int],
        *,
        time: float = 0.0,
        scale: tuple[float, float] = (1.0, 1.0),
        field: str | None = None,
    ) -> int:
        """kOfxImageEffectActionRender into a picture; `window` in pixels, y up."""
        clip = self.effect.clips["Output"]
        clip.images = lambda time, region: target
        for name, needed in self.frames_needed(time).items():
            self.effect.clips[name].needed = needed
        inputs = PropertySet(
            OfxPropTime=time,
            OfxImageEffectPropFieldToRender=self.host.profile.render_field if field is None else field,
            OfxImageEffectPropRenderWindow=window,
            OfxImageEffectPropRenderScale=scale,
        )
        self.effect.scale = scale
        status = self.host.call("OfxImageEffectActionRender", self.effect, inputs)
        assert self.effect.open_images >= 0
        return status

    def render(self, window: tuple[int, int, int, int], *, like: Picture | None = None, **options: Any) -> Array:
        """Renders a window into a fresh picture and gives its pixels, (h, w, c), y down."""
        source = like or self.effect.clips["Source"].images(0.0, None)  # type: ignore[misc]
        target = Picture(window, source.depth, source.components, source.padding, source.negative)  # type: ignore[union-attr]
        status = self.render_into(target, window, **options)
        assert status == abi.OK, (status, self.effect.message)
        assert target.intact()
        return target.array

    def destroy(self) -> None:
        """kOfxActionDestroyInstance."""
        assert self.host.call("OfxActionDestroyInstance", self.effect) == abi.OK
        assert self.effect.open_images == 0
        self.host.forget(self.effect)
