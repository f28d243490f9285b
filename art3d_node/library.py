"""What this node can draw on: depth sources and styles by name, each loaded once."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from art3d_node.blended import BlendedStyle
from art3d_node.models import mini, mini_weights, styles
from art3d_node.models.aov import AovDepth
from art3d_node.models.depth_net import DepthSource
from art3d_node.models.mini_source import MiniSource
from art3d_node.models.neutral import Staging
from art3d_node.transfer import CPU
from host_bridge.core.blend import parse_blend
from host_bridge.core.errors import BadInputError, DepthSourceError
from host_bridge.core.printable import printable
from host_bridge.models import checkpoints

_CHOOSE = "choose aov for a plate with Z, run `art3d models pull da2-small`, or name a folder with a depth model"

_CARDS_BYTES = 3 << 20  # of a message that may have 4 MiB
_FAULTS = 100
_FOR_TRAINERS = ("provenance", "made")  # of a card: of no use to a host, and large

_log = logging.getLogger(__name__)


class Library:
    """Depth sources and styles. Safe to share between threads; each is loaded once.

    A style file that changes on disk is loaded again; a depth source is not.

    Args:
        open_paths: whether a depth source may be named by the path of its folder or file. A server that others can
            reach leaves this off: then it is named by its name inside a model folder (`checkpoints.folders`).
        device: where the networks compute.
    """

    def __init__(self, *, open_paths: bool = False, device: torch.device = CPU) -> None:
        self._open_paths, self._device = open_paths, device
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], tuple[Any, Any]] = {}

    def depth(self, name: str) -> DepthSource:
        """The source of that name: aov, mini, known weights, a transformers folder, an ONNX file; or +people.

        Raises:
            DepthSourceError: there is none, or its weights are missing or damaged.
        """
        source: DepthSource = self._once("depth", name, None, lambda: self._load_depth(name))
        return source

    def style(self, name: str) -> Staging:
        """The style of that name, or the blend that it spells (`core.blend`).

        Raises:
            StyleError: there is none, or its file is damaged.
        """
        parts = parse_blend(name)
        if len(parts) > 1:
            # Made anew each time: an animated blend has another name in every frame, and its parts are held.
            return BlendedStyle(name, [(self.style(part.name), part.share) for part in parts])
        name = parts[0].name
        style: Staging = self._once("style", name, _stamp(name), lambda: styles.style_named(name, self._device))
        return style

    def automatic(self, *, has_z: bool) -> str:
        """What "auto" stands for: aov where the plate has Z, else da2-small where present, else mini."""
        if has_z:
            return "aov"
        return "da2-small" if checkpoints.find("da2-small") else "mini"

    def styles(self) -> list[dict[str, Any]]:
        """The cards of all styles that can be chosen, as plain fields; then, with `fault`, the files that cannot be."""
        cards, faults = styles.look_at_styles()
        found: list[dict[str, Any]] = []
        room = _CARDS_BYTES
        for card in cards:
            fields = {name: value for name, value in card.__dict__.items() if name not in _FOR_TRAINERS}
            if len(card.thumbnail) > room // 4:
                fields["thumbnail"] = ""
            room -= len(json.dumps(fields))
            if room < 0:
                faults.append(f"{card.name}: there are more styles than a list can tell; take some away")
                break
            found.append(fields)
        return [*found, *({"name": "", "fault": printable(line[:500])} for line in faults[:_FAULTS])]

    def depth_sources(self) -> list[dict[str, Any]]:
        """Every depth source by name, and whether it can be used now."""
        da2 = checkpoints.find("da2-small")
        return [
            {"name": "aov", "ready": True, "about": "the plate's own Z"},
            {"name": "da2-small", "ready": da2 is not None, "about": checkpoints.KNOWN["da2-small"].about},
            {"name": "mini", "ready": mini_weights.BUNDLED.is_file(), "about": "small network that comes with Art3D"},
            {"name": "mini+people", "ready": mini_weights.BUNDLED.is_file(), "about": "mini, people held in one piece"},
        ]

    def _once(self, kind: str, name: str, stamp: Any, load: Callable[[], Any]) -> Any:
        with self._lock:
            held = self._loaded.get((kind, name))
            if held is None or held[0] != stamp:
                held = (stamp, load())
                self._loaded[kind, name] = held
            return held[1]

    def _load_depth(self, name: str) -> DepthSource:
        try:
            source = self._find_depth(name)
        except ValueError as error:
            raise DepthSourceError(str(error), where=f"--depth {name}", remedy=_CHOOSE) from error
        if source.licence_note:
            _log.warning("%s", source.licence_note)
        return source

    def _find_depth(self, name: str) -> DepthSource:
        if name.endswith("+people"):
            return self._holding_people(name.removesuffix("+people"))
        if name == "aov":
            return AovDepth()
        if name == "mini":
            return _mini(self._device)
        found = checkpoints.find(name)
        if found is None and self._open_paths and (Path(name, "config.json").is_file() or _is_onnx(Path(name))):
            found = Path(name)
        if found is None:
            is_published = name in checkpoints.KNOWN or name in checkpoints.FOLDERS
            raise ValueError("its weights are not on this machine" if is_published else "there is no such depth source")
        if _is_onnx(found):
            from art3d_node.models.onnx_depth import OnnxDepth

            return OnnxDepth(found, name=name)
        # Imported here: transformers takes seconds, and most servers never need it.
        from art3d_node.models import depth_anything, transformers_depth

        try:
            if found.is_dir():
                checkpoints.verify_recorded(found)
            else:
                checkpoints.verify(found, checkpoints.known(name))
        except BadInputError as error:
            raise DepthSourceError(error.message, where=error.where, remedy=error.remedy) from error
        if found.is_dir():
            note = checkpoints.licence_note(found)
            return transformers_depth.from_folder(found, name=name, licence_note=note, device=self._device)
        return depth_anything.from_file(found, name=name, device=self._device)

    def _holding_people(self, name: str) -> DepthSource:
        source = self._find_depth(name)
        if not source.needs_look:
            raise ValueError(f"{name} reads depth from the plate, where people are in one piece already")
        # Imported here: most servers never look for people.
        from art3d_node.models.held_people import PeopleHeld
        from art3d_node.models.people import PeopleNetwork

        return PeopleHeld(source, PeopleNetwork())


def _is_onnx(path: Path) -> bool:
    return path.suffix.lower() == ".onnx" and path.is_file()


def _mini(device: torch.device) -> DepthSource:
    if not mini_weights.BUNDLED.is_file():
        raise ValueError("the small depth network did not come with this installation")
    return MiniSource(mini.load_mini(), model_id=f"mini:{mini_weights.bundled_digest()}", device=device)


def _stamp(name: str) -> tuple[str, int, int] | None:
    if name == "neutral":
        return None
    path = styles.find_style(name)
    state = path.stat()
    return str(path), state.st_mtime_ns, state.st_size
