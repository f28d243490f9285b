"""The `.style` file: CameraNet's weights as safetensors, and the style card as JSON in its metadata.

Nothing in it can run code, and loading proves all of it: sizes before memory is taken, the card's fields, the
network's shapes, that every weight is finite, and that the content still has the id it was saved with.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from art3d_node.models.camera_net import INPUT_SIZE, STRIDE, WIDTHS, CameraNet
from host_bridge.core.errors import StyleError
from host_bridge.core.regular import read_regular, validate_plain

FORMAT_VERSION = 1
SUFFIX = ".style"
MAX_FILE_BYTES = 32 << 20
MAX_HEADER_BYTES = 1 << 20
MAX_TEXT = 4096
MAX_FIGURES = 256
MAX_FIGURE_NAME = 64
MAX_THUMBNAIL = 256 << 10
MAX_NOTES = 512 << 10
CARD_NESTING = 6
DISPARITY_UNIT = "fraction_of_picture_width"
_KEY = "art3d_style"
_NOT_HASHED = ("id", "thumbnail", "made")
_OPTIONAL = ("provenance", "made")
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ")


@dataclass(frozen=True)
class StyleCard:
    """What a style says about itself.

    Attributes:
        name: what the artist chooses.
        id: hash of card and weights; made when the style is saved.
        architecture: {"name": "camera_net", "width": channels}.
        input_size: the longer side that the network works at, px, a multiple of 8.
        depth_source: name or model id of the depth it was trained on.
        disparity_unit: always "fraction_of_picture_width".
        statistics: "s_mean", "s_std", "t_mean", "t_std" of its training films, fractions of picture width.
        training_data, licence: what it learned from, and what may be done with it.
        metrics: figure → number.
        thumbnail: PNG as base64, or "".
        provenance: what is needed to make it again, as the trainer notes it; {} where nothing is known.
        made: when and on what it was made; no part of what `id` hashes.
        format_version: of the file.
    """

    name: str
    architecture: Mapping[str, Any]
    id: str = ""
    input_size: int = INPUT_SIZE
    depth_source: str = "mini"
    disparity_unit: str = DISPARITY_UNIT
    statistics: Mapping[str, float] = field(default_factory=dict)
    training_data: str = ""
    licence: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    thumbnail: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION


def save_style(path: Path, net: CameraNet, card: StyleCard) -> StyleCard:
    """Write a style; weights are stored in half precision. The file appears by rename.

    Args:
        path: where to; should end in ".style".
        net: the trained network.
        card: its card; `id` and `architecture` are filled in here.

    Returns:
        The card as written.

    Raises:
        StyleError: the card or the weights would not load again.
    """
    tensors = {name: value.detach().cpu().half().contiguous() for name, value in net.state_dict().items()}
    card = replace(card, architecture={"name": "camera_net", "width": net.width})
    card = replace(card, id=content_id(card, tensors))
    with _naming(path):
        _check_card(asdict(card))
        _network(card, tensors)
    data = save(tensors, metadata={_KEY: json.dumps(asdict(card), sort_keys=True)})
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return card


def validate_card(card: StyleCard, path: Path) -> None:
    """Proves that a style with this card would load again, before the hours that make its weights.

    Raises:
        StyleError: what it says cannot be said.
    """
    with _naming(path):
        _check_card(asdict(card))


def load_style_file(path: Path) -> tuple[StyleCard, CameraNet]:
    """The card and the network, in eval mode, float32.

    Raises:
        StyleError: the file is missing, damaged, of a newer version, or not what its id says.
    """
    with _naming(path):
        return _parse(_read(path))


def read_card(path: Path) -> StyleCard:
    """The card alone, without building the network; the id is not proved.

    Raises:
        StyleError: as `load_style_file`, as far as the card shows it.
    """
    with _naming(path):
        return _card(_header(_read(path)))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Faults of a file's content name the file."""
    try:
        yield
    except StyleError as error:
        raise StyleError(error.message, where=str(path), remedy=error.remedy or "train or fetch it again") from error


def content_id(card: StyleCard, tensors: Mapping[str, Tensor]) -> str:
    """Hash of the weights and of all the card says, except its id, thumbnail and making; 16 hexadecimal digits."""
    fields = {name: value for name, value in asdict(card).items() if name not in _NOT_HASHED}
    if not card.provenance:
        del fields["provenance"]
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, limit_bytes=MAX_FILE_BYTES)
    except OSError as error:
        raise StyleError(f"cannot be read: {error.strerror}") from error


def _header(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= size <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise StyleError("is truncated or not a style file")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError) as error:
        raise StyleError("its header is not JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__"), dict):
        raise StyleError("carries no style card")
    return header


def _card(header: Mapping[str, Any]) -> StyleCard:
    try:
        fields = json.loads(header["__metadata__"][_KEY])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise StyleError("carries no style card") from error
    try:
        validate_plain(fields, nesting=CARD_NESTING)
    except ValueError as error:
        raise StyleError(f"its card cannot be sent: {error}") from error
    if not isinstance(fields, dict):
        raise StyleError("carries no style card")
    _check_card(fields)
    return StyleCard(**{name: fields[name] for name in StyleCard.__dataclass_fields__ if name in fields})


def _check_card(fields: Mapping[str, Any]) -> None:
    version = fields.get("format_version")
    if version != FORMAT_VERSION:
        raise StyleError(f"is style format {version!r}, this Art3D reads {FORMAT_VERSION}", remedy="use a newer Art3D")
    for name, sound in _SOUND.items():
        if name in _OPTIONAL and name not in fields:
            continue
        if name not in fields or not sound(fields[name]):
            raise StyleError(f"its card's {name} is {str(fields.get(name))[:60]!r}")


def _is_figures(value: Any) -> bool:
    if (
        not isinstance(value, dict)
        or len(value) > MAX_FIGURES
        or not all(len(name) <= MAX_FIGURE_NAME for name in value)
    ):
        return False
    # A float carries whole numbers up to 2⁵³; NaN compares false.
    return all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) <= 2.0**53 for v in value.values())


def _is_notes(value: Any) -> bool:
    """Whether a map of names could have been written by a trainer: its size bounds what a reader must look at."""
    return isinstance(value, dict) and len(json.dumps(value)) <= MAX_NOTES


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def is_style_name(value: Any) -> bool:
    """Whether a style can have this name, and its file too."""
    return isinstance(value, str) and 0 < len(value) <= 64 and set(value) <= _NAME_LETTERS and value[0] not in ". "


def _is_architecture(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("name") != "camera_net":
        return False
    return type(value.get("width")) is int and WIDTHS[0] <= value["width"] <= WIDTHS[1]


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "name": is_style_name,
    "id": _is_text,
    "architecture": _is_architecture,
    "input_size": lambda value: type(value) is int and 64 <= value <= 2048 and value % STRIDE == 0,
    "depth_source": _is_text,
    "disparity_unit": lambda value: value == DISPARITY_UNIT,
    "statistics": _is_figures,
    "training_data": _is_text,
    "licence": _is_text,
    "metrics": _is_figures,
    "thumbnail": lambda value: isinstance(value, str) and len(value) <= MAX_THUMBNAIL,
    "provenance": _is_notes,
    "made": _is_notes,
}


def _network(card: StyleCard, tensors: Mapping[str, Tensor]) -> CameraNet:
    net = CameraNet(int(card.architecture["width"]))
    shapes = {name: value.shape for name, value in net.state_dict().items()}
    if {name: value.shape for name, value in tensors.items()} != shapes:
        raise StyleError("its weights do not fit the architecture on its card")
    for name, value in tensors.items():
        if value.dtype not in (torch.float16, torch.float32):
            raise StyleError(f"its weight {name} is {value.dtype}, not float16 or float32")
        if not bool(torch.isfinite(value).all()):
            raise StyleError(f"its weight {name} is not finite")
    net.load_state_dict({name: value.float() for name, value in tensors.items()})
    return net.eval()


def _parse(data: bytes) -> tuple[StyleCard, CameraNet]:
    card = _card(_header(data))
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, RuntimeError, KeyError, AttributeError, TypeError) as error:
        raise StyleError(f"is damaged: {str(error).partition(chr(10))[0]}") from error
    net = _network(card, tensors)
    if content_id(card, tensors) != card.id:
        raise StyleError("its content does not match its id: it was changed after it was saved")
    return card, net
