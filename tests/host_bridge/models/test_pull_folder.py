"""A folder of a network is fetched by the sha256 that somebody trusts, and proved at every use."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from host_bridge.commands import models
from host_bridge.core.errors import BadInputError, ServerUnreachableError
from host_bridge.models import checkpoints
from host_bridge.models.checkpoints import WEIGHTS, Checkpoint, PublishedFolder, verify_recorded
from host_bridge.models.pull import pull, pull_folder
from tests.host_bridge.models.publisher import CONTENT, WEIGHTS_SHA256, Publisher

pytestmark = pytest.mark.usefixtures("folders")


def test_a_folder_is_pulled_by_the_sha256_that_somebody_trusts(network: PublishedFolder, publisher: Publisher) -> None:
    with pytest.raises(BadInputError, match=r"no published sha256 of house-net.*--sha256.*--from"):
        pull_folder(network)
    assert publisher.asked == []
    path = pull_folder(network, sha256=WEIGHTS_SHA256.upper())
    assert sorted(p.name for p in path.iterdir()) == sorted(("art3d.json", *network.files))
    assert checkpoints.find("house-net") == path and (path / WEIGHTS).read_bytes() == CONTENT
    verify_recorded(path)
    asked = len(publisher.asked)
    assert pull_folder(network) == path and len(publisher.asked) == asked


@pytest.mark.parametrize("ranges", [True, False])
def test_a_folder_continues_where_it_stopped(ranges: bool, network: PublishedFolder, publisher: Publisher) -> None:
    publisher.stops_after, publisher.ranges = 1_500_000, ranges
    with pytest.raises(ServerUnreachableError, match="run the same command to continue"):
        pull_folder(network, sha256=WEIGHTS_SHA256)
    publisher.stops_after = None
    assert (pull_folder(network, sha256=WEIGHTS_SHA256) / WEIGHTS).read_bytes() == CONTENT
    assert publisher.asked == [None, None, None, "bytes=1500000-"]


def test_a_whole_part_is_not_fetched_again(network: PublishedFolder, publisher: Publisher, folders: Path) -> None:
    part = folders / "house-net.part" / (WEIGHTS + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert (pull_folder(network, sha256=WEIGHTS_SHA256) / WEIGHTS).read_bytes() == CONTENT
    assert publisher.asked[-1] == f"bytes={len(CONTENT)}-"


def test_other_weights_than_trusted_are_refused(network: PublishedFolder, folders: Path) -> None:
    with pytest.raises(BadInputError, match=r"sha256 is .* not 00"):
        pull_folder(network, sha256="0" * 64)
    assert checkpoints.find("house-net") is None
    assert not (folders / "house-net.part" / WEIGHTS).exists()


def test_a_configuration_is_small(network: PublishedFolder, publisher: Publisher) -> None:
    publisher.files["config.json"] = CONTENT
    with pytest.raises(BadInputError, match=r"config\.json: \d+ bytes are too many"):
        pull_folder(network, sha256=WEIGHTS_SHA256)


def test_what_was_recorded_must_stay(network: PublishedFolder, folders: Path) -> None:
    path = pull_folder(network, sha256=WEIGHTS_SHA256)
    (path / WEIGHTS).write_bytes(b"others")
    with pytest.raises(BadInputError, match="pull house-net"):
        verify_recorded(path)
    (path / "art3d.json").write_text("[]")
    with pytest.raises(BadInputError, match="the record cannot be used"):
        verify_recorded(path)
    verify_recorded(folders)


def test_without_a_network_a_folder_is_enough(
    network: PublishedFolder, published: Checkpoint, publisher: Publisher, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    for name, body in {**publisher.files, WEIGHTS: CONTENT, "README.md": b"---\nlicense: mit\n---"}.items():
        (disk / name).write_bytes(body)
    path = pull_folder(network, source=disk)
    verify_recorded(path)
    assert checkpoints.licence_note(path) == "house-net is mit"
    (disk / "small.pth").write_bytes(CONTENT)
    assert pull(published, source=disk).read_bytes() == CONTENT
    assert publisher.asked == []
    (disk / WEIGHTS).unlink()
    with pytest.raises(BadInputError, match=r"no model\.safetensors in it"):
        pull_folder(PublishedFolder("other", "MIT", "http://nowhere/", "x"), source=disk)
    (disk / "small.pth").write_bytes(b"another")
    with pytest.raises(BadInputError, match="7 bytes, the published file"):
        pull(published, source=disk / "small.pth", folder=tmp_path / "elsewhere")


def test_the_command_pulls_a_folder(
    network: PublishedFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "FOLDERS", {"house-net": replace(network, note="mind the teachers")})
    parser = argparse.ArgumentParser()
    models.add_arguments(parser)
    with pytest.raises(BadInputError, match="not a sha256"):
        models.run(parser.parse_args(["pull", "house-net", "--sha256", "abc"]))
    with pytest.raises(BadInputError, match="no such file or folder"):
        models.run(parser.parse_args(["pull", "house-net", "--from", "/nowhere/at/all"]))
    assert models.run(parser.parse_args(["pull", "house-net", "--sha256", WEIGHTS_SHA256])) == 0
    said = capsys.readouterr().out
    assert "licence: MIT" in said and "mind the teachers" in said and "proved at every use" in said
