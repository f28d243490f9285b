"""Weights that users bring: found, fetched once, continued, checked. The publisher here is a local server."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from host_bridge.commands import models
from host_bridge.core.errors import BadInputError, OutputError, ServerUnreachableError
from host_bridge.models import checkpoints
from host_bridge.models.checkpoints import WEIGHTS, Checkpoint, PublishedFolder, verify_recorded
from host_bridge.models.pull import pull, pull_folder

CONTENT = bytes(range(256)) * 12_000


class _Publisher(ThreadingHTTPServer):
    content = CONTENT
    stops_after: int | None = None
    ranges = True
    asked: list[str | None]
    paths: list[str]
    files: dict[str, bytes]


class _Handler(BaseHTTPRequestHandler):
    server: _Publisher

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        self.server.paths.append(self.path)
        start = int(asked[len("bytes=") : -1]) if asked and self.server.ranges else 0
        whole = self.server.files.get(self.path.rpartition("/")[2], self.server.content)
        if start >= len(whole):
            self.send_error(416)
            return
        body = whole[start:]
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
    server.asked, server.paths, server.files = [], [], {}
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
    path = pull(published, progress=lambda done, total: seen.append((done, total)))
    assert path == folders / "small.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert pull(published) == path
    assert len(publisher.asked) == 1
    assert [p.name for p in folders.iterdir()] == ["small.pth"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_continues(
    ranges: bool, published: Checkpoint, publisher: _Publisher, folders: Path
) -> None:
    publisher.stops_after, publisher.ranges = 1_500_000, ranges
    with pytest.raises(ServerUnreachableError, match="run the same command to continue"):
        pull(published)
    part = (folders / "small.pth.part").stat().st_size
    assert 0 < part < len(CONTENT)
    publisher.stops_after = None
    assert pull(published).read_bytes() == CONTENT
    assert publisher.asked == [None, f"bytes={part}-"]


def test_another_content_is_deleted(published: Checkpoint, publisher: _Publisher, folders: Path) -> None:
    publisher.content = b"x" * len(CONTENT)
    with pytest.raises(BadInputError, match="sha256 is"):
        pull(published)
    assert list(folders.iterdir()) == []


def test_an_endless_answer_is_not_followed(published: Checkpoint, publisher: _Publisher, folders: Path) -> None:
    publisher.content = CONTENT * 20
    with pytest.raises(BadInputError, match="the published file"):
        pull(published)
    assert list(folders.iterdir()) == []


def test_a_damaged_file_in_place_is_said(published: Checkpoint, folders: Path) -> None:
    folders.mkdir()
    (folders / "small.pth").write_bytes(b"short")
    with pytest.raises(BadInputError, match=r"has 5 bytes.*delete it and run `art3d models pull small`"):
        pull(published)


def test_nobody_there(published: Checkpoint, publisher: _Publisher) -> None:
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


def _address(publisher: _Publisher) -> str:
    return f"http://127.0.0.1:{publisher.server_address[1]}"


@pytest.fixture
def network(publisher: _Publisher) -> PublishedFolder:
    """A folder whose weights are `CONTENT`."""
    publisher.files = {"config.json": b'{"model_type": "dpt"}', "preprocessor_config.json": b"{}"}
    return PublishedFolder(name="house-net", licence="MIT", url=f"{_address(publisher)}/house/net/", about="a network")


WEIGHTS_SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_folder_is_pulled_by_the_sha256_that_somebody_trusts(network: PublishedFolder, publisher: _Publisher) -> None:
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
def test_a_folder_continues_where_it_stopped(ranges: bool, network: PublishedFolder, publisher: _Publisher) -> None:
    publisher.stops_after, publisher.ranges = 1_500_000, ranges
    with pytest.raises(ServerUnreachableError, match="run the same command to continue"):
        pull_folder(network, sha256=WEIGHTS_SHA256)
    publisher.stops_after = None
    assert (pull_folder(network, sha256=WEIGHTS_SHA256) / WEIGHTS).read_bytes() == CONTENT
    assert publisher.asked == [None, None, None, "bytes=1500000-"]


def test_a_whole_part_is_not_fetched_again(network: PublishedFolder, publisher: _Publisher, folders: Path) -> None:
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


def test_a_configuration_is_small(network: PublishedFolder, publisher: _Publisher) -> None:
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
    network: PublishedFolder, published: Checkpoint, publisher: _Publisher, tmp_path: Path
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


def test_a_mirror_stands_for_the_publisher(
    published: Checkpoint, publisher: _Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ART3D_MODELS_URL", f"{_address(publisher)}/mirror/")
    elsewhere = replace(published, url="https://publisher.invalid/org/net/resolve/main/small.pth")
    assert pull(elsewhere).read_bytes() == CONTENT
    assert publisher.paths == ["/mirror/org/net/resolve/main/small.pth"]


def test_proxies_of_the_environment_are_used(
    published: Checkpoint, publisher: _Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", _address(publisher))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    behind = replace(published, url="http://publisher.invalid/small.pth")
    assert pull(behind).read_bytes() == CONTENT
    assert publisher.paths == ["http://publisher.invalid/small.pth"]


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
