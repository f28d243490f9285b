"""`.style` files: what is saved comes back; what is damaged or hostile is refused with one clear line."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import (
    MAX_FILE_BYTES,
    StyleCard,
    content_id,
    load_style_file,
    read_card,
    save_style,
)
from host_bridge.core.errors import StyleError

CARD = StyleCard(
    name="gentle",
    architecture={},
    input_size=256,
    statistics={"s_mean": 0.01, "s_std": 0.002, "t_mean": -0.004, "t_std": 0.001},
    training_data="staged films",
    licence="Apache-2.0",
    metrics={"ddc_iou": 0.84},
    thumbnail="aGk=",
)


def _net(width: int = 4) -> CameraNet:
    torch.manual_seed(1)
    net = CameraNet(width)
    torch.nn.init.normal_(net.out.weight, std=0.05)
    return net


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "gentle.style"
    save_style(path, _net(), CARD)
    return path


def _forge(path: Path, *, card: dict[str, Any] | None = None, width: int = 4, weight: float | None = None) -> None:
    """A file that is sound safetensors, but for what is asked."""
    net = _net(width)
    tensors = {name: value.detach().half().contiguous() for name, value in net.state_dict().items()}
    if weight is not None:
        tensors["out.bias"][0] = weight
    fields = asdict(replace(CARD, architecture={"name": "camera_net", "width": 4}))
    fields["id"] = content_id(StyleCard(**fields), tensors)
    fields.update(card or {})
    path.write_bytes(save(tensors, metadata={"art3d_style": json.dumps(fields)}))


def test_a_style_comes_back(saved: Path) -> None:
    card, net = load_style_file(saved)
    wanted = replace(CARD, id=card.id, architecture={"name": "camera_net", "width": 4})
    assert card == wanted == read_card(saved)
    assert all(torch.equal(value.half(), _net().state_dict()[name].half()) for name, value in net.state_dict().items())
    assert not net.training


def test_the_id_is_of_the_content(tmp_path: Path) -> None:
    a = save_style(tmp_path / "a.style", _net(), CARD)
    b = save_style(tmp_path / "b.style", _net(), replace(CARD, thumbnail=""))
    c = save_style(tmp_path / "c.style", _net(), replace(CARD, licence="other"))
    other = _net()
    other.out.bias.data[0] += 0.5  # type: ignore[union-attr]
    d = save_style(tmp_path / "d.style", other, CARD)
    assert a.id == b.id
    assert len({a.id, c.id, d.id}) == 3


def test_a_sound_forgery_loads(tmp_path: Path) -> None:
    """`_forge` writes sound files; each test below spoils one thing."""
    _forge(tmp_path / "x.style")
    load_style_file(tmp_path / "x.style")


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ({"format_version": 2}, "style format 2.*newer"),
        ({"format_version": None}, "style format None"),
        ({"name": "../evil"}, "card's name"),
        ({"name": 7}, "card's name"),
        ({"id": "0" * 16}, "does not match its id"),
        ({"training_data": "changed"}, "does not match its id"),
        ({"input_size": 250}, "card's input_size"),
        ({"input_size": 1 << 30}, "card's input_size"),
        ({"input_size": True}, "card's input_size"),
        ({"disparity_unit": "px"}, "card's disparity_unit"),
        ({"architecture": {"name": "camera_net", "width": 8}}, "do not fit"),
        ({"architecture": {"name": "camera_net", "width": 10**9}}, "card's architecture"),
        ({"architecture": {"name": "os.system"}}, "card's architecture"),
        ({"statistics": {"s_mean": "much"}}, "card's statistics"),
        ({"metrics": []}, "card's metrics"),
        ({"licence": None}, "card's licence"),
    ],
)
def test_spoiled_cards_are_refused(card: dict[str, Any], message: str, tmp_path: Path) -> None:
    _forge(tmp_path / "x.style", card=card)
    with pytest.raises(StyleError, match=message):
        load_style_file(tmp_path / "x.style")


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(weight: float, tmp_path: Path) -> None:
    _forge(tmp_path / "x.style", weight=weight)
    with pytest.raises(StyleError, match="not finite"):
        load_style_file(tmp_path / "x.style")


def test_nan_weights_are_not_saved(tmp_path: Path) -> None:
    net = _net()
    net.out.bias.data[0] = float("nan")  # type: ignore[union-attr]
    with pytest.raises(StyleError, match="not finite"):
        save_style(tmp_path / "x.style", net, CARD)
    assert list(tmp_path.iterdir()) == []


def test_weights_without_a_card_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.style").write_bytes(save({"a": torch.zeros(2)}))
    with pytest.raises(StyleError, match="no style card"):
        load_style_file(tmp_path / "x.style")


def test_missing_and_oversized_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="cannot be read"):
        load_style_file(tmp_path / "none.style")
    huge = tmp_path / "huge.style"
    with huge.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(StyleError, match="larger than"):
        load_style_file(huge)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x10\x00\x00",
        b"\xff" * 64,
        (1 << 60).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (60000).to_bytes(8, "little") + b"[" * 60000,
    ],
)
def test_what_is_no_style_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.style").write_bytes(data)
    with pytest.raises(StyleError):
        load_style_file(tmp_path / "x.style")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_truncated_files_are_refused(saved: Path, share: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(StyleError):
        load_style_file(saved)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 30), st.integers(1, 255))
def test_any_changed_byte_is_noticed_or_harmless(saved: Path, position: int, change: int) -> None:
    data = bytearray(saved.read_bytes())
    card = read_card(saved)
    at = position % len(data)
    data[at] ^= change
    spoiled = saved.with_name("spoiled.style")
    spoiled.write_bytes(data)
    try:
        found, _ = load_style_file(spoiled)
    except StyleError:
        return
    # Only the thumbnail may change without the id noticing.
    assert replace(found, thumbnail="") == replace(card, thumbnail="")
