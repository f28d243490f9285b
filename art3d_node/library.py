"""What this node can draw on: depth sources and styles by name, each loaded once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from art3d_node.models.aov import AovDepth
from art3d_node.models.depth_net import DepthSource
from art3d_node.models.neutral import Neutral, Staging
from host_bridge.errors import DepthSourceError, StyleError


class Library:
    """Depth sources and styles. Safe to share between threads; loading is done once per name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], Any] = {("depth", "aov"): AovDepth(), ("style", "neutral"): Neutral()}

    def depth(self, name: str) -> DepthSource:
        """The depth source of that name, or of that folder.

        Raises:
            DepthSourceError: there is none, or its weights are missing or damaged.
        """
        source: DepthSource = self._once(("depth", name), lambda: self._load_depth(name))
        return source

    def style(self, name: str) -> Staging:
        """The style of that name.

        Raises:
            StyleError: there is none, or its file is damaged.
        """
        style: Staging = self._once(("style", name), lambda: self._load_style(name))
        return style

    def automatic(self, *, has_z: bool) -> str:
        """The name that "auto" stands for: aov where the plate has Z, else da2-small where present, else mini."""
        return "aov" if has_z else "mini"

    def _once(self, key: tuple[str, str], load: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = load()
            return self._loaded[key]

    def _load_depth(self, name: str) -> DepthSource:
        raise DepthSourceError(
            f"there is no depth source {name!r} here", remedy="choose aov, da2-small, mini or a model folder"
        )

    def _load_style(self, name: str) -> Staging:
        raise StyleError(f"there is no style {name!r}", remedy="run `art3d styles` to see what is there")
