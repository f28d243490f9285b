"""A trained network → the file that ships: NAME.style, and ONNX and TorchScript beside it, each proved equal."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from art3d_node.models.camera_net import STRIDE, CameraNet
from art3d_node.models.style_file import StyleCard, load_style_file, save_style, validate_card
from art3d_node.models.styles import RIM
from host_bridge.core.errors import OutputError
from training.colours import coloured
from training.config import FitConfig
from training.dataset import Pairs
from training.figures import FrameFigures, predict, summary
from training.shards import Entry

TOLERANCE = 1e-5
"""Largest difference of an export, fraction of picture width: 0.005 px at 512 wide."""

_LARGEST_SIDE = 2048
_THUMBNAIL_PX = 192


@dataclass(frozen=True)
class Exports:
    """The files written, and the largest difference of each from the network, fraction of width."""

    style: Path
    onnx: Path
    torchscript: Path
    onnx_error: float
    torchscript_error: float


class Portable(nn.Module):
    """CameraNet as the node runs it, with one tensor in and one out, for runtimes that know nothing of Art3D.

    The picture goes in without a rim: its mirror image around it, which the network looks at, is made inside.

    In: (N, 4, h, w) display-referred RGB 0..1 and iz, sides multiples of 8 and over 32.
    Out: (N, 3, h, w) vs, vt, d̂_R, fractions of picture width.
    """

    def __init__(self, net: CameraNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, rgb_iz: Tensor) -> Tensor:
        padded = nn.functional.pad(rgb_iz, (RIM,) * 4, mode="reflect")
        maps = self.net(padded[:, :3], padded[:, 3:])
        return torch.cat([maps.scale, maps.shift, maps.right], 1)[..., RIM:-RIM, RIM:-RIM]


@dataclass(frozen=True)
class CardFields:
    """What a card says of a style, besides its figures.

    Attributes:
        name: what the artist chooses.
        input_size: longer side it was trained at, px.
        depth_source: the depth it was trained on.
        training_data, licence: what it learned from, and what may be done with it.
        thumbnail: PNG as base64, or "".
        provenance, made: as `training.provenance` notes them.
    """

    name: str
    input_size: int
    depth_source: str
    training_data: str = ""
    licence: str = ""
    thumbnail: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


def validate_fields(path: Path, about: CardFields, *, width: int) -> None:
    """Proves, before the training, that a network of this width can be saved as this style.

    Raises:
        StyleError: its card would not load again.
    """
    validate_card(StyleCard(architecture={"name": "camera_net", "width": width}, **about.__dict__), path)


def write_style(path: Path, net: CameraNet, about: CardFields, *, rows: Sequence[FrameFigures]) -> StyleCard:
    """Save a network as a style whose card carries the figures of `rows`.

    Args:
        path: NAME.style.
        net: the network.
        about: what the card says besides.
        rows: figures on held-out shots; may be empty.

    Raises:
        StyleError: the card or the weights would not load again.
    """
    figures = summary(rows) if rows else {}
    statistics = {
        f"{k}_{m}": figures[f"{k}_style_{m}_px"] / 512.0 for k in ("s", "t") for m in ("mean", "std") if figures
    }
    card = StyleCard(
        architecture={},
        statistics={key: round(value, 6) for key, value in statistics.items()},
        metrics={key: round(value, 4) for key, value in figures.items() if np.isfinite(value)},
        **about.__dict__,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_style(path, net, card)


def export(style: Path, folder: Path) -> Exports:
    """Write STYLE's ONNX and TorchScript forms, and the style itself where it is not there yet.

    Args:
        style: a .style file.
        folder: where to.

    Raises:
        StyleError: the style does not load.
        OutputError: a form that cannot be written, or differs from the network.
    """
    card, net = load_style_file(style)
    folder.mkdir(parents=True, exist_ok=True)
    copy, onnx, script = (folder / f"{style.stem}{suffix}" for suffix in (".style", ".onnx", ".pt"))
    if copy.resolve() != style.resolve():
        copy.write_bytes(style.read_bytes())
    portable = Portable(net).eval()
    sample = _sample(2, 64, 96)
    with warnings.catch_warnings():
        # CatFileCreator reads traced modules, whatever torch now prefers; the shape checks are meant to be fixed.
        warnings.filterwarnings("ignore")
        torch.jit.trace(portable, sample, check_trace=False).save(str(script))
        _write_onnx(portable, sample, onnx, card)
    probe = _sample(1, 136, 104)
    with torch.no_grad():
        truth = portable(probe)
        script_error = float((_run_torchscript(script, probe) - truth).abs().max())
    onnx_error = float(np.abs(_run_onnx(onnx, probe) - truth.numpy()).max())
    for file, error in ((onnx, onnx_error), (script, script_error)):
        if not error <= TOLERANCE:
            raise OutputError(f"differs from the style by {error:.2g} of the picture width", where=str(file))
    return Exports(copy, onnx, script, onnx_error, script_error)


def _sample(n: int, h: int, w: int) -> Tensor:
    return torch.rand(n, 4, h, w, generator=torch.Generator().manual_seed(7))


def _write_onnx(portable: Portable, sample: Tensor, path: Path, card: StyleCard) -> None:
    most = _LARGEST_SIDE // STRIDE
    sides = {i: STRIDE * torch.export.Dim(name, min=RIM // STRIDE + 1, max=most) for i, name in ((2, "h"), (3, "w"))}
    program = torch.onnx.export(
        portable,
        (sample,),
        dynamo=True,
        verbose=False,
        dynamic_shapes={"rgb_iz": {0: torch.export.Dim("n", min=1, max=64), **sides}},
        input_names=["rgb_iz"],
        output_names=["vs_vt_right"],
    )
    if program is None:
        raise OutputError("the ONNX exporter gave nothing", where=str(path))
    program.model.metadata_props.update(onnx_metadata(card))
    program.save(str(path))


def onnx_metadata(card: StyleCard) -> dict[str, str]:
    """What a runtime must know to use the graph: which style, what goes in, what comes out."""
    return {
        "art3d_style": card.name,
        "art3d_style_id": card.id,
        "art3d_input_size": str(card.input_size),
        "art3d_depth_source": card.depth_source,
        "art3d_licence": card.licence,
        "art3d_input": "RGB display-referred 0..1, iz 0 (1st percentile, far) .. 1 (99th, near); sides multiples of 8",
        "art3d_output": f"vs, vt, d_R in {card.disparity_unit}; disparity x_L - x_R = vs * iz + vt",
    }


def _run_torchscript(path: Path, probe: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        answer: Tensor = torch.jit.load(str(path))(probe)
    return answer


def _run_onnx(path: Path, probe: Tensor) -> npt.NDArray[np.float32]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"rgb_iz": probe.numpy()})[0], np.float32)


@torch.no_grad()
def thumbnail(net: CameraNet, entry: Entry, size_px: int) -> str:
    """A picture beside what the style makes of it, as base64 PNG: near is bright, the screen plane is marked."""
    eye = Pairs([entry], FitConfig(size_px=size_px), augment=False).eyes(0)[0]
    disparity = predict(net, eye)[0][0].numpy()
    picture = np.ascontiguousarray(eye.rgb.permute(1, 2, 0).numpy())
    pair = np.hstack([picture[..., ::-1], coloured(disparity)])
    size = _THUMBNAIL_PX, max(1, round(_THUMBNAIL_PX * pair.shape[0] / pair.shape[1]))
    small = cv2.resize(pair, size, interpolation=cv2.INTER_AREA)
    return base64.b64encode(cv2.imencode(".png", small)[1].tobytes()).decode()


def card_text(card: StyleCard) -> Mapping[str, object]:
    """A card without its thumbnail, for people."""
    return {name: getattr(card, name) for name in card.__dataclass_fields__ if name != "thumbnail"}
