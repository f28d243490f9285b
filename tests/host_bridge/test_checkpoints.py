"""Weights that users bring: found, fetched once, continued, checked. The publisher here is a local server."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from host_bridge import checkpoints
from host_bridge.checkpoints import Checkpoint
from host_bridge.commands import models
from host_bridge.errors import BadInputError, OutputError, ServerUnreachableError

CONTENT = bytes(range(256)) * 12_000


class _Publisher(ThreadingHTTPServer):
    content = CONTENT
    stops_after: int | None = None
    ranges = True
    asked: list[str | None]


class _Handler(BaseHTTPRequestHandler):
    server: _Publisher

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        start = int(asked[len("bytes=") : -1]) if asked and self.server.ranges else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body if self.server.stops_after is None else body[: self.server.stops_after])

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def publisher() -> Iterator[_Publisher]:
    server = _Publisher(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def published(publisher: _Publisher) -> Checkpoint:
    return Checkpoint(
        name="small",
        file_name="small.pth",
        size_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="Apache-2.0",
        url=f"http://127.0.0.1:{publisher.server_address[1]}/small.pth",
        about="test weights",
    )


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ART3D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "models"


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


def _config(folder: Path, **backbone: object) -> Path:
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
    said = checkpoints.licence_note(_config(folders / "house", **backbone))
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
    house = _config(folders / "house", hidden_size=384, out_indices=[3, 6, 9, 12])
    (house / "README.md").write_text(card)
    said = checkpoints.licence_note(house)
    assert said.startswith(note) and bool(said) == bool(note)


def test_onnx_files_have_names(folders: Path) -> None:
    folders.mkdir()
    (folders / "house.onnx").touch()
    assert checkpoints.find("house") == checkpoints.find("house.onnx") == folders / "house.onnx"
    assert checkpoints.find("../models/house.onnx") is None


def test_folders_that_can_be_named_are_listed(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = _config(folders / "house", hidden_size=768, out_indices=[3, 6, 9, 12])
    _config(checkpoints.cache_folder() / "house")
    assert checkpoints.model_folders() == [house]
    assert checkpoints.find("house") == house
    models.run(argparse.Namespace(action="list"))
    assert "not for commercial work" in capsys.readouterr().out


def test_a_file_is_pulled_once_and_checked(published: Checkpoint, publisher: _Publisher, folders: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = checkpoints.pull(published, progress=lambda done, total: seen.append((done, total)))
    assert path == folders / "small.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert checkpoints.pull(published) == path
    assert len(publisher.asked) == 1
    assert [p.name for p in folders.iterdir()] == ["small.pth"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_continues(
    ranges: bool, published: Checkpoint, publisher: _Publisher, folders: Path
) -> None:
    publisher.stops_after, publisher.ranges = 1_500_000, ranges
    with pytest.raises(ServerUnreachableError, match="run the same command to continue"):
        checkpoints.pull(published)
    part = (folders / "small.pth.part").stat().st_size
    assert 0 < part < len(CONTENT)
    publisher.stops_after = None
    assert checkpoints.pull(published).read_bytes() == CONTENT
    assert publisher.asked == [None, f"bytes={part}-"]


def test_another_content_is_deleted(published: Checkpoint, publisher: _Publisher, folders: Path) -> None:
    publisher.content = b"x" * len(CONTENT)
    with pytest.raises(BadInputError, match="sha256 is"):
        checkpoints.pull(published)
    assert list(folders.iterdir()) == []


def test_an_endless_answer_is_not_followed(published: Checkpoint, publisher: _Publisher, folders: Path) -> None:
    publisher.content = CONTENT * 20
    with pytest.raises(BadInputError, match="the published file"):
        checkpoints.pull(published)
    assert list(folders.iterdir()) == []


def test_a_damaged_file_in_place_is_said(published: Checkpoint, folders: Path) -> None:
    folders.mkdir()
    (folders / "small.pth").write_bytes(b"short")
    with pytest.raises(BadInputError, match=r"has 5 bytes.*delete it and run `art3d models pull small`"):
        checkpoints.pull(published)


def test_nobody_there(published: Checkpoint, publisher: _Publisher) -> None:
    gone = Checkpoint(**{**published.__dict__, "url": "http://127.0.0.1:1/small.pth"})
    with pytest.raises(ServerUnreachableError, match=r"the download failed.*put it into"):
        checkpoints.pull(gone)


def test_a_folder_that_cannot_be_written(published: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        checkpoints.pull(published, folder=tmp_path / "file")


def test_the_command_says_licence_and_place(
    published: Checkpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folders: Path
) -> None:
    monkeypatch.setattr(checkpoints, "KNOWN", {"small": published})
    parser = argparse.ArgumentParser()
    models.add_arguments(parser)
    assert models.run(parser.parse_args(["list"])) == 0
    assert "not here; `art3d models pull small`" in capsys.readouterr().out
    assert models.run(parser.parse_args(["pull", "small"])) == 0
    said = capsys.readouterr().out
    assert "licence: Apache-2.0" in said and str(folders / "small.pth") in said
    assert models.run(parser.parse_args(["list"])) == 0
    assert str(folders / "small.pth") in capsys.readouterr().out
