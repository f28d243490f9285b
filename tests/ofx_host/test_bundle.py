"""The binary: what it exports, what it needs, and that its code follows the generated headers."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from host_bridge.codegen import knobs_header as cpp_knobs

RUNTIME = re.compile(r"^(ld-linux-x86-64|lib(c|m|dl|rt|pthread|resolv|stdc\+\+|gcc_s))\.so")


def _tool(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_only_the_entry_points_are_exported(bundle: Path) -> None:
    """Nothing can collide with the host's own libraries."""
    binary = bundle / "Contents" / "Linux-x86-64" / "Art3D.ofx"
    names = {line.split()[-1] for line in _tool("nm", "-D", "--defined-only", str(binary)).splitlines()}
    assert names == {"OfxGetNumberOfPlugins", "OfxGetPlugin", "OfxSetHost"}


def test_libraries_travel_in_the_bundle(bundle: Path) -> None:
    """All but the C and C++ runtimes resolve to the binary's own folder, wherever the bundle is put."""
    folder = bundle / "Contents" / "Linux-x86-64"
    assert "[$ORIGIN]" in next(
        line for line in _tool("readelf", "-d", str(folder / "Art3D.ofx")).splitlines() if "RPATH" in line
    )
    found = [line.split() for line in _tool("ldd", str(folder / "Art3D.ofx")).splitlines() if "=>" in line]
    outside = [words[0] for words in found if not words[2].startswith(str(folder)) and not RUNTIME.match(words[0])]
    assert outside == []
    assert (folder / "libzmq.so.5").exists()


def test_one_more_output_fits_and_is_asked_for(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest list of choices sets the room; one more Output does not compile until the code knows it."""
    longer = [
        replace(knob, choices=(*knob.choices, "interlaced")) if knob.name == "output" else knob
        for knob in cpp_knobs.PLUGIN_KNOBS  # type: ignore[attr-defined]
    ]
    monkeypatch.setattr(cpp_knobs, "PLUGIN_KNOBS", longer)
    (tmp_path / "art3d_knobs.h").write_text(cpp_knobs.header())
    count = next(len(knob.choices) for knob in longer if knob.name == "output")
    room = f"art3d::kMostChoices == {count} && art3d::kKnobs[4].choices[{count - 1}] != nullptr"
    (tmp_path / "check.cpp").write_text(f'#include "art3d_knobs.h"\nstatic_assert({room});\n')
    wrapper = root / "ofx_wrapper"
    command = ["g++", "-std=c++17", "-fsyntax-only", "-DMSGPACK_NO_BOOST", "-I", str(tmp_path)]
    command += [f"-I{wrapper / folder}" for folder in ("include", "generated", "src")]
    subprocess.run([*command, str(tmp_path / "check.cpp")], check=True)
    done = subprocess.run([*command, str(wrapper / "src" / "knobs.cpp")], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "each choice of the Output knob is an Output" in done.stderr


def test_golden_vectors(built: Path, root: Path) -> None:
    """C++ decodes and encodes the golden messages to the same bytes: all kinds that a plug-in says or hears."""
    folder = root / "tests" / "host_bridge" / "wire" / "vectors"
    vectors = sorted(path for path in folder.glob("*.bin") if path.stem != "content_key")
    result = subprocess.run(
        [str(built / "wire_vectors"), *map(str, vectors)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == 16


def test_vectors_tool_can_fail(built: Path, root: Path, tmp_path: Path) -> None:
    """A message in other than canonical bytes is noticed, and so is one cut short."""
    held = (root / "tests" / "host_bridge" / "wire" / "vectors" / "held.bin").read_bytes()
    for name, data in (("short", held[:-1]), ("long", held.replace(b"\xa4kind\xa4held", b"\xa4kind\xd9\x04held"))):
        (tmp_path / name).write_bytes(data)
        result = subprocess.run([str(built / "wire_vectors"), str(tmp_path / name)], capture_output=True, check=False)
        assert result.returncode == 1, name
