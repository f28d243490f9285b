"""Where a whole shot's depth comes from, as its shot file keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ShotDepth:
    """What a shot's depth comes from.

    Attributes:
        asked: the depth source that was asked for, "auto" or a name.
        source: what it came to.
        plate_z: what the plate held: "none", "one value" or "depth".
        meaning: what Z means, one of the knob Z Meaning but "auto"; "" for a source that reads no Z.
        how: how that was settled: `depth_provenance.ASKED`, `STATED` or `DECIDED`; "" without a meaning.
        agreement: rank correlation with the order of a network, a mean over frames; None where nobody had to decide.
        pictures: the depth pictures that were asked for, by the name of their files; "" for the plate's own depth.
        channel: the depth channel that was asked for; "" for the usual names.
        read_from: the channel or the pictures that it was read from; "" for a network.
    """

    asked: str = "auto"
    source: str = ""
    plate_z: str = "none"
    meaning: str = ""
    how: str = ""
    agreement: float | None = None
    pictures: str = ""
    channel: str = ""
    read_from: str = ""

    def fields(self) -> dict[str, Any]:
        """As the statistics of a frame have them; see `depth_provenance.depth_words`."""
        found: dict[str, Any] = {"z_void": "the plate's Z"} if self.plate_z == "one value" else {}
        if self.meaning:
            found.update(depth_from=self.read_from, z_meaning=self.meaning, z_how=self.how)
        if self.agreement is not None:
            found["z_agreement"] = self.agreement
        return found

    def settled(self, stats: Mapping[str, Any]) -> dict[str, Any]:
        """What the statistics of one of its frames cannot say: who settled what Z means, and how surely."""
        if stats.get("depth_source") != "aov":
            return {}
        return {name: value for name, value in self.fields().items() if name in ("z_how", "z_agreement")}
