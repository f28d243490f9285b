"""What the build of the kernels takes from PyPI, what it says when it fails, and the C++ cases of single rows."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from art3d_node.native import build as building
from art3d_node.native.build import HERE, BuildError, build, main, needed_packages

PROJECT = """\
cmake_minimum_required(VERSION 3.15)
project(small LANGUAGES CXX)
add_library(small MODULE small.cpp)
set_target_properties(small PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${ART3D_OUT}" PREFIX "")
file(APPEND "${CMAKE_BINARY_DIR}/configured.txt" "x")
add_executable(native_tests small_tests.cpp)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of one line in place of the kernels, which take minutes to compile."""
    sources = tmp_path / "small" / "art3d_node" / "native"
    sources.mkdir(parents=True)
    (sources / "CMakeLists.txt").write_text(PROJECT)
    (sources / "small.cpp").write_text("int one() { return 1; }\n")
    (sources / "small_tests.cpp").write_text("int main() { return 7; }\n")
    monkeypatch.setattr(building, "HERE", sources)
    return sources


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without tools: nothing on PATH, nothing beside Python."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))


@pytest.mark.parametrize(("ends", "missing"), [(0, set()), (1, {"cmake", "ninja"})])
def test_a_tool_that_does_not_run_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: int, missing: set[str]
) -> None:
    """Such as the script of an environment whose packages pip hides from an isolated build."""
    for name in ("cmake", "ninja"):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {ends}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert {"cmake", "ninja"} & set(needed_packages()) == missing


@pytest.mark.usefixtures("nothing_installed")
def test_a_bare_machine_needs_everything(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build.py", "--needs"])
    assert main() == 0
    assert capsys.readouterr().out.split() == ["nanobind", "cmake", "ninja", "ziglang"]


def test_it_is_built_and_configured_again_only_for_other_options(project: Path) -> None:
    out, folder = project.parent / "out", project.parent / "cmake"
    build(out, folder)
    first = (out / "small.so").stat().st_mtime_ns
    build(out, folder)
    assert (folder / "configured.txt").read_text() == "x" and (out / "small.so").stat().st_mtime_ns == first
    (project / "small.cpp").write_text("int two() { return 2; }\n")
    build(out, folder)
    assert (folder / "configured.txt").read_text() == "x" and (out / "small.so").stat().st_mtime_ns > first
    build(out, folder, coverage=True)
    assert (folder / "configured.txt").read_text() == "xx" and list(folder.rglob("*.gcno"))


def test_the_command_builds_beside_the_sources_and_runs_the_cases(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert main() == 0
    assert (project / "small.so").is_file()
    monkeypatch.setattr(sys, "argv", ["build.py", "--tests"])
    assert main() == 7  # what the cases ended with


def test_zig_builds_what_runs_on_old_systems(project: Path) -> None:
    pytest.importorskip("ziglang")
    out, folder = project.parent / "out", project.parent / "zig"
    build(out, folder, zig=True)
    assert "-linux-gnu.2.28" in (folder / "zig-c++").read_text()
    assert (out / "small.so").read_bytes()[:4] == b"\x7fELF"
    assert "zig-c++" in (folder / "CMakeCache.txt").read_text()


def test_a_fault_of_the_compiler_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "small.cpp").write_text("int one() { return nobody; }\n")
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert main() == 2
    error = capsys.readouterr().err
    assert error.startswith("art3d: ninja failed:") and "nobody" in error


@pytest.mark.usefixtures("project", "nothing_installed")
@pytest.mark.parametrize(("module", "named"), [("nanobind", "nanobind"), ("ziglang", "ziglang"), (None, "cmake")])
def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str | None, named: str
) -> None:
    find = importlib.util.find_spec
    # Everything else is here, whatever this machine has.
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find(name) or find("importlib")
    )
    if module != "nanobind":
        monkeypatch.setattr(building, "_nanobind", lambda: "nanobind")
    with pytest.raises(BuildError, match=f"run: pip install .*{named}"):
        build(tmp_path / "out", tmp_path / "cmake")


def test_every_case_of_a_single_row_holds() -> None:
    """Those of `art3d_node/native/tests`; built in the checkout, so that only what has changed is compiled."""
    folder = HERE.parents[1] / "build" / "native"
    build(HERE, folder, target="native_tests")
    done = subprocess.run([folder / "native_tests"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("holds ") == sum(
        text.read_text().count("\nCASE(") for text in (HERE / "tests").glob("*.cpp")
    )
