"""A depth network as one ONNX file, which takes one picture and gives one map of depth.

What its input is like stands in the file's metadata or beside it, in `FILE.onnx.json`; the latter wins. Keys and their
defaults are the fields of `Card`. docs/render.md is the authority.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from art3d_node.models.depth_net import CPU, Estimate, SourceInput, resized_look, working_size
from art3d_node.models.transformers_depth import digest

_NEAREST = 1e-3
_MOST_PX = 4096
_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Card:
    """What a network's input and output are like.

    Attributes:
        mean, std: taken off and divided by, per channel, on values 0 … `range`.
        range: what white is.
        short_side, multiple_of: size of the input, px, where the file fixes none; the long side follows the picture.
        order: "RGB" or "BGR".
        output: "inverse" (larger is nearer) or "distance".
        licence: shown before work with it.
    """

    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    range: float = 1.0
    short_side: int = 518
    multiple_of: int = 14
    order: str = "RGB"
    output: str = "inverse"
    licence: str = ""


class OnnxDepth:
    """Inverse depth from one picture, by an ONNX network on the processor.

    Args:
        path: the file.
        name: the depth source's name.

    Raises:
        ValueError: no ONNX network of one picture and one map, or a card that cannot be used.
    """

    needs_look = True

    def __init__(self, path: Path, *, name: str) -> None:
        self.name, self.model_id = name, f"{path.stem}:{digest([path])}"
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 4, torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises whatever its loaders raise
            raise ValueError(f"{path} cannot be loaded: {_first_line(error)}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _FLOATS:
            listed = ", ".join(f"{i.name} {i.type}{i.shape}" for i in inputs)
            raise ValueError(f"{path} takes {listed}, not one picture of floats (1, 3, rows, columns)")
        self._input, self._last = inputs[0], inputs[0].shape[3] == 3
        metadata = {**self._session.get_modelmeta().custom_metadata_map, **_beside(path)}
        self._card = _card(metadata, path)
        silent = not {"mean", "std", "output"} & metadata.keys()
        assumed = f"{path.name} says nothing of its input: ImageNet colours and larger-is-nearer are assumed"
        licence = f"{path.name}: {self._card.licence}" if self._card.licence else ""
        self.licence_note = "; ".join(filter(None, (licence, assumed if silent else "")))

    def estimate(self, frame: SourceInput) -> Estimate:
        """Raw inverse depth at the network's own size.

        Raises:
            ValueError: the network fails, or gives something else than one map.
        """
        picture = self._prepared(frame)
        try:
            found = self._session.run(None, {self._input.name: picture})[0]
        except Exception as error:
            raise ValueError(f"{self.name} fails on a picture {picture.shape}: {_first_line(error)}") from error
        depth: Floats = np.squeeze(np.asarray(found, np.float32))
        if depth.ndim != 2 or min(depth.shape) < 2:
            raise ValueError(f"{self.name} gives {np.shape(found)}, not one map of depth")
        if not np.isfinite(depth).all():
            raise ValueError(f"{self.name} gives depth that is not finite")
        if self._card.output == "distance":
            depth = np.reciprocal(np.maximum(depth, np.float32(_NEAREST)), dtype=np.float32)
        return Estimate(torch.from_numpy(np.ascontiguousarray(depth)), self.model_id)

    def _prepared(self, frame: SourceInput) -> npt.NDArray[Any]:
        card = self._card
        rows, columns = self._input.shape[1:3] if self._last else self._input.shape[2:4]
        free = working_size(frame.aspect, short_side_px=card.short_side, multiple=card.multiple_of)
        size = tuple(
            fixed if isinstance(fixed, int) and fixed > 0 else open_
            for fixed, open_ in zip((rows, columns), free, strict=True)
        )
        rgb: Floats = resized_look(frame.look.to(CPU), (size[0], size[1])).numpy()
        ordered = rgb if card.order == "RGB" else rgb[:, ::-1]
        mean, std = (np.asarray(v, np.float32).reshape(1, 3, 1, 1) for v in (card.mean, card.std))
        normal = (ordered * np.float32(card.range) - mean) / std
        arranged = normal.transpose(0, 2, 3, 1) if self._last else normal
        return np.ascontiguousarray(arranged, _FLOATS[self._input.type])


def _beside(path: Path) -> dict[str, Any]:
    card = path.with_name(path.name + ".json")
    if not card.is_file():
        return {}
    try:
        found = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{card} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{card} is not a JSON object")
    unknown = sorted(found.keys() - {f.name for f in fields(Card)})
    if unknown:
        raise ValueError(f"{card}: {unknown[0]!r} is not known; keys are {', '.join(f.name for f in fields(Card))}")
    return found


def _card(metadata: dict[str, Any], path: Path) -> Card:
    try:
        values = {f.name: _value(metadata[f.name], f.default) for f in fields(Card) if f.name in metadata}
        card = Card(**values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: its metadata cannot be used: {error}") from error
    wrong = (
        ("mean and std are not 3 numbers", len(card.mean) != 3 or len(card.std) != 3 or not all(card.std)),
        ("order is RGB or BGR", card.order not in ("RGB", "BGR")),
        ("output is inverse or distance", card.output not in ("inverse", "distance")),
        (f"short_side is 1 to {_MOST_PX}", not 0 < card.multiple_of <= _MOST_PX or not 0 < card.short_side <= _MOST_PX),
        ("range is above 0", not card.range > 0),
    )
    for problem, is_wrong in wrong:
        if is_wrong:
            raise ValueError(f"{path}: {problem}")
    return card


def _value(text: Any, default: Any) -> Any:
    """A card's value, which metadata hold as text."""
    if isinstance(default, str):
        return str(text)
    value = json.loads(text) if isinstance(text, str) else text
    return tuple(float(v) for v in value) if isinstance(default, tuple) else type(default)(value)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
