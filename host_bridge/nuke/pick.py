"""Zero plane from the viewer: what the artist samples comes to lie on the screen."""

from __future__ import annotations

from typing import Any

import nuke

from .nodes import chosen, core, is_gizmo
from .report import Trouble, guarded, report

_ROUNDS = 4  # the depth budget compresses softly, so that one step may fall a little short
_CLOSE_PCT = 0.005


def sampled_point(node: Any) -> tuple[float, float]:
    """Centre of the viewer's sample in pixels of the node's picture.

    Raises:
        Trouble: no viewer, or nothing sampled.
    """
    viewer = nuke.activeViewer()
    if viewer is None:
        raise Trouble("open a viewer and Ctrl-click the point that should lie on the screen")
    box = viewer.node()["colour_sample_bbox"].value()
    width, height = node.format().width(), node.format().height()
    if not box or (box[0] == box[2] == 0 and box[1] == box[3] == 0):
        raise Trouble("Ctrl-click in the viewer the point that should lie on the screen, then pick again")
    # The viewer tells −1…1 over the picture's width, with the same unit upward.
    x = ((box[0] + box[2]) / 2 + 1) / 2 * width
    y = (box[1] + box[3]) / 2 * width / 2 + height / 2
    return x, y


def parallax_pct(node: Any, point: tuple[float, float]) -> float:
    """Parallax there in % of picture width, > 0 behind the screen."""
    where = core(node, "Disparity")
    return 100.0 * float(where.sample("red", point[0], point[1])) / float(where.format().width())


@guarded
def pick_zero_plane() -> None:
    """Moves the zero plane to the sampled point."""
    node = chosen()
    if not is_gizmo(node) and node["output"].value() != "disparity":
        raise Trouble("set Output to disparity while picking, or use the Art3D Stereo node")
    point = sampled_point(node)
    for _ in range(_ROUNDS):
        parallax = parallax_pct(node, point)
        if abs(parallax) < _CLOSE_PCT:
            break
        node["zero_plane"].setValue(node["zero_plane"].value() - parallax)
    report("Zero Plane is {:.2f} % now".format(node["zero_plane"].value()))
