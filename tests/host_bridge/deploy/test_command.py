"""`art3d deploy`: what it refuses, the networks it takes along, and what Rez makes of the result."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from host_bridge.cli import main
from host_bridge.deploy.packages import Wheel, closure
from host_bridge.deploy.system_libraries import oldest_glibc

from .proof import REZ, resolve_with_rez


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert main(["deploy", *map(str, words)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    return said


def test_bad_words_are_one_line(tmp_path: Path, wheel: Wheel, capsys: pytest.CaptureFixture[str]) -> None:
    share, other = tmp_path / "s", tmp_path / "x.whl"
    other.write_bytes(b"no zip")
    assert "make wheel" in refused(capsys, share, "--wheel", other)
    assert "choose one of" in refused(capsys, share, "--wheel", wheel.path, "--extra", "fun")
    assert "there is no version 7" in refused(capsys, share, "--use", "7")
    assert "only switches" in refused(capsys, share, "--use", "7", "--as", "8")
    assert "art3d models list" in refused(capsys, share, "--models", "nothing-like-it")
    assert "does not run" in refused(capsys, share, "--wheel", wheel.path, "--python", "/bin/false")
    assert not (share / "packages").exists()


def test_networks_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A transformers folder and an ONNX file by their names; the missing wheel stops what comes after them."""
    here = tmp_path / "models"
    (here / "net").mkdir(parents=True)
    (here / "net" / "config.json").write_text("{}")
    (here / "flat.onnx").write_bytes(b"onnx")
    monkeypatch.setenv("ART3D_MODELS", str(here))
    refused(capsys, tmp_path / "s", "--models", "net", "flat", "--wheel", tmp_path / "none.whl")
    assert (tmp_path / "s/models/net/config.json").read_text() == "{}"
    assert (tmp_path / "s/models/flat.onnx").read_bytes() == b"onnx"


def test_what_is_needed_is_followed_through(wheel: Wheel) -> None:
    names = {package.metadata["Name"].lower() for package in closure(wheel.requires)}
    assert {"torch", "numpy", "sympy", "mpmath", "transformers", "tokenizers"} <= names
    assert "pytest" not in names and "openjd-cli" not in names
    assert "openjd-cli" in {package.metadata["Name"].lower() for package in closure(wheel.requires, ["farm"])}


def test_the_oldest_system_is_the_neediest_part(tmp_path: Path) -> None:
    binary = tmp_path / "b"
    binary.write_bytes(b"\0GLIBC_2.4\0GLIBC_2.31\0GLIBC_2.3.4\0")
    assert oldest_glibc([binary], ["cp311-cp311-manylinux_2_28_x86_64"]) == 31
    assert oldest_glibc([binary], ["cp311-abi3-manylinux_2_34_x86_64"]) == 34
    # A wheel of two tags runs on the older of them.
    assert oldest_glibc([], ["cp39-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64"]) == 17
    assert oldest_glibc([], ["py3-none-any"]) == 17


@pytest.mark.skipif(not REZ.is_file(), reason="no Rez here (make engines)")
def test_rez_resolves_the_package(deployed: Path, tmp_path: Path) -> None:
    said = resolve_with_rez(deployed, tmp_path)
    assert "art3d-0.2.0" in said and "usage: art3d" in said


def test_the_launchers_are_sound_shell(deployed: Path) -> None:
    for path in (deployed / "bin" / "art3d", deployed / "packages/art3d/0.2.0/bin/art3d"):
        assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
        assert "@" not in path.read_text().replace('"$@"', "")
