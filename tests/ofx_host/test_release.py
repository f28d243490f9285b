"""The bundle of `make ofx-release`: what its binaries need and export, and that the Linux one works."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.conftest import ROOT
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import picture
from tests.ofx_host.scenes import plate

ENTRIES = {"OfxGetNumberOfPlugins", "OfxGetPlugin", "OfxSetHost"}
OLDEST_GLIBC = (2, 28)


@pytest.fixture(scope="session")
def released() -> Path:
    """The released bundle."""
    found = ROOT / "build" / "ofx-release" / "Art3D.ofx.bundle"
    if not found.is_dir():
        pytest.skip("no released bundle: `make ofx-release`")
    return found


def _tool(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _binary(released: Path, folder: str) -> Path:
    found = released / "Contents" / folder / "Art3D.ofx"
    if not found.exists():
        pytest.skip(f"the bundle was built without {folder}")
    return found


def test_linux_needs_an_old_system_only(released: Path) -> None:
    """Nothing above glibc 2.28, no C++ runtime, no library but the C library's own; no other name is exported."""
    binary = str(_binary(released, "Linux-x86-64"))
    table = _tool("objdump", "-T", binary)
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", table)}
    assert versions and max(versions) <= OLDEST_GLIBC
    assert not re.search(r"GLIBCXX|CXXABI|GCC_", table)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", _tool("readelf", "-d", binary))
    assert set(needed) <= {
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "ld-linux-x86-64.so.2",
    }
    assert {line.split()[-1] for line in _tool("nm", "-D", "--defined-only", binary).splitlines()} == ENTRIES


def test_linux_renders(released: Path, fake_server: Server) -> None:
    """The released binary in the test host: a picture, and CURVE is inside."""
    _binary(released, "Linux-x86-64")
    host = Host(released)
    assert host.load() == abi.OK
    node = Node(host, size=(96, 64), knobs={"server": fake_server.address})
    node.connect("Source", picture(plate()), (0, 0, 96, 64))
    assert np.array_equal(node.render((0, 0, 96, 64)), plate() + 5)
    node.destroy()
    assert host.unload() == abi.OK
    assert b"CURVE" in _binary(released, "Linux-x86-64").read_bytes()


def test_windows_exports_and_needs(released: Path) -> None:
    """A 64-bit DLL that exports the entry points and imports what every Windows has."""
    table = _tool("objdump", "-p", str(_binary(released, "Win64")))
    assert "pei-x86-64" in table
    exported = set(re.findall(r"^\s+\[\s*\d+\]\s+(?:\+base\[\s*\d+\]\s+)?(?:[0-9a-f]+\s+)?(\w+)$", table, re.MULTILINE))
    assert exported >= ENTRIES and not any(name.startswith("zmq") for name in exported)
    imported = {name.lower() for name in re.findall(r"DLL Name: (\S+)", table)}
    system = re.compile(r"(kernel32|ws2_32|advapi32|iphlpapi|rpcrt4|user32|ntdll|msvcrt|bcrypt|api-ms-win-crt-.*)\.dll")
    assert imported and all(system.fullmatch(name) for name in imported), imported


def test_macos_is_universal(released: Path) -> None:
    """One file for both processors; each part is a 64-bit Mach-O bundle or library that names the entry points."""
    data = _binary(released, "MacOS").read_bytes()
    magic, count = struct.unpack_from(">2I", data)
    assert (magic, count) == (0xCAFEBABE, 2)
    processors = set()
    for i in range(count):
        kind, _, offset, size, align = struct.unpack_from(">5I", data, 8 + 20 * i)
        assert offset % (1 << align) == 0 and offset + size <= len(data)
        part = data[offset : offset + size]
        thin_magic, thin_kind, _, filetype = struct.unpack_from("<4I", part)
        assert thin_magic == 0xFEEDFACF and thin_kind == kind and filetype in (6, 8)
        assert all(b"_" + name.encode() + b"\0" in part for name in ENTRIES)
        processors.add(kind)
    assert processors == {0x01000007, 0x0100000C}


@pytest.mark.parametrize("processor", ["x86_64", "arm64"])
def test_macos_exports_and_needs(released: Path, processor: str) -> None:
    """Exports the entry points, needs macOS 11 and its own libraries, and is signed where Apple demands it."""
    binary = str(_binary(released, "MacOS"))
    if shutil.which("llvm-objdump") is None:
        pytest.skip("llvm-objdump is missing: apt-get install llvm")

    def told(*options: str) -> str:
        return _tool("llvm-objdump", "--macho", f"--arch={processor}", *options, binary)

    exported = set(re.findall(r"^0x[0-9A-F]+\s+(\S+)", told("--exports-trie"), re.MULTILINE))
    assert exported >= {f"_{name}" for name in ENTRIES}
    # What C++ lets a program replace, new and delete, stays in sight; the libraries inside do not.
    assert all(re.match("__Zn[aw]|__Zd[al]", name) for name in exported - {f"_{name}" for name in ENTRIES}), exported
    needed = set(re.findall(r"^\t(\S+) \(compatibility", told("--dylibs-used"), re.MULTILINE))
    assert needed <= {"/usr/lib/libSystem.B.dylib", "@rpath/Art3D.ofx"}, needed
    commands = told("--private-headers")
    assert "TWOLEVEL" in commands
    assert re.search(r"LC_BUILD_VERSION\s+cmdsize \d+\s+platform macos\s+.*?minos 11\.0", commands, re.DOTALL), commands
    assert processor == "x86_64" or "LC_CODE_SIGNATURE" in commands
