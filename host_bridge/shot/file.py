"""The shot file: one readable, versioned JSON file that every render of a shot reads.

Convention:
    A shot file speaks raw inverse depth (`iz_low`, `iz_high`), fractions of picture width (`fit_scale`,
    `fit_shift`) and % parallax (`zero_plane`), as the knobs do. Its hash covers everything but itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import ShotError
from host_bridge.core.regular import read_json
from host_bridge.core.style_track import is_animated, style_at
from host_bridge.shot.depth_choice import ShotDepth
from host_bridge.shot.entry import ShotEntry, entry_json, entry_of, finite
from host_bridge.wire.shot_frame import ShotFrame

__all__ = ["FORMAT", "SUFFIX", "VERSION", "Shot", "ShotEntry", "ShotTransition", "load_shot", "save_shot"]

FORMAT = "art3d-shot"
VERSION = 2
SUFFIX = ".art3d"
Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class ShotTransition:
    """A change of scene, or a flash, in frame numbers.

    Attributes:
        kind: "cut", "fade", "dissolve" or "flash".
        first, last: frames that belong to neither scene alone; of a cut, the first frame of the new scene.
        by: whose it is: "found" or "user".
    """

    kind: str
    first: int
    last: int
    by: str = "found"


@dataclass(frozen=True)
class Shot:
    """A whole shot analysis.

    Attributes:
        plate: file pattern of the plate, for people.
        depth_source, model_id, style: what the figures were measured with.
        z_meaning: what was asked of it.
        depth: where the depth comes from and what Z means, for all frames.
        frames: frame number → entry.
        cuts: first frames of new scenes.
        missing: frame numbers that had no readable file.
        display: display window of its frames (x0, y0, x1, y1), px; None where nobody wrote it down.
        canvas: what frames are laid on before anything looks at them, since their data windows change; None where they
            are all the same.
        steady: frames before and after each frame that steady its depth; 0 for depth that is already true.
        depth_gain, zero_plane: suggested knobs for the depth budget.
        reasons: one line per decision, for people.
        transitions: cuts, fades, dissolves and flashes.
    """

    plate: str
    depth_source: str
    model_id: str
    style: str
    z_meaning: str
    frames: Mapping[int, ShotEntry]
    cuts: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    display: Corners | None = None
    canvas: Corners | None = None
    steady: int = 0
    depth_gain: float = 1.0
    zero_plane: float = 0.0
    reasons: tuple[str, ...] = field(default=())
    depth: ShotDepth = field(default_factory=ShotDepth)
    transitions: tuple[ShotTransition, ...] = ()

    def frame(self, number: int, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> ShotFrame:
        """What the compute node must know of one frame.

        Raises:
            ShotError: the shot analysis does not hold that frame.
        """
        entry = self.frames.get(number)
        if entry is None:
            first, last = min(self.frames), max(self.frames)
            raise ShotError(
                f"frame {number} is not in the shot analysis, which holds {first}-{last}",
                remedy="analyse the whole range again with `art3d analyse`",
            )
        return ShotFrame(
            iz_low=entry.iz_low,
            iz_high=entry.iz_high,
            zero_plane=entry.zero_plane,
            fit_scale=entry.fit_scale,
            fit_shift=entry.fit_shift,
            before=before,
            after=after,
        )

    def neighbours(self, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Frame numbers of the same scene that steady `number`: before and after, nearest first."""
        scene = self.frames[number].scene

        def walk(step: int) -> tuple[int, ...]:
            found = []
            for distance in range(1, self.steady + 1):
                entry = self.frames.get(number + step * distance)
                if entry is None or entry.scene != scene:
                    break
                found.append(number + step * distance)
            return tuple(found)

        return walk(-1), walk(+1)

    @cached_property
    def hash(self) -> str:
        """Content hash of everything that a render depends on (BLAKE2b, 128 bits).

        Kept, since each frame's recipe names it and a long shot takes a third of a second to be written out.
        """
        return _hash(_to_json(self))


def _to_json(shot: Shot) -> dict[str, Any]:
    body = asdict(replace(shot, frames={}))
    body["frames"] = {str(number): entry_json(entry) for number, entry in sorted(shot.frames.items())}
    if is_animated(shot.style):
        # For readers that cannot follow the keys: the plug-in compares each frame's with its node's.
        for number in shot.frames:
            body["frames"][str(number)]["style"] = style_at(shot.style, number)
    return {"format": FORMAT, "version": VERSION, **body}


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps({k: v for k, v in body.items() if k != "hash"}, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def save_shot(shot: Shot, path: Path) -> None:
    """Writes the shot file by rename, so that no reader ever sees half of it.

    Raises:
        OutputError: the folder cannot be written.
    """
    body = _to_json(shot)
    text = json.dumps({"hash": _hash(body), **body}, indent=1, sort_keys=True) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_shot(path: Path) -> Shot:
    """Reads and proves a shot file.

    Raises:
        ShotError: absent, damaged, edited wrongly or of a newer version.
    """
    again = "analyse the plate again with `art3d analyse`"
    try:
        body = read_json(path)
    except OSError as error:
        raise ShotError(f"the shot file cannot be read: {error.strerror}", where=str(path), remedy=again) from error
    except ValueError as error:
        raise ShotError(f"the shot file is damaged: {error}", where=str(path), remedy=again) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ShotError("this is not a shot file", where=str(path), remedy=again)
    version = body.get("version")
    if not isinstance(version, int) or version not in (_oldest(body), VERSION):
        newer = isinstance(version, int) and version > VERSION
        raise ShotError(
            f"the shot file has version {version}, this Art3D reads {VERSION}",
            where=str(path),
            remedy="update Art3D or " + again if newer else again,
        )
    try:
        shot = _from_json(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ShotError(f"the shot file holds an invalid value: {error!r}", where=str(path), remedy=again) from error
    if body.get("hash") != _hash(body):
        raise ShotError(
            "the shot file was edited by hand: its hash no longer fits",
            where=str(path),
            remedy=f"turn knobs with a depth script (`--controls`) instead, or {again}",
        )
    return shot


def _from_json(body: Mapping[str, Any]) -> Shot:
    frames = {int(number): entry_of(fields) for number, fields in body["frames"].items()}
    if not frames:
        raise ValueError("no frames")
    return Shot(
        plate=str(body["plate"]),
        depth_source=str(body["depth_source"]),
        model_id=str(body["model_id"]),
        style=str(body["style"]),
        z_meaning=str(body["z_meaning"]),
        frames=frames,
        cuts=tuple(int(n) for n in body["cuts"]),
        missing=tuple(int(n) for n in body["missing"]),
        display=_corners(body.get("display")),
        canvas=_corners(body.get("canvas")),
        steady=int(body["steady"]),
        depth_gain=finite(body["depth_gain"]),
        zero_plane=finite(body["zero_plane"]),
        reasons=tuple(str(line) for line in body["reasons"]),
        transitions=tuple(
            ShotTransition(str(t["kind"]), int(t["first"]), int(t["last"]), str(t["by"]))
            for t in body.get("transitions", ())
        ),
        depth=_depth(body["depth"]) if body["version"] > 1 else ShotDepth(source=str(body["depth_source"])),
    )


def _oldest(body: Mapping[str, Any]) -> int:
    """The oldest version that can be read: 1 knew no bars, and did not settle what a plate's Z means."""
    return VERSION if body.get("depth_source") == "aov" else 1


def _depth(fields: Mapping[str, Any]) -> ShotDepth:
    agreement = fields["agreement"]
    words = {name: str(value) for name, value in fields.items() if name != "agreement"}
    return ShotDepth(**words, agreement=None if agreement is None else finite(agreement))


def _corners(value: Any) -> Corners | None:
    if value is None:
        return None
    x0, y0, x1, y1 = (int(side) for side in value)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"a window {value}")
    return x0, y0, x1, y1
