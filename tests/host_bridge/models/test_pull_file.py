"""A file of weights is fetched once, continued and checked."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from host_bridge.commands import models
from host_bridge.core.errors import BadInputError, OutputError, ServerUnreachableError
from host_bridge.models import checkpoints
from host_bridge.models.checkpoints import Checkpoint
from host_bridge.models.pull import pull
from tests.host_bridge.models.publisher import CONTENT, Publisher, address

pytestmark = pytest.mark.usefixtures("folders")


def test_a_file_is_pulled_once_and_checked(published: Checkpoint, publisher: Publisher, folders: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = pull(published, progress=lambda done, total: seen.append((done, total)))
    assert path == folders / "small.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert pull(published) == path
    assert len(publisher.asked) == 1
    assert [p.name for p in folders.iterdir()] == ["small.pth"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_continues(
    ranges: bool, published: Checkpoint, publisher: Publisher, folders: Path
) -> None:
    publisher.stops_after, publisher.ranges = 1_500_000, ranges
    with pytest.raises(ServerUnreachableError, match="run the same command to continue"):
        pull(published)
    part = (folders / "small.pth.part").stat().st_size
    assert 0 < part < len(CONTENT)
    publisher.stops_after = None
    assert pull(published).read_bytes() == CONTENT
    assert publisher.asked == [None, f"bytes={part}-"]


def test_another_content_is_deleted(published: Checkpoint, publisher: Publisher, folders: Path) -> None:
    publisher.content = b"x" * len(CONTENT)
    with pytest.raises(BadInputError, match="sha256 is"):
        pull(published)
    assert list(folders.iterdir()) == []


def test_an_endless_answer_is_not_followed(published: Checkpoint, publisher: Publisher, folders: Path) -> None:
    publisher.content = CONTENT * 20
    with pytest.raises(BadInputError, match="the published file"):
        pull(published)
    assert list(folders.iterdir()) == []


def test_a_damaged_file_in_place_is_said(published: Checkpoint, folders: Path) -> None:
    folders.mkdir()
    (folders / "small.pth").write_bytes(b"short")
    with pytest.raises(BadInputError, match=r"has 5 bytes.*delete it and run `art3d models pull small`"):
        pull(published)


def test_nobody_there(published: Checkpoint, publisher: Publisher) -> None:
    gone = Checkpoint(**{**published.__dict__, "url": "http://127.0.0.1:1/small.pth"})
    with pytest.raises(ServerUnreachableError, match=r"the download failed.*put it into"):
        pull(gone)


def test_a_folder_that_cannot_be_written(published: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        pull(published, folder=tmp_path / "file")


def test_the_command_says_licence_and_place(
    published: Checkpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folders: Path
) -> None:
    monkeypatch.setattr(checkpoints, "KNOWN", {"small": published})
    monkeypatch.setattr(checkpoints, "FOLDERS", {})
    parser = argparse.ArgumentParser()
    models.add_arguments(parser)
    assert models.run(parser.parse_args(["list"])) == 0
    assert "not here; `art3d models pull small`" in capsys.readouterr().out
    assert models.run(parser.parse_args(["pull", "small"])) == 0
    said = capsys.readouterr().out
    assert "licence: Apache-2.0" in said and str(folders / "small.pth") in said
    assert models.run(parser.parse_args(["list"])) == 0
    assert str(folders / "small.pth") in capsys.readouterr().out


def test_a_mirror_stands_for_the_publisher(
    published: Checkpoint, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ART3D_MODELS_URL", f"{address(publisher)}/mirror/")
    elsewhere = replace(published, url="https://publisher.invalid/org/net/resolve/main/small.pth")
    assert pull(elsewhere).read_bytes() == CONTENT
    assert publisher.paths == ["/mirror/org/net/resolve/main/small.pth"]


def test_proxies_of_the_environment_are_used(
    published: Checkpoint, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", address(publisher))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    behind = replace(published, url="http://publisher.invalid/small.pth")
    assert pull(behind).read_bytes() == CONTENT
    assert publisher.paths == ["http://publisher.invalid/small.pth"]
