"""What a job's names come to here: version, style, depth networks, colour config.

Two machines that agree in these cook the same picture from the same plate and knobs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from host_bridge.client import Client
from host_bridge.client.server_age import validate_version
from host_bridge.core.blend import Part
from host_bridge.core.errors import BadInputError
from host_bridge.core.recipe import art3d_version
from host_bridge.core.style_track import style_keys
from host_bridge.io.colour import config as colour_config
from host_bridge.wire.settings import AnalysisSettings

LABELS = {
    "art3d": "the version of Art3D",
    "style": "the style",
    "depth": "the depth networks",
    "colour": "the colour config",
}


def identities(client: Client, settings: AnalysisSettings) -> dict[str, Any]:
    """What the server and this machine use by the names in the settings.

    Raises:
        ProtocolError: the server is of another version.
    """
    welcome = client.welcome
    validate_version(welcome.server)
    styles = {str(s.get("name")): s.get("id") for s in welcome.styles}
    return {
        "style": _style(settings.style, styles),
        "depth": sorted(str(d.get("id", d.get("name"))) for d in welcome.depth_sources if d.get("ready", True)),
        "colour": colour_config.config_identity(),
    }


def _style(text: str, ids: Mapping[str, Any]) -> Any:
    """A style's id; of a blend every part's, with its share; of one that changes over frames each key's."""
    found = {frame: _mixed(parts, ids) for frame, parts in style_keys(text)}
    if None in found:
        return found[None]
    return ";".join([text.partition(";")[0], *(f"{frame:g}={parts_id}" for frame, parts_id in found.items())])


def _mixed(parts: Sequence[Part], known: Mapping[str, Any]) -> Any:
    ids = [known.get(part.name, part.name) for part in parts]
    return ids[0] if len(parts) == 1 else "+".join(f"{p.share:.9g}*{i}" for p, i in zip(parts, ids, strict=True))


def expectation(found: Mapping[str, Any]) -> str:
    """The identities as a text that another machine compares with its own."""
    return json.dumps({"art3d": art3d_version(), **found}, sort_keys=True, separators=(",", ":"))


def validate_expected(expected: str, found: Mapping[str, Any]) -> None:
    """Compares what was expected with what is here; an empty expectation takes anything.

    Raises:
        BadInputError: something differs, named with both values.
    """
    if not expected:
        return
    try:
        submitted = dict(json.loads(expected))
    except (ValueError, TypeError) as error:
        raise BadInputError(
            "it cannot be compared with what is installed here",
            where="--expect",
            remedy="submit the shot again",
        ) from error
    own = json.loads(expectation(found))
    differing = [name for name in LABELS if submitted.get(name) != own.get(name)]
    if differing:
        differences = "; ".join(
            f"{LABELS[name]} was {submitted.get(name)} and is {own.get(name)} here" for name in differing
        )
        raise BadInputError(
            f"this machine would make another picture than the submitter's: {differences}",
            where="--expect",
            remedy="install the same on the farm, or submit with --any-environment",
        )
