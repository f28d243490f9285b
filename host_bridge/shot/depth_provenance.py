"""Where a frame's depth came from, in words and as fields: printed, written into files, told to programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from host_bridge.io.plates import Plate
from host_bridge.wire.depth_values import CERTAIN_AGREEMENT
from host_bridge.wire.settings import AnalysisSettings

ASKED, STATED, DECIDED = "asked", "stated", "decided"


def settings_for(plate: Plate, settings: AnalysisSettings) -> AnalysisSettings:
    """The settings of one frame: what its file says of Z holds where nobody said otherwise."""
    if settings.z_meaning != "auto" or plate.depth_meaning == "auto":
        return settings
    return replace(settings, z_meaning=plate.depth_meaning)


def depth_fields(plate: Plate, settings: AnalysisSettings, stats: Mapping[str, Any]) -> dict[str, Any]:
    """What the statistics of a frame do not say of its depth.

    Args:
        plate: the plate.
        settings: the settings that a person gave.
        stats: the server's, with `depth_source`.
    """
    fields: dict[str, Any] = {}
    if plate.depth_name and not plate.depth_varies:
        fields["z_void"] = plate.depth_name
    if stats.get("depth_source") != "aov":
        return fields
    settled = STATED if plate.depth_meaning != "auto" else DECIDED
    return {**fields, "depth_from": depth_from(plate), "z_how": ASKED if settings.z_meaning != "auto" else settled}


def depth_from(plate: Plate) -> str:
    """What a depth was read from, such as `plate Z` or `depth.####.png`."""
    if not plate.depth_file:
        return f"plate {plate.depth_name}"
    return plate.depth_file if plate.depth_name == "depth" else f"{plate.depth_file} {plate.depth_name}"


def depth_words(fields: Mapping[str, Any]) -> str:
    """One line for a person, such as `depth from plate Z (distance, decided: 0.93 agreement)`."""
    source = str(fields.get("depth_source", ""))
    void = f"; {fields['z_void']} holds a single value, so it is not depth" if "z_void" in fields else ""
    if source == "aov" and void:
        return f"no depth: {fields['z_void']} holds one value; the frame is flat"
    if source != "aov" or "z_meaning" not in fields:
        return f"depth from {source}{void}"
    where = fields.get("depth_from", "plate Z")
    return f"depth from {where} ({fields['z_meaning']}, {meaning_words(fields)}){void}"


def meaning_words(fields: Mapping[str, Any]) -> str:
    """How the meaning of Z was settled."""
    how, agreement = fields.get("z_how", ASKED), fields.get("z_agreement")
    if how == STATED:
        return "as the file says"
    if how != DECIDED or agreement is None:
        return "as asked"
    if not is_certain(fields):
        return f"a guess: {agreement:.2f} agreement cannot tell, so look at it, and say it with --z-meaning"
    return f"decided: {agreement:.2f} agreement"


def is_certain(fields: Mapping[str, Any]) -> bool:
    """Whether the meaning of Z is more than a guess."""
    agreement = fields.get("z_agreement")
    return fields.get("z_how") != DECIDED or agreement is None or agreement >= CERTAIN_AGREEMENT
