"""The colour config in force, and the spaces that configs know by names, aliases and interop ids."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Array
from host_bridge.core.recipe import content_hash
from host_bridge.io.colour.interop import formula

LINEAR_REC709 = "lin_rec709_scene"
SRGB = "srgb_rec709_scene"
BUILT_IN_CONFIG = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
# Asked last, for what only it knows by an interop id: camera logs.
NEWEST_CONFIG = "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
SAME = {
    LINEAR_REC709: ("lin_rec709", "lin_srgb", "Linear Rec.709 (sRGB)", "Utility - Linear - sRGB", "linear"),
    SRGB: ("srgb_texture", "sRGB", "Utility - sRGB - Texture"),
    "lin_ap0_scene": ("ACES2065-1", "ACES - ACES2065-1"),
    "lin_ap1_scene": ("ACEScg", "ACES - ACEScg"),
    "lin_rec2020_scene": ("lin_rec2020", "Linear Rec.2020", "Utility - Linear - Rec.2020"),
    "lin_p3d65_scene": ("lin_p3d65", "Linear P3-D65", "Utility - Linear - P3-D65"),
}


def config_name() -> str:
    """The colour config in force: `$OCIO`, else the named built-in one."""
    return os.environ.get("OCIO", "").strip() or BUILT_IN_CONFIG


@functools.lru_cache(maxsize=4)
def opened(name: str) -> oiio.ColorConfig:
    """A config by name or path.

    Raises:
        BadInputError: it cannot be read.
    """
    config = oiio.ColorConfig(name)
    fault = config.geterror()
    if fault:
        raise BadInputError(
            f"the colour config cannot be read ({fault.splitlines()[0]})",
            where=name,
            remedy="mend or unset $OCIO",
        )
    return config


def config_identity() -> str:
    """What a recipe says of the config: its name, or of a file its bytes, wherever a machine keeps it."""
    name = config_name()
    path = Path(name)
    return content_hash(path) if path.is_file() else name


@dataclass(frozen=True)
class Located:
    """A space in a config.

    Attributes:
        config: the config's name.
        name: what it calls the space.
        linear: what it calls linear Rec.709.
    """

    config: str
    name: str
    linear: str


@functools.lru_cache(maxsize=256)
def located(config: str, space: str) -> Located | None:
    """The space in a config, by its name, alias, interop id or another spelling; None without linear Rec.709 there."""
    name, linear = named_in(config, space), named_in(config, LINEAR_REC709)
    return Located(config, name, linear) if name and linear else None


def named_in(config: str, space: str) -> str | None:
    """What a config calls a space; None when it does not know it."""
    bare = space.rpartition(":")[2]
    for name in dict.fromkeys((space, bare, *SAME.get(space, ()))):
        if opened(config).getColorSpaceIndex(name) >= 0:
            return name
    by_id = {interop_id.lower(): name for name, interop_id in reversed(interop_ids(config))}
    return by_id.get(space.lower()) or by_id.get(bare.lower())


@functools.lru_cache(maxsize=4)
def interop_ids(config: str) -> tuple[tuple[str, str], ...]:
    """Names of a config's spaces with their interop ids, in its order."""
    read = opened(config)
    pairs = ((str(name), str(read.get_color_interop_id(name) or "")) for name in read.getColorSpaceNames())
    return tuple((name, interop_id) for name, interop_id in pairs if interop_id)


@functools.lru_cache(maxsize=4)
def ids_by_name(config: str) -> Mapping[str, str]:
    """Interop ids by the names and aliases that a config has for them, in lower case."""
    found: dict[str, str] = {}
    for name, interop_id in interop_ids(config):
        if formula(interop_id):
            for spelling in (name, *opened(config).getAliases(name), interop_id):
                found.setdefault(str(spelling).lower(), interop_id)
    return found


def converted(pixels: Array, located: Located) -> Array:
    """Values of a config's space as linear Rec.709 float32; grey stays one channel.

    Raises:
        BadInputError: the config fails.
    """
    grey = pixels.shape[-1] == 1
    values = np.repeat(pixels, 3, axis=-1) if grey else pixels
    out = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(np.ascontiguousarray(values, np.float32)),
        located.name,
        located.linear,
        unpremult=False,
        colorconfig=located.config,
    )
    if out.has_error:
        raise BadInputError(
            f"the colour config fails: {out.geterror()}", where=located.config, remedy="try another space"
        )
    return np.asarray(out.get_pixels("float"), np.float32)[..., : 1 if grey else 3]
