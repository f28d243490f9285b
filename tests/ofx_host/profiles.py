"""Hosts that people have, as far as their public sources and the notes of other plug-ins' authors state them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MESSAGES_2, PROGRESS_2 = ("OfxMessageSuite", 2), ("OfxProgressSuite", 2)
MULTIRESOLUTION = "OfxImageEffectPropSupportsMultiResolution"


@dataclass(frozen=True)
class Profile:
    """How one host differs from the specification's letter.

    Attributes:
        name: for test ids.
        properties: of the host itself; None stands for one that it does not have.
        without: (suite name, version) that it does not have.
        null: "suite.function" whose pointer is NULL.
        poison: "suite.function" that must not be called.
        field: what its images say of their field.
        render_field: what it asks to be rendered.
        unconnected: what a clip gives that nothing feeds; all but "nothing" also call it connected.
        silent_region: `clipGetRegionOfDefinition` answers kOfxStatOK and fills in nothing.
        picture_aspect: pixel aspect ratios are those of the whole picture; there are no proxies.
        project: whether instances know the project's size.
        image_is_clip: an image is its clip's own property set.
        loads_each: kOfxActionLoad comes once for every instance, and no kOfxActionUnload.
    """

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[tuple[str, int]] = frozenset()
    null: frozenset[str] = frozenset()
    poison: frozenset[str] = frozenset()
    field: str = "OfxFieldNone"
    render_field: str = "OfxFieldNone"
    unconnected: Literal["nothing", "black", "null", "plate"] = "nothing"
    silent_region: bool = False
    picture_aspect: bool = False
    project: bool = True
    image_is_clip: bool = False
    loads_each: bool = False

    @property
    def one_size(self) -> bool:
        """Whether all pictures of a node have one size."""
        return not self.properties.get(MULTIRESOLUTION, 1)

    @property
    def stays(self) -> bool:
        """Whether a message can stay on a node."""
        return MESSAGES_2 not in self.without and "message.setPersistentMessage" not in self.null


PLAIN = Profile("plain")

# The Academy's HostSupport library and its demo host: HostSupport/src/ofxhClip.cpp leaves an image's field empty,
# examples/hostDemo*.cpp describe the host, call every clip connected and give all of them the same picture.
HOSTSUPPORT = Profile(
    "hostsupport",
    {
        "OfxPropName": "OFXDemoHost",
        MULTIRESOLUTION: 0,
        "OfxImageEffectPropMultipleClipDepths": 0,
    },
    field="",
    render_field="OfxFieldBoth",
    unconnected="plate",
)

# MLT, src/modules/openfx/mlt_openfx.c and filter_openfx.c.
MLT = Profile(
    "mlt",
    {
        "OfxPropName": "MLT",
        MULTIRESOLUTION: None,
        "OfxImageEffectPropTemporalClipAccess": None,
    },
    field="OfxFieldBoth",
    render_field="OfxFieldBoth",
    silent_region=True,
    picture_aspect=True,
    project=False,
    image_is_clip=True,
    loads_each=True,
)

# DaVinci Resolve, by the notes on hosts in openfx-misc: every defined clip appears connected and gives a black or a
# NULL image; version 14 has message suite 2 with setPersistentMessage NULL and garbage for clearPersistentMessage.
RESOLVE = Profile(
    "resolve",
    {
        "OfxPropName": "DaVinciResolveLite",
        MULTIRESOLUTION: 0,
        "OfxImageEffectPropSupportsTiles": 0,
        "OfxImageEffectPropMultipleClipDepths": 0,
    },
    null=frozenset({"message.setPersistentMessage"}),
    poison=frozenset({"message.clearPersistentMessage"}),
    unconnected="black",
)
RESOLVE_NULL = Profile("resolve-null", {**RESOLVE.properties}, unconnected="null")

# Vegas and Catalyst, by the same notes: one size, whole frames, no message suite 2.
NO_MULTIRES = Profile(
    "no-multires",
    {
        "OfxPropName": "com.sony.Catalyst.Edit",
        MULTIRESOLUTION: 0,
        "OfxImageEffectPropSupportsTiles": 0,
        "OfxImageEffectPropMultipleClipDepths": 0,
    },
    without=frozenset({MESSAGES_2}),
)

V1_MESSAGES = Profile("v1-messages", without=frozenset({MESSAGES_2, PROGRESS_2}))

NULL_POINTERS = Profile(
    "null-pointers",
    null=frozenset(
        {
            *(
                f"property.prop{way}{kind}N"
                for way in ("Set", "Get")
                for kind in ("Pointer", "String", "Double", "Int")
            ),
            "property.propReset",
            "property.propGetDimension",
            "effect.clipGetPropertySet",
            "effect.clipGetRegionOfDefinition",
            "effect.abort",
            "effect.imageMemoryAlloc",
            "effect.imageMemoryFree",
            "parameter.paramSetValue",
            "parameter.paramGetPropertySet",
            "message1.message",
            "message.message",
            "message.setPersistentMessage",
            "message.clearPersistentMessage",
            "progress.progressStart",
            "progress.progressUpdate",
            "progress.progressEnd",
        }
    ),
)

PROFILES = (PLAIN, HOSTSUPPORT, MLT, RESOLVE, RESOLVE_NULL, NO_MULTIRES, V1_MESSAGES, NULL_POINTERS)
BY_NAME = {profile.name: profile for profile in PROFILES}
