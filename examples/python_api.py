"""Art3D from Python, on the project's own plate: `python examples/python_api.py [OUT]`.

Three walks: a frame through the server, as `art3d render` does it; the new view alone, on tensors;
a style of one's own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from art3d_node.stereo.blueprint import blueprint
from art3d_node.stereo.synthesis import new_view
from host_bridge.batch.ask import convert
from host_bridge.client import Client
from host_bridge.core.params import Controls
from host_bridge.core.recipe import art3d_version
from host_bridge.io.outputs import Result, Writing, write_stereo
from host_bridge.io.plates import Pattern, read_plate
from host_bridge.wire.settings import AnalysisSettings

PLATE = Path(__file__).parent / "plate" / "plate.1005.exr"


def through_the_server(out: Path) -> Result:
    """A plate to a stereo EXR; the server is this user's own, started when needed."""
    plate = read_plate(PLATE, number=1005)
    with Client() as client:
        result = convert(client, plate, AnalysisSettings(style="immersive"), Controls(depth_gain=1.3))
    (written,) = write_stereo(Pattern.parse(str(out / "stereo.####.exr")), result, Writing(art3d_version()))
    near, far = result.stats["parallax_max_pct"], result.stats["parallax_min_pct"]
    print(f"{written.name}: parallax {far:.2f} to {near:.2f} % of the width, staged by {result.stats['style_id']}")
    return result


def on_tensors(image: Tensor, disparity: Tensor) -> Tensor:
    """The right eye of a plate (H, W, 3) from its disparity (H, W), px."""
    view = new_view(image, disparity, toward="right")
    print(f"the right eye shows {100 * view.occlusion.float().mean():.2f} % that the left one does not")
    return view.image


@dataclass(frozen=True)
class CentreStage:
    """A style of one's own: what lies in the middle of the frame comes out of the screen, its rim stays on it."""

    id: str = "centre-stage-1"
    name: str = "centre stage"
    needs_look: bool = False

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        """vs and vt, fractions of the picture's width."""
        rows, columns = inverse_depth.shape
        y, x = torch.meshgrid(torch.linspace(-1, 1, rows), torch.linspace(-1, 1, columns), indexing="ij")
        middle = torch.exp(-2 * (x * x + y * y))
        return 0.015 + 0.02 * middle, torch.full_like(middle, -0.012)


def own_style(inverse_depth: Tensor) -> Tensor:
    """The disparity (H, W), px, that `CentreStage` gives a frame."""
    rows, columns = inverse_depth.shape
    vs, vt = CentreStage().stage(torch.empty(0), inverse_depth, aspect=columns / rows)
    disparity = blueprint(inverse_depth, vs, vt) * columns
    print(f"centre stage: {disparity.min():.1f} to {disparity.max():.1f} px")
    return disparity


def main(out: Path) -> None:
    """All three walks."""
    out.mkdir(parents=True, exist_ok=True)
    result = through_the_server(out)
    image = torch.tensor(result.on_display("left"))[..., :3]
    on_tensors(image, torch.tensor(result.planes["disparity_left"])[..., 0])
    on_tensors(image, own_style(torch.linspace(0, 1, image.shape[0])[:, None].expand(image.shape[:2])))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/python_api"))
