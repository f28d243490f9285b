"""CURVE key files: made private, read strictly."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from host_bridge.cli import main
from host_bridge.core.errors import BadInputError
from host_bridge.core.keyring import client_keys, from_environment, load_public, load_secret, make_pair


def test_smoke(tmp_path: Path) -> None:
    public, secret = make_pair(tmp_path / "keys", "farm-07")
    assert load_public(public) == load_secret(secret)[0]
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_pair(tmp_path, "a")
    with pytest.raises(BadInputError, match="another name"):
        make_pair(tmp_path, "a")


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".hidden"])
def test_names_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="not a name"):
        make_pair(tmp_path, name)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    _, secret = make_pair(tmp_path, "a")
    secret.chmod(0o644)
    with pytest.raises(BadInputError, match="chmod 600"):
        load_secret(secret)


def test_a_public_file_is_not_a_secret(tmp_path: Path) -> None:
    public, _ = make_pair(tmp_path, "a")
    with pytest.raises(BadInputError, match="key_secret"):
        load_secret(public)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe\x00"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.key"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="art3d keys"):
        load_public(path)
    with pytest.raises(BadInputError):
        load_public(tmp_path / "missing.key")


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ART3D_KEY", raising=False)
    monkeypatch.delenv("ART3D_SERVER_KEY", raising=False)
    assert from_environment() is None
    server, _ = make_pair(tmp_path, "server")
    _, own = make_pair(tmp_path, "me")
    monkeypatch.setenv("ART3D_KEY", str(own))
    with pytest.raises(BadInputError, match=r"ART3D_KEY is set and .ART3D_SERVER_KEY is not"):
        from_environment()
    monkeypatch.setenv("ART3D_SERVER_KEY", str(server))
    assert from_environment() == client_keys(own, server)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--folder", str(tmp_path)]
    assert main(["keys", "server", *folder]) == 0
    assert main(["keys", "list", *folder]) == 0
    assert "no client" in capsys.readouterr().out
    assert main(["keys", "client", "nuke-1", *folder]) == 0
    assert main(["keys", "allow", str(tmp_path / "nuke-1.key"), *folder]) == 0
    capsys.readouterr()
    assert main(["keys", "list", *folder]) == 0
    assert capsys.readouterr().out.startswith("nuke-1  ")
    assert main(["keys", "allow", str(tmp_path / "none.key"), *folder]) == 2
