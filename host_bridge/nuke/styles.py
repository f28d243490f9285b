"""Choose a style by its picture."""

from __future__ import annotations

import base64
import html
import json
import os
import tempfile
from typing import Any

import nuke

from . import tool
from .nodes import chosen
from .report import Trouble, guarded

_THUMBNAIL_PX = 240


def listed(text: str) -> list[dict[str, Any]]:
    """The styles in what `art3d styles --json` printed.

    Raises:
        Trouble: it names none.
    """
    found: list[dict[str, Any]] = json.loads(text).get("styles", [])
    if not found:
        raise Trouble("the server knows no style; run `art3d styles`")
    return found


def card(style: dict[str, Any], folder: str) -> str:
    """A style as the panel shows it: thumbnail, name, what it says of itself."""
    picture = ""
    if style.get("thumbnail"):
        path = os.path.join(folder, str(style["name"]).replace(os.sep, "_") + ".png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(style["thumbnail"]))
        picture = f'<img src="{html.escape(path, quote=True)}" width="{_THUMBNAIL_PX}"><br>'
    about = str(style.get("about") or style.get("training_data") or "")
    return f"{picture}<b>{html.escape(str(style['name']))}</b> {html.escape(about)}"


@guarded
def choose_style() -> None:
    """A panel with one entry a style; sets the node's Style knob."""
    node = chosen()
    arguments = ["styles", "--json"]
    tool.in_background("Art3D looks for styles", arguments, lambda text: _choose(node, text), limit_s=tool.SHORT_S)


@guarded
def _choose(node: Any, text: str) -> None:
    styles = listed(text)
    names = [str(style["name"]) for style in styles]
    if not nuke.GUI:
        raise Trouble("styles: {}; set the Style knob to one of them".format(", ".join(names)))
    with tempfile.TemporaryDirectory(prefix="art3d-styles-") as folder:
        picked = _picked(styles, names, folder, str(node["style"].value()))
    if picked:
        node["style"].setValue(picked)


def _picked(styles: list[dict[str, Any]], names: list[str], folder: str, now: str) -> Any:
    import nukescripts

    panel = nukescripts.PythonPanel("Art3D styles")
    pulldown = nuke.Enumeration_Knob("style", "Style", names)
    panel.addKnob(pulldown)
    for style in styles:
        panel.addKnob(nuke.Text_Knob("card_" + str(style["name"]), "", card(style, folder)))
    if now in names:
        pulldown.setValue(now)
    return pulldown.value() if panel.showModalDialog() else None
