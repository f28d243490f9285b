"""The knob table: every control a person can turn, once, for the CLI, OpenFX, Nuke and the docs.

Convention:
    Knobs speak parallax in % of picture width, > 0 behind the screen; never px.
    An `id` is permanent and never reused: old scripts keep their look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from host_bridge.core.errors import BadInputError

Kind = Literal["float", "int", "choice", "bool", "text"]


@dataclass(frozen=True)
class Knob:
    """One control.

    Attributes:
        id: permanent number, the key in saved scripts.
        name: field of `Controls` or `AnalysisSettings`, and the OpenFX parameter name.
        label: what a person reads.
        kind: float, int, choice, bool or text.
        default: the resting value.
        unit: "%" of picture width, "x" for a gain, or "".
        minimum, maximum: hard limits of a number.
        choices: the values of a choice, in their permanent order.
        animates: whether the value may change over frames.
        help: one or two sentences for a compositor.
    """

    id: int
    name: str
    label: str
    kind: Kind
    default: float | bool | str
    help: str
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    choices: tuple[str, ...] = ()
    animates: bool = False

    @property
    def flag(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    def check(self, value: Any) -> float | bool | str:
        """The value in the knob's own type.

        Raises:
            BadInputError: wrong type, outside the limits or not one of the choices.
        """
        if self.kind in ("float", "int"):
            number = self._check_number(value)
            return int(number) if self.kind == "int" else number
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise BadInputError(f"{self.label} is {value!r}", where=self.flag, remedy="give true or false")
            return value
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            choices = ", ".join(self.choices) or "a text"
            raise BadInputError(f"{self.label} is {value!r}", where=self.flag, remedy=f"choose one of: {choices}")
        return value

    def _check_number(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        fits_kind = self.kind == "float" or number == number // 1
        if isinstance(value, bool) or not (self.minimum <= number <= self.maximum and fits_kind):
            kind, unit = "whole number" if self.kind == "int" else "number", f" {self.unit}" if self.unit else ""
            raise BadInputError(
                f"{self.label} is {value!r}",
                where=self.flag,
                remedy=f"give a {kind} from {self.minimum:g} to {self.maximum:g}{unit}",
            )
        return number


KNOBS: tuple[Knob, ...] = (
    Knob(1, "depth_gain", "Global Depth", "float", 1.0, unit="x", minimum=0.0, maximum=4.0, animates=True,
         help="Gain on the depth that the style gives the whole frame. 0 is flat, 1 is the style, 2 twice as deep."),
    Knob(2, "zero_plane", "Zero Plane", "float", 0.0, unit="%", minimum=-10.0, maximum=10.0, animates=True,
         help="Moves the whole picture through the screen: above 0 pushes it behind, below 0 pulls it in front."),
    Knob(3, "sculpt", "Local Sculpt", "float", 1.0, unit="x", minimum=0.0, maximum=4.0, animates=True,
         help="Gain on what the style sculpts locally, such as pop-outs. 0 leaves only the global depth."),
    Knob(4, "budget_front", "Budget Front", "float", 2.5, unit="%", minimum=0.1, maximum=20.0, animates=True,
         help="How far anything may come out of the screen. Beyond it depth is compressed softly, never clipped."),
    Knob(5, "budget_behind", "Budget Behind", "float", 2.0, unit="%", minimum=0.1, maximum=20.0, animates=True,
         help="How far anything may recede behind the screen. Keep it below the eyes' own distance on screen."),
    Knob(31, "depth_budget", "Depth Budget", "choice", "soft", choices=("soft", "none"),
         help="Soft compresses what lies beyond Budget Front and Budget Behind; none leaves every depth as it is."),
    Knob(6, "hero", "Hero Eye", "choice", "left", choices=("left", "right", "none"),
         help="The eye that stays the original plate. With none, both eyes are rebuilt at half the disparity."),
    Knob(7, "fill", "Fill", "choice", "background", choices=("background", "none", "clean-plate"),
         help="What appears where the new eye sees what the plate hides: more background, nothing, or a clean plate."),
    Knob(8, "edges", "Edges", "choice", "soft", choices=("soft", "hard"),
         help="Soft splits hair, defocus and motion-blurred outlines into two layers; hard keeps every pixel whole."),
    Knob(9, "occlusion_to_alpha", "Occlusion to Alpha", "bool", False,
         help="Writes the filled pixels of the new eye into its alpha, as 0."),
    Knob(10, "style", "Style", "text", "neutral",
         help="The stereographer's hand: a house style, the name of a .style file in the style folder, or a blend as "
         "immersive:0.7,gentle:0.3."),
    Knob(11, "depth", "Depth Source", "text", "auto",
         help="Where inverse depth comes from: auto, aov (the plate's Z), da2-small, mini, or a folder or .onnx file "
         "with a depth network; on the command line also depth pictures. +people behind a network's name holds people "
         "in one piece."),
    Knob(12, "z_meaning", "Z Meaning", "choice", "auto",
         choices=("auto", "distance", "inverse", "far-is-white", "near-is-white"),
         help="What Z says: distance (most renderers), its inverse (Nuke's own), or a picture of depth whose far or "
         "near is white. Auto compares it with what a small network sees."),
    Knob(22, "matte", "Sculpt Where", "choice", "input", choices=("input", "people"),
         help="Where Local Sculpt acts: in the Matte input (everywhere without one), or on the people of the frame."),
    Knob(24, "floating_window", "Floating Window", "choice", "off", choices=("off", "manual", "auto", "static"),
         help="Masks that bring the picture's side edges in front of what they cut: by hand, or from the shot "
         "analysis, moving and eased (auto) or one window for each scene (static)."),
    Knob(25, "floating_left", "Window Left", "float", 0.0, unit="%", minimum=0.0, maximum=20.0, animates=True,
         help="How far in front of the screen the left edge comes: so wide is the mask in the left eye."),
    Knob(26, "floating_right", "Window Right", "float", 0.0, unit="%", minimum=0.0, maximum=20.0, animates=True,
         help="How far in front of the screen the right edge comes: so wide is the mask in the right eye."),
    Knob(27, "floating_left_slant", "Left Slant", "float", 0.0, minimum=-1.0, maximum=1.0, animates=True,
         help="Leans the left edge: at -1 its bottom stays on the screen, at +1 its top does."),
    Knob(28, "floating_right_slant", "Right Slant", "float", 0.0, minimum=-1.0, maximum=1.0, animates=True,
         help="Leans the right edge: at -1 its bottom stays on the screen, at +1 its top does."),
    Knob(29, "floating_softness", "Window Softness", "float", 0.2, unit="%", minimum=0.0, maximum=5.0, animates=True,
         help="Width over which a mask fades out, inside the mask: it never reaches farther into the picture."),
    Knob(30, "floating_mask", "Window Mask", "choice", "picture", choices=("picture", "layer"),
         help="Whether the masks darken both views, or leave them as they are and come as layers of their own."),
)  # fmt: skip

PLUGIN_KNOBS: tuple[Knob, ...] = (
    Knob(13, "output", "Output", "choice", "right",
         choices=("left", "right", "side-by-side", "anaglyph", "disparity", "inverse-depth", "occlusion", "over-under",
                  "window-masks"),
         help="What the node gives: an eye, both eyes in one picture or as red/cyan, a channel of the analysis, or the "
         "masks of the floating window (left eye in red, right eye in green and blue)."),
    Knob(14, "picture", "Picture Width", "choice", "project", choices=("project", "source"),
         help="The width that every % means: the project's format, or the source's own region where they differ."),
    Knob(19, "use_depth", "Use Depth", "bool", True,
         help="Takes the Depth input where something is connected. Off as if nothing were."),
    Knob(20, "use_matte", "Use Matte", "bool", True,
         help="Takes the Matte input where something is connected. Off as if nothing were."),
    Knob(21, "use_clean_plate", "Use Clean Plate", "bool", True,
         help="Takes the Clean Plate input where something is connected. Off as if nothing were."),
    Knob(32, "use_clean_depth", "Use Clean Depth", "bool", True,
         help="Takes the Clean Depth input where something is connected: the Clean Plate's Z, in the units of Depth."),
    Knob(23, "input_colour", "Input Colour", "choice", "auto",
         choices=("auto", "linear", "srgb", "rec709", "cineon"),
         help="How values mean light. Auto takes integers as sRGB and floats as linear, unless the host tells."),
    Knob(15, "shot", "Shot Analysis", "text", "",
         help="The shot file that `art3d analyse` wrote. Empty treats every frame on its own."),
    Knob(18, "shot_offset", "Shot Offset", "int", 0, minimum=-1e6, maximum=1e6,
         help="Added to the host's time for the frame in the shot file: 1001 where it counts the first frame as 0."),
    Knob(16, "server", "Server", "text", "",
         help="Address of a compute server. Empty takes $ART3D_SERVER, else this machine's own, started when needed."),
    Knob(17, "server_command", "Server Command", "text", "",
         help="The command that starts this machine's server. Empty takes $ART3D_COMMAND, else `art3d`."),
)  # fmt: skip
"""Knobs that only the plug-in has; their ids continue those of `KNOBS`."""

BY_NAME: Mapping[str, Knob] = {knob.name: knob for knob in KNOBS}


def _rest(name: str) -> Any:
    return BY_NAME[name].default


@dataclass(frozen=True)
class Controls:
    """The knobs of the rendering: cheap to change, applied per tile. Units as in `KNOBS`."""

    depth_gain: float = _rest("depth_gain")
    zero_plane: float = _rest("zero_plane")
    sculpt: float = _rest("sculpt")
    budget_front: float = _rest("budget_front")
    budget_behind: float = _rest("budget_behind")
    hero: str = _rest("hero")
    fill: str = _rest("fill")
    edges: str = _rest("edges")
    occlusion_to_alpha: bool = _rest("occlusion_to_alpha")
    matte: str = _rest("matte")
    floating_window: str = _rest("floating_window")
    floating_left: float = _rest("floating_left")
    floating_right: float = _rest("floating_right")
    floating_left_slant: float = _rest("floating_left_slant")
    floating_right_slant: float = _rest("floating_right_slant")
    floating_softness: float = _rest("floating_softness")
    floating_mask: str = _rest("floating_mask")
    depth_budget: str = _rest("depth_budget")

    @property
    def limits_pct(self) -> tuple[float, float]:
        """How far anything may come out and recede, % of picture width; infinite without a depth budget."""
        return (math.inf, math.inf) if self.depth_budget == "none" else (self.budget_front, self.budget_behind)

    def checked(self) -> Controls:
        """The same controls, every value proved against its knob.

        Raises:
            BadInputError: as `Knob.check`.
        """
        values: dict[str, Any] = {f.name: BY_NAME[f.name].check(getattr(self, f.name)) for f in fields(self)}
        return replace(self, **values)
