"""Depth sources and styles by name."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from art3d_node.library import Library
from art3d_node.models import mini_weights
from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import StyleCard, save_style
from host_bridge.core.errors import DepthSourceError, StyleError
from host_bridge.models import checkpoints

OUT: dict[str, Any] = {"out_indices": [1, 2, 3, 4]}  # taken by every backbone, declared by none


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ART3D_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ART3D_STYLES", str(tmp_path))
    return tmp_path


def _folder(path: Path) -> Path:
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        **OUT,
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, neck_hidden_sizes=[4, 8, 16, 16], fusion_hidden_size=8
    )
    DepthAnythingForDepthEstimation(config).save_pretrained(path)
    return path


def test_aov_and_neutral_are_always_there() -> None:
    assert Library().depth("aov").name == "aov"
    assert Library().style("neutral").name == "neutral"


@pytest.mark.parametrize("name", ["", "nix", "../x", "da2-large"])
def test_unknown_depth_sources_say_what_to_choose(name: str) -> None:
    with pytest.raises(DepthSourceError, match=r"no such depth source.*choose aov"):
        Library().depth(name)


def test_missing_weights_say_how_to_get_them() -> None:
    with pytest.raises(DepthSourceError, match=r"not on this machine.*art3d models pull da2-small"):
        Library().depth("da2-small")


def test_mini_without_its_weights_says_what_to_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mini_weights, "BUNDLED", tmp_path / "none.safetensors")
    with pytest.raises(DepthSourceError, match="did not come with this installation; choose aov"):
        Library().depth("mini")


def test_a_file_that_is_not_the_published_one_is_refused(nothing_installed: Path) -> None:
    (nothing_installed / "depth_anything_v2_vits.pth").write_bytes(b"something else")
    with pytest.raises(DepthSourceError, match="14 bytes, the published file 99218434"):
        Library().depth("da2-small")


def test_auto_prefers_the_plates_own_depth_then_da2_then_mini(nothing_installed: Path) -> None:
    assert Library().automatic(has_z=True) == "aov"
    assert Library().automatic(has_z=False) == "mini"
    _folder(nothing_installed / "da2-small")
    assert Library().automatic(has_z=True) == "aov"
    assert Library().automatic(has_z=False) == "da2-small"
    assert Library().depth("da2-small").name == "da2-small"


def test_a_folder_is_opened_by_path_only_where_that_is_allowed(nothing_installed: Path) -> None:
    folder = _folder(nothing_installed / "deeper" / "house")
    with pytest.raises(DepthSourceError, match="no such depth source"):
        Library().depth(str(folder))
    assert Library(open_paths=True).depth(str(folder)).needs_look


def test_a_folder_among_the_models_has_a_name(nothing_installed: Path) -> None:
    _folder(nothing_installed / "house")
    assert Library().depth("house").name == "house"


def test_a_non_commercial_model_is_said(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _folder(nothing_installed / "base")
    monkeypatch.setattr(checkpoints, "licence_note", lambda folder: "not for commercial work")
    with caplog.at_level(logging.WARNING):
        source = Library().depth("base")
    assert source.licence_note in caplog.text


def test_each_is_loaded_once_also_by_many_threads(nothing_installed: Path) -> None:
    library, found = Library(), []
    threads = [threading.Thread(target=lambda: found.append(library.depth("aov"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len({id(source) for source in found}) == 1


def test_a_style_that_changes_on_disk_is_loaded_again(nothing_installed: Path) -> None:
    library, card, net = Library(), StyleCard(name="a", architecture={}), CameraNet(4)
    save_style(nothing_installed / "house.style", net, card)
    first = library.style("house")
    assert library.style("house") is first
    torch.nn.init.ones_(net.out.bias)  # type: ignore[arg-type]
    save_style(nothing_installed / "house.style", net, card)
    assert library.style("house").id != first.id


def test_a_damaged_style_says_so(nothing_installed: Path) -> None:
    (nothing_installed / "bad.style").write_bytes(b"nonsense")
    with pytest.raises(StyleError, match=r"bad\.style: is truncated or not a style file"):
        Library().style("bad")


def test_what_there_is_can_be_listed() -> None:
    assert Library().styles()[0]["name"] == "neutral"
    assert [source["name"] for source in Library().depth_sources()] == ["aov", "da2-small", "mini", "mini+people"]
