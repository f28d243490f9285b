"""A studio's shared styles: installed by content, pinned by id, verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import StyleCard, load_style_file, save_style
from art3d_node.models.styles import BUNDLED, find_style
from host_bridge.cli import main
from host_bridge.core.errors import StyleError
from host_bridge.models.style_registry import install, pin, registry_folder, verified_id, verify, versions


def _style(folder: Path, seed: int, **card: object) -> Path:
    torch.manual_seed(seed)
    path = folder / "nolan.style"
    folder.mkdir(exist_ok=True)
    save_style(path, CameraNet(4), replace(StyleCard(name="nolan", architecture={}, input_size=64), **card))  # type: ignore[arg-type]
    return path


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ART3D_STYLES", f"{tmp_path / 'shared'}:{tmp_path / 'other'}")
    return tmp_path / "shared"


@pytest.mark.parametrize("harm", ["truncated", "tampered", "junk", "missing"])
def test_what_is_not_sound_is_never_installed(harm: str, shared: Path, tmp_path: Path) -> None:
    path = _style(tmp_path / "made", 1)
    data = bytearray(path.read_bytes())
    data[-3] ^= 17
    path.write_bytes({"truncated": bytes(data[:90]), "tampered": bytes(data), "junk": b"junk", "missing": b""}[harm])
    if harm == "missing":
        path.unlink()
    with pytest.raises(StyleError):
        install(path, shared)
    assert not shared.exists()


def test_ids_are_those_that_the_node_proves(tmp_path: Path) -> None:
    told = {"provenance": {"films": [{"film": "a"}]}, "made": {"when": "now"}, "training_data": "Café"}
    for path in (_style(tmp_path / "a", 1), _style(tmp_path / "b", 1, **told), *BUNDLED.glob("*.style")):
        assert verified_id(path) == load_style_file(path)[0].id


def test_versions_are_kept_and_pinned(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _style(tmp_path / "a", 1), _style(tmp_path / "b", 2)
    assert main(["styles", "install", str(first), str(second)]) == 0
    one, two = verified_id(first), verified_id(second)
    assert [(v.id, v.in_use) for v in versions(shared)] == sorted([(one, True), (two, False)])
    assert registry_folder() == shared and find_style("nolan").read_bytes() == first.read_bytes()
    assert f"art3d styles pin nolan {two}" in capsys.readouterr().out
    assert main(["styles", "pin", "nolan", two[:6]]) == 0 and verified_id(find_style("nolan")) == two
    assert main(["styles", "verify"]) == 0
    assert main(["styles", "pin", "nolan", "zz"]) == 2 and main(["styles", "pin", "nolan"]) == 2
    said = capsys.readouterr().err
    assert "is no version that is installed" in said and one in said


def test_what_was_changed_is_found(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = install(_style(tmp_path / "a", 1), shared)
    stranger = _style(tmp_path / "b", 2)
    (shared / "nolan.style").write_bytes(stranger.read_bytes())
    assert "is not kept" in verify(shared)[1][0]
    kept.file.write_bytes(stranger.read_bytes())
    assert "not the one in its name" in verify(shared)[1][-1]
    kept.file.write_bytes(b"junk")
    assert main(["styles", "verify"]) == 2 and "damaged" in capsys.readouterr().err
    with pytest.raises(StyleError):
        pin("nolan", kept.id, shared)


@pytest.mark.parametrize("name", ["neutral", "a@b", ".x"])
def test_names_that_no_style_can_have(name: str, shared: Path, tmp_path: Path) -> None:
    path = _style(tmp_path / "a", 1).rename(tmp_path / f"{name}.style")
    with pytest.raises(StyleError, match="cannot be a style's"):
        install(path, shared)
