"""Weights are found by name in the folders of models, and their licences are said."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from host_bridge.commands import models
from host_bridge.core.errors import BadInputError
from host_bridge.models import checkpoints

pytestmark = pytest.mark.usefixtures("folders")


def test_the_known_file_is_the_public_one() -> None:
    known = checkpoints.known("da2-small")
    assert known.size_bytes == 99_218_434
    assert known.sha256 == "715fade13be8f229f8a70cc02066f656f2423a59effd0579197bbf57860e1378"
    assert known.licence == "Apache-2.0"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"no weights are known as 'da2-large'; choose one of: da2-small"):
        checkpoints.known("da2-large")


def test_the_users_cache_is_looked_at_last(tmp_path: Path, folders: Path) -> None:
    assert checkpoints.folders() == [folders, tmp_path / "cache" / "art3d" / "models"]
    assert checkpoints.find("da2-small") is None
    for folder in reversed(checkpoints.folders()):
        folder.mkdir(parents=True)
        (folder / "depth_anything_v2_vits.pth").touch()
        assert checkpoints.find("da2-small") == folder / "depth_anything_v2_vits.pth"


@pytest.mark.parametrize("name", ["", ".", "..", "../models", "a/b"])
def test_a_name_is_no_path(name: str, folders: Path) -> None:
    folders.mkdir()
    (folders / "config.json").touch()
    assert checkpoints.find(name) is None


def config(folder: Path, **backbone: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "depth_anything", "backbone_config": backbone}))
    return folder


@pytest.mark.parametrize(
    ("backbone", "note"),
    [
        ({"hidden_size": 384, "out_indices": [3, 6, 9, 12]}, ""),
        ({"hidden_size": 768, "out_indices": [3, 6, 9, 12]}, "V2 Base is CC-BY-NC-4.0"),
        ({"out_features": ["stage3", "stage6", "stage9", "stage12"]}, "V2 Base is CC-BY-NC-4.0"),
        ({"hidden_size": 1024, "out_indices": [5, 12, 18, 24]}, "V2 Large is CC-BY-NC-4.0"),
        ({"hidden_size": 768, "out_indices": [9, 10, 11, 12]}, ""),
        ({"hidden_size": "wide", "out_indices": 3}, ""),
    ],
)
def test_base_and_large_of_v2_are_said_to_be_non_commercial(
    backbone: dict[str, object], note: str, folders: Path
) -> None:
    said = checkpoints.licence_note(config(folders / "house", **backbone))
    assert note in said
    assert bool(note) == bool(said)


@pytest.mark.parametrize(
    ("card", "note"),
    [
        ("---\nlicense: mit\ntags:\n- depth\n---\n# A network", "house is mit"),
        ("---\ntags: [x]\nlicense: 'cc-by-nc-4.0'\n---\n", "house is cc-by-nc-4.0: not for commercial work"),
        ("---\nlicense: other\nlicense_name: house-research-only\n---", "house is house-research-only: not for"),
        ("# A card without a head\nlicense: mit", ""),
        ("", ""),
    ],
)
def test_a_card_states_its_licence(card: str, note: str, folders: Path) -> None:
    house = config(folders / "house", hidden_size=384, out_indices=[3, 6, 9, 12])
    (house / "README.md").write_text(card)
    said = checkpoints.licence_note(house)
    assert said.startswith(note) and bool(said) == bool(note)


def test_onnx_files_have_names(folders: Path) -> None:
    folders.mkdir()
    (folders / "house.onnx").touch()
    assert checkpoints.find("house") == checkpoints.find("house.onnx") == folders / "house.onnx"
    assert checkpoints.find("../models/house.onnx") is None


def test_folders_that_can_be_named_are_listed(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = config(folders / "house", hidden_size=768, out_indices=[3, 6, 9, 12])
    config(checkpoints.cache_folder() / "house")
    assert checkpoints.model_folders() == [house]
    assert checkpoints.find("house") == house
    models.run(argparse.Namespace(action="list"))
    assert "not for commercial work" in capsys.readouterr().out
